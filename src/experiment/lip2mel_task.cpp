#include "lipsound2/experiment/lip2mel_task.h"

#include <algorithm>

#include <torch/torch.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/random.h"
#include "lipsound2/data/clip_list.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/experiment/evaluation.h"
#include "lipsound2/experiment/figure.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

constexpr std::size_t kSampledClips = 2;  // whose pictures and sounds are kept at every validation
constexpr std::size_t kMeasuredClips = 2000;  // enough for two digits more than matter

// At most `count` of the entries, chosen by the hash of their ids: the same ones in every run.
std::vector<data::ManifestEntry> stable_sample(const data::ClipList& clips, std::size_t count) {
  if (clips.size() <= count)
    return clips.entries();
  std::vector<std::pair<std::uint64_t, std::size_t>> by_hash(clips.size());
  for (std::size_t i = 0; i < clips.size(); ++i)
    by_hash[i] = {hash(clips.id(i)), i};
  std::sort(by_hash.begin(), by_hash.end());
  std::vector<data::ManifestEntry> sample;
  for (std::size_t i = 0; i < count; ++i)
    sample.push_back(clips[by_hash[i].second]);
  return sample;
}

}  // namespace

Lip2MelTask::Lip2MelTask(lip2mel::Lip2Mel network,
                         const ExperimentConfig& config,
                         const fs::path& manifest,
                         const std::string& device)
    : network_(std::move(network)), config_(config), manifest_(manifest), device_(device) {}

train::Losses Lip2MelTask::losses(const data::Batch& batch, double progress) {
  const torch::Device device(device_);
  const double share =
      config_.feedback.share * std::min(1.0, progress / std::max(config_.feedback.ramp, 1e-9));
  const auto feed = torch::rand({1}).item<double>() < share ? lip2mel::DecoderFeed::kOwnOutput
                                                            : lip2mel::DecoderFeed::kTruth;
  const Tensor target = network_->normalize(batch.mel.to(device));
  const auto output = network_->forward(batch.faces.to(device), batch.face_lengths, target, feed);
  const auto loss = network_->losses(output, batch.face_lengths, target, progress);
  return {loss.total,
          {{"l1_before", loss.l1_before},
           {"l1", loss.l1_after},
           {"mse_before", loss.mse_before},
           {"mse", loss.mse_after},
           {"guide", loss.guide}}};
}

std::map<std::string, double> Lip2MelTask::validate(const fs::path& samples) {
  const auto valid = data::ClipList::read(manifest_).split("valid", manifest_);
  Evaluation evaluation;
  evaluation.manifest = manifest_;
  evaluation.clips = stable_sample(valid, static_cast<std::size_t>(config_.eval.validation_clips));
  evaluation.metrics = {"stoi", "estoi"};
  const auto vocoder =
      std::make_shared<vocoder::GriffinLim>(config_.audio, config_.eval.griffin_lim);
  Synthesizer synthesizer(network_, config_, device_, vocoder);
  std::size_t kept = 0;
  const torch::Device device(device_);
  double difference = 0;
  const auto table = evaluate(synthesizer, config_, evaluation, [&](const EvaluatedClip& clip) {
    const std::int64_t shared = std::min(clip.reference_mel.size(0), clip.generated.mel.size(0));
    const auto standardized = [&](const Tensor& mel) {
      return network_->normalize(mel.slice(0, 0, shared).to(device));
    };
    difference += (standardized(clip.reference_mel) - standardized(clip.generated.mel))
                      .abs()
                      .mean()
                      .item<double>();
    if (kept++ >= kSampledClips)
      return;
    const std::string stem = file_stem(clip.entry.id);
    write_figures(figure_files(samples, stem),
                  {clip.reference_mel, clip.generated.mel, clip.generated.weights});
    audio::write_wav(samples / (stem + ".wav"), clip.sound);
  });
  std::map<std::string, double> scores = {
      {"mel_l1", difference / static_cast<double>(table.clips.size())}};
  for (const std::string& metric : evaluation.metrics)
    scores[metric] = eval::summarize(table, metric).mean;
  return scores;
}

audio::MelStats measure_mels(const fs::path& manifest, const ExperimentConfig& config) {
  const auto clips =
      stable_sample(data::ClipList::read(manifest).split("train", manifest), kMeasuredClips);
  const audio::MelSpectrogram mel(config.audio);
  audio::MelStatsCounter counter(config.audio.bands);
  for (const data::ManifestEntry& entry : clips)
    counter.add(mel(data::read_clip_sound(manifest.parent_path(), entry).samples));
  return counter.stats();
}

}  // namespace lipsound2::experiment
