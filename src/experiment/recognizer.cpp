#include "lipsound2/experiment/recognizer.h"

#include <torch/torch.h>

#include "lipsound2/asr/ctc.h"
#include "lipsound2/audio/resample.h"

namespace lipsound2::experiment {

Recognizer::Recognizer(asr::Jasper network,
                       const ExperimentConfig& config,
                       const std::string& device)
    : network_(std::move(network)),
      alphabet_(asr::Alphabet::parse(config.asr.symbols)),
      features_(config.audio, config.asr.features),
      rate_(static_cast<int>(config.audio.sample_rate)),
      frame_seconds_(static_cast<double>(asr::JasperImpl::kStride * config.audio.hop) / rate_),
      device_(device) {}

Tensor Recognizer::log_probs(const audio::Waveform& sound, const std::string& name) {
  const at::NoGradGuard no_grad;
  const Tensor features =
      features_(sound.rate == rate_ ? sound : audio::resample(sound, rate_), name);
  const Tensor lengths = torch::tensor({features.size(0)});
  return network_->forward(features.t().unsqueeze(0).contiguous().to(device_), lengths)
      .log_probs.squeeze(0)
      .cpu()
      .contiguous();
}

std::string Recognizer::greedy_text(const Tensor& log_probs) const {
  return alphabet_.decode(asr::ctc_greedy(log_probs, alphabet_.outputs()));
}

Tensor ctc_loss(const asr::JasperImpl::Output& output,
                const std::vector<std::string>& texts,
                const asr::Alphabet& alphabet) {
  std::vector<std::int64_t> labels, label_counts;
  for (const std::string& text : texts) {
    const auto encoded = alphabet.encode(text, "a training text");
    labels.insert(labels.end(), encoded.begin(), encoded.end());
    label_counts.push_back(std::ssize(encoded));
  }
  const Tensor lengths = output.lengths.contiguous();
  const auto* first = lengths.const_data_ptr<std::int64_t>();
  const std::vector<std::int64_t> frames(first, first + lengths.numel());
  return at::ctc_loss(output.log_probs.transpose(0, 1),
                      torch::tensor(labels).to(output.log_probs.device()),
                      frames,
                      label_counts,
                      alphabet.blank());
}

}  // namespace lipsound2::experiment
