#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lipsound2/audio/mel.h"
#include "lipsound2/config/field_visitor.h"
#include "lipsound2/data/loader.h"
#include "lipsound2/experiment/asr_config.h"
#include "lipsound2/experiment/vocoder_config.h"
#include "lipsound2/lip2mel/lip2mel.h"
#include "lipsound2/train/trainer.h"
#include "lipsound2/vocoder/griffin_lim.h"

namespace lipsound2::experiment {

/// Of every prepared corpus.
inline constexpr std::int64_t kPicturesPerSecond = 25;

struct DataConfig {
  std::string manifest;  ///< empty: the one prepared corpus in or below the current folder
  data::FaceInputConfig faces;
  data::AugmentConfig augment;
  std::int64_t batch_size = 16;
  std::int64_t max_frames = 0;
  std::int64_t threads = 1;
  std::string shards;  ///< empty: beside the manifest
  data::Access access = data::Access::kAuto;
  std::int64_t buffer = 2048;

  void visit(config::FieldVisitor& v);
};

/// How often the decoder is fed its own output while it trains: in a share of the batches that
/// grows from 0 to `share` over the first `ramp` of the training. Without it the decoder leans on
/// its own past instead of the lips.
struct FeedbackConfig {
  double share = 0.9;
  double ramp = 0.33;

  void visit(config::FieldVisitor& v);
};

struct EvalConfig {
  vocoder::GriffinLimConfig griffin_lim;
  std::int64_t validation_clips = 20;
  std::int64_t batch_size = 8;
  std::int64_t draws = 4;              ///< decodings with other dropout whose mean is taken
  std::int64_t window_pictures = 250;  ///< longer videos are synthesized in overlapping windows
  std::int64_t overlap_pictures = 25;

  void visit(config::FieldVisitor& v);
};

/// One stage of training: what a YAML file describes and a run folder keeps.
struct ExperimentConfig {
  std::string name;              ///< default: the file's name
  std::string task = "lip2mel";  ///< or "vocoder", "asr"
  std::string from;  ///< run or checkpoint whose weights training starts from; empty: from scratch
  bool skip_mismatched = false;  ///< loads around weights of `from` that do not fit, with a warning
  std::int64_t seed = 1;
  std::string device = "auto";
  std::int64_t threads = 0;  ///< of the tensor library; 0: all cores
  audio::MelConfig audio;
  DataConfig data;
  lip2mel::Lip2MelConfig lip2mel;
  FeedbackConfig feedback;
  VocoderConfig vocoder;
  AsrConfig asr;
  train::TrainConfig train;
  EvalConfig eval;

  void visit(config::FieldVisitor& v);
};

/// The loader of this config's training batches, or of clips as they are listed (no shuffling,
/// center crops).
data::LoaderConfig training_loader(const ExperimentConfig& config);
data::LoaderConfig listing_loader(const ExperimentConfig& config);

/// Applies `device` and `threads`: "cpu" or "cuda". Throws kConfig when a CUDA device is asked for
/// and there is none.
std::string choose_device(const ExperimentConfig& config);

}  // namespace lipsound2::experiment
