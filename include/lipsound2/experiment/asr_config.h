#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lipsound2/asr/jasper.h"
#include "lipsound2/asr/speech_features.h"
#include "lipsound2/config/field_visitor.h"

namespace lipsound2::experiment {

/// What a recognizer writes: space, a to z and the apostrophe, or every character of the training
/// texts.
enum class AlphabetKind { kEnglish, kCharacters };

/// A recognizer and how it is trained.
struct AsrConfig {
  asr::JasperConfig network;
  AlphabetKind alphabet = AlphabetKind::kEnglish;
  std::string symbols;  ///< empty: what `alphabet` says; a run stores them
  asr::SpeechFeaturesConfig features;
  double dither = 1e-5;                               ///< deviation of the noise added in training
  std::vector<std::int64_t> speeds = {90, 100, 110};  ///< percent, one drawn per clip and epoch
  asr::SpecAugmentConfig augment;
  std::string lips;  ///< lip2mel run or stage that makes the sound it trains on; empty: the natural
  std::vector<std::string> more_manifests = {};  ///< whose training clips are added

  void visit(config::FieldVisitor& v);
};

}  // namespace lipsound2::experiment
