#include "lipsound2/experiment/synthesizer.h"

#include <torch/torch.h>

namespace lipsound2::experiment {
namespace {

constexpr std::int64_t kVocoderPiece = 1000;   // mel frames
constexpr std::int64_t kVocoderOverlap = 100;  // mel frames shared by neighboring pieces

// Weights 0 < w < 1 of the newer side of a cross-fade, shaped [count, 1].
Tensor fade_in(std::int64_t count) {
  return torch::arange(1, count + 1)
      .to(torch::kFloat32)
      .div(static_cast<double>(count + 1))
      .unsqueeze(1);
}

// Appends `next` to `joined`, both [N, C], cross-fading the rows they share.
Tensor cross_fade(const Tensor& joined, const Tensor& next, std::int64_t shared) {
  if (!joined.defined() || shared == 0)
    return joined.defined() ? torch::cat({joined, next}) : next;
  const std::int64_t kept = joined.size(0) - shared;
  const Tensor weight = fade_in(shared);
  const Tensor middle = joined.slice(0, kept) * (1 - weight) + next.slice(0, 0, shared) * weight;
  return torch::cat({joined.slice(0, 0, kept), middle, next.slice(0, shared)});
}

Tensor to_column(const audio::Waveform& sound) {
  return torch::tensor(c10::ArrayRef<float>(sound.samples)).unsqueeze(1);
}

}  // namespace

Synthesizer::Synthesizer(lip2mel::Lip2Mel network,
                         const ExperimentConfig& config,
                         const std::string& device)
    : network_(std::move(network)),
      device_(device),
      mels_per_picture_(config.lip2mel.mel_frames_per_picture),
      vocoder_(config.audio, config.eval.griffin_lim) {}

std::vector<GeneratedMel> Synthesizer::mels(const data::Batch& batch) {
  const torch::NoGradGuard no_grad;
  const auto output = network_->generate(batch.faces.to(device_), batch.face_lengths);
  const Tensor mel = network_->denormalize(output.mel).to(torch::kCPU, torch::kFloat32);
  const Tensor weights = output.weights.to(torch::kCPU);
  std::vector<GeneratedMel> results;
  for (std::int64_t b = 0; b < mel.size(0); ++b) {
    const auto pictures = batch.face_lengths[b].item<std::int64_t>();
    const std::int64_t steps =
        (pictures * weights.size(1) + batch.faces.size(2) - 1) / batch.faces.size(2);
    results.push_back({mel[b].slice(0, 0, pictures * mels_per_picture_).clone(),
                       weights[b].slice(0, 0, steps).slice(1, 0, pictures).clone()});
  }
  return results;
}

audio::Waveform Synthesizer::sound(const Tensor& mel) const {
  if (mel.size(0) <= kVocoderPiece)
    return vocoder_(mel);
  Tensor joined;
  audio::Waveform result;
  std::int64_t shared = 0;
  for (std::int64_t first = 0; first + shared < mel.size(0);
       first += kVocoderPiece - kVocoderOverlap) {
    const Tensor piece = mel.slice(0, first, std::min(first + kVocoderPiece, mel.size(0)));
    const audio::Waveform sound = vocoder_(piece);
    const std::int64_t hop = static_cast<std::int64_t>(sound.samples.size()) / piece.size(0);
    joined = cross_fade(joined, to_column(sound), shared * hop);
    result.rate = sound.rate;
    shared = kVocoderOverlap;
  }
  joined = joined.contiguous();
  result.samples.assign(joined.data_ptr<float>(), joined.data_ptr<float>() + joined.numel());
  return result;
}

WindowedSynthesis::WindowedSynthesis(Synthesizer& synthesizer, const ExperimentConfig& config)
    : synthesizer_(synthesizer),
      window_(static_cast<std::size_t>(config.eval.window_pictures)),
      overlap_(static_cast<std::size_t>(config.eval.overlap_pictures)),
      mels_per_picture_(config.lip2mel.mel_frames_per_picture) {}

void WindowedSynthesis::add(const Tensor& picture) {
  pictures_.push_back(picture);
  if (pictures_.size() == window_)
    synthesize_window();
}

void WindowedSynthesis::synthesize_window() {
  data::Batch batch;
  batch.faces = torch::stack(pictures_, 1).unsqueeze(0);
  batch.face_lengths = torch::tensor({static_cast<std::int64_t>(pictures_.size())});
  const Tensor mel = synthesizer_.mels(batch).front().mel;
  mel_ = cross_fade(mel_, mel, static_cast<std::int64_t>(shared_) * mels_per_picture_);
  shared_ = std::min(overlap_, pictures_.size());
  pictures_.erase(pictures_.begin(), pictures_.end() - static_cast<std::ptrdiff_t>(shared_));
}

Tensor WindowedSynthesis::finish() {
  if (pictures_.size() > shared_)
    synthesize_window();
  return mel_;
}

}  // namespace lipsound2::experiment
