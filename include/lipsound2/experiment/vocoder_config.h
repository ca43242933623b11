#pragma once

#include <cstdint>
#include <string>

#include "lipsound2/config/field_visitor.h"
#include "lipsound2/vocoder/waveglow.h"
#include "lipsound2/vocoder/waveglow_vocoder.h"

namespace lipsound2::experiment {

/// What makes each segment differ from what was heard before. Mels are then those of the changed
/// sound.
struct SegmentVariation {
  bool any_sample = false;  ///< begin at any sample, not at a hop of the clip
  double gain_db = 0;       ///< louder or softer by up to so much
  double speed = 0;         ///< faster or slower, and higher or lower, by up to this part

  bool none() const { return !any_sample && gain_db == 0 && speed == 0; }
  void visit(config::FieldVisitor& v);
};

/// A vocoder, how it is trained and how it makes sound.
struct VocoderConfig {
  vocoder::WaveGlowConfig network;
  vocoder::WaveGlowSoundConfig sound;
  std::int64_t segment_frames = 50;  ///< of the clips, at random places
  double train_sigma = 1;            ///< deviation that the likelihood assumes
  double train_noise = 0;            ///< deviation of noise that is added to the samples
  SegmentVariation vary;
  std::string sounds;  ///< folder of sound files to train on; empty: the clips of the manifest
  std::string mels;    ///< folder of <id>.safetensors to fine-tune on; empty: mels of the sounds

  void visit(config::FieldVisitor& v);
};

}  // namespace lipsound2::experiment
