#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lipsound2/asr/alphabet.h"
#include "lipsound2/audio/waveform.h"
#include "lipsound2/data/manifest.h"
#include "lipsound2/experiment/experiment_config.h"

namespace lipsound2::experiment {

/// A clip whose sound and text a recognizer learns from or is scored on.
struct SpeechClip {
  std::filesystem::path folder;  ///< of its manifest
  data::ManifestEntry entry;
  std::string text;  ///< that of the entry, by eval::normalize_text()
};

/// The clips of one split of config.data.manifest; to "train" those of asr.more_manifests are
/// added. Throws kData when there are none, or when some have no text.
std::vector<SpeechClip> speech_clips(const ExperimentConfig& config, const std::string& split);

/// The sound of a clip, at this rate. Throws kIo or kData, naming the clip.
audio::Waveform read_speech(const SpeechClip& clip, std::int64_t rate);

/// The config with asr.symbols filled in: as it says itself, else those of the run it starts from,
/// else what asr.alphabet asks for, if need be of the training texts.
ExperimentConfig with_symbols(ExperimentConfig config);

/// Throws kData for clips whose text has letters outside of the alphabet (each with its count), or
/// too many letters for the frames that the network gives at the highest speed.
void check_speech(const std::vector<SpeechClip>& clips, const ExperimentConfig& config);

/// The letters of the texts that are outside of the alphabet, in words, each with its count;
/// empty if there are none.
std::string describe_unknown_letters(const std::vector<SpeechClip>& clips,
                                     const ExperimentConfig& config);

}  // namespace lipsound2::experiment
