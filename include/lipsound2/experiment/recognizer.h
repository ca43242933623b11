#pragma once

#include <string>

#include <c10/core/Device.h>

#include "lipsound2/asr/alphabet.h"
#include "lipsound2/asr/jasper.h"
#include "lipsound2/asr/speech_features.h"
#include "lipsound2/audio/waveform.h"
#include "lipsound2/experiment/experiment_config.h"

namespace lipsound2::experiment {

/// Sound to log-probabilities of letters, by a network in eval mode. Deterministic. One thread at a
/// time.
class Recognizer {
 public:
  /// config.asr.symbols must be filled in, as a run's config has them.
  Recognizer(asr::Jasper network, const ExperimentConfig& config, const std::string& device);

  /// Sound of any rate -> [T, alphabet().outputs()] on the CPU. Throws kData, with `name`, for a
  /// sound shorter than a hop.
  Tensor log_probs(const audio::Waveform& sound, const std::string& name);
  /// The text of the likeliest letter of every frame.
  std::string greedy_text(const Tensor& log_probs) const;

  const asr::Alphabet& alphabet() const { return alphabet_; }
  /// Between two frames of log_probs().
  double frame_seconds() const { return frame_seconds_; }

 private:
  asr::Jasper network_;
  asr::Alphabet alphabet_;
  asr::SpeechFeatures features_;
  int rate_;
  double frame_seconds_;
  c10::Device device_;
};

/// The mean over clips of the CTC loss per letter (nats): log_probs [B, T, outputs], lengths [B]
/// int64 on the CPU, a text per clip that fits into them.
Tensor ctc_loss(const asr::JasperImpl::Output& output,
                const std::vector<std::string>& texts,
                const asr::Alphabet& alphabet);

}  // namespace lipsound2::experiment
