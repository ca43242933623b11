#include "lipsound2/vocoder/griffin_lim.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_pinv.h>
#include <ATen/ops/matmul.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

namespace lipsound2::vocoder {

void GriffinLimConfig::visit(config::FieldVisitor& v) {
  v.field("iterations", iterations, "rounds of phase reconstruction", {1, 10000});
  v.field("momentum", momentum, "how far each round overshoots; 0 is plain Griffin-Lim", {0, 2});
}

GriffinLim::GriffinLim(const audio::MelConfig& mel, const GriffinLimConfig& config)
    : mel_(mel),
      config_(config),
      stft_(audio::stft_config(mel)),
      inverse_filters_(at::linalg_pinv(audio::mel_filters(mel).to(at::kDouble))
                           .to(at::kFloat)
                           .t()
                           .contiguous()) {}

Tensor GriffinLim::find_phase(const Tensor& magnitude) const {
  Tensor phase = stft_.impulse_phase();
  Tensor before;
  for (std::int64_t i = 0; i < config_.iterations; ++i) {
    const Tensor consistent = stft_.forward(stft_.inverse(magnitude * phase));
    phase = before.defined() ? (consistent + config_.momentum * (consistent - before)).sgn()
                             : consistent.sgn();
    before = consistent;
  }
  return phase;
}

audio::Waveform GriffinLim::operator()(const Tensor& mel) const {
  TORCH_CHECK(mel.dim() == 2 && mel.size(1) == mel_.bands,
              "GriffinLim: expected [M, ",
              mel_.bands,
              "], got ",
              mel.sizes());
  audio::Waveform sound{{}, static_cast<int>(mel_.sample_rate)};
  if (mel.size(0) == 0)
    return sound;
  const Tensor bands = mel.detach().to(at::kCPU, at::kFloat).exp();
  const Tensor magnitude = at::matmul(bands, inverse_filters_).clamp_min_(0);
  const Tensor samples = stft_.inverse(magnitude * find_phase(magnitude)).contiguous();
  const float* const first = samples.const_data_ptr<float>();
  sound.samples.assign(first, first + samples.numel());
  return sound;
}

std::string GriffinLim::description() const {
  return fmt::format("Griffin-Lim, {} iterations", config_.iterations);
}

}  // namespace lipsound2::vocoder
