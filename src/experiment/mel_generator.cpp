#include "lipsound2/experiment/mel_generator.h"

#include <utility>

#include <torch/torch.h>

namespace lipsound2::experiment {

MelGenerator::MelGenerator(lip2mel::Lip2Mel network,
                           const ExperimentConfig& config,
                           const std::string& device)
    : network_(std::move(network)),
      device_(device),
      mels_per_picture_(config.lip2mel.mel_frames_per_picture),
      ensemble_{.draws = config.eval.draws, .mirrored = config.data.augment.flip > 0} {}

std::vector<GeneratedMel> MelGenerator::generate(const data::Batch& batch) {
  const torch::NoGradGuard no_grad;
  return cut(network_->generate(batch.faces.to(device_), batch.face_lengths, ensemble_), batch);
}

std::vector<GeneratedMel> MelGenerator::teacher_forced(const data::Batch& batch) {
  const torch::NoGradGuard no_grad;
  const Tensor target = network_->normalize(batch.mel.to(device_));
  std::vector<Tensor> views = {batch.faces.to(device_)};
  if (ensemble_.mirrored)
    views.push_back(views.front().flip(4));
  std::vector<Tensor> mels, weights;
  for (std::int64_t draw = 0; draw < ensemble_.draws; ++draw) {
    torch::manual_seed(static_cast<std::uint64_t>(draw));
    for (const Tensor& faces : views) {
      const auto output =
          network_->forward(faces, batch.face_lengths, target, lip2mel::DecoderFeed::kTruth);
      mels.push_back(output.mel);
      weights.push_back(output.weights);
    }
  }
  lip2mel::Lip2MelOutput mean;
  mean.mel = torch::stack(mels).mean(0);
  mean.weights = torch::stack(weights).mean(0);
  return cut(mean, batch);
}

std::vector<GeneratedMel> MelGenerator::cut(const lip2mel::Lip2MelOutput& output,
                                            const data::Batch& batch) const {
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

}  // namespace lipsound2::experiment
