#include "lipsound2/experiment/lip2mel_task.h"

#include <algorithm>
#include <numeric>

#include <torch/torch.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/random.h"
#include "lipsound2/data/clip_list.h"
#include "lipsound2/data/shard_sequence.h"
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

// The same where shards should be read from front to back: all clips of some of them.
std::vector<data::ManifestEntry> sample_of_shards(const data::ClipList& clips, std::size_t count) {
  const auto place = [&](std::size_t position) {
    const data::ClipPlace found = clips.place(position);
    return std::pair(hash(clips.shard(found.shard)), found.offset);
  };
  std::vector<std::size_t> positions(clips.size());
  std::iota(positions.begin(), positions.end(), std::size_t{0});
  std::ranges::sort(positions, {}, place);
  positions.resize(std::min(count, positions.size()));
  return clips.at(positions).entries();
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
  Evaluation evaluation;
  evaluation.manifest = manifest_;
  evaluation.clips = validation_clips(manifest_, config_);
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

std::vector<data::ManifestEntry> validation_clips(const fs::path& manifest,
                                                  const ExperimentConfig& config) {
  return stable_sample(data::ClipList::read(manifest).split("valid", manifest),
                       static_cast<std::size_t>(config.eval.validation_clips));
}

audio::MelStats measure_mels(const fs::path& manifest, const ExperimentConfig& config) {
  const auto clips = data::ClipList::read(manifest).split("train", manifest);
  const audio::MelSpectrogram mel(config.audio);
  audio::MelStatsCounter counter(config.audio.bands);
  data::read_in_sequence(manifest.parent_path(),
                         config.data.shards,
                         config.data.shards.empty() ? stable_sample(clips, kMeasuredClips)
                                                    : sample_of_shards(clips, kMeasuredClips),
                         [&](const data::ManifestEntry& entry, const data::StoredClip& clip) {
                           counter.add(mel(audio::decode_sound(clip.flac, entry.id).samples));
                         });
  return counter.stats();
}

}  // namespace lipsound2::experiment
