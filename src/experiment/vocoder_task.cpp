#include "lipsound2/experiment/vocoder_task.h"

#include <algorithm>

#include <torch/torch.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/eval/score_table.h"
#include "lipsound2/eval/sound_metrics.h"
#include "lipsound2/experiment/figure.h"

#include "clip_sample.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

constexpr std::size_t kKeptSounds = 2;       // that are written at every validation
constexpr std::size_t kWhitenedClips = 100;  // enough for a covariance of a few hundred samples

Tensor as_row(const std::vector<float>& samples) {
  return torch::tensor(c10::ArrayRef<float>(samples)).unsqueeze(0);
}

}  // namespace

void SegmentVariation::visit(config::FieldVisitor& v) {
  v.field("any_sample", any_sample, "segments begin at any sample, not at a hop of the clip");
  v.field("gain_db", gain_db, "segments are louder or softer by up to so many dB", {0, 40});
  v.field("speed",
          speed,
          "segments are played faster or slower, and so higher or lower, by up to this part",
          {0, 0.5});
}

void VocoderConfig::visit(config::FieldVisitor& v) {
  v.group("network", network, "WaveGlow");
  v.group("sound", sound, "how sound is made");
  v.field("segment_frames", segment_frames, "mel frames of a training segment", {1, 100000});
  v.field(
      "train_sigma", train_sigma, "deviation of the noise that the likelihood assumes", {0.01, 10});
  v.field("train_noise",
          train_noise,
          "deviation of noise that is added to the training samples, of which full scale is 1",
          {0, 1});
  v.group("vary", vary, "changes of the training segments");
  v.field("sounds", sounds, "folder of sound files to train on; empty: the clips of data.manifest");
  v.field("mels",
          mels,
          "folder of <id>.safetensors with mels to fine-tune on; empty: mels of the sounds");
  v.check(mels.empty() || vary.none(), "mels", "cannot be given with vary, which changes mels");
}

VocoderTask::VocoderTask(vocoder::WaveGlow network,
                         const ExperimentConfig& config,
                         const std::string& device)
    : network_(std::move(network)),
      config_(config),
      device_(device),
      reader_(config),
      valid_(
          sample_of(sound_clips(config, "valid"), config.eval.validation_clips, &SoundClip::id)) {}

train::Losses VocoderTask::losses(const data::Batch& batch, double /*progress*/) {
  std::vector<Tensor> samples;
  for (const std::vector<float>& clip : batch.samples)
    samples.push_back(as_row(clip));
  Tensor sounds = torch::cat(samples).to(device_);
  if (config_.vocoder.train_noise > 0)
    sounds += config_.vocoder.train_noise * torch::randn_like(sounds);
  const auto output = network_->forward(batch.mel.to(device_), sounds);
  const Tensor nll = output.negative_log_likelihood(config_.vocoder.train_sigma);
  const auto count = static_cast<double>(output.latents.numel());
  return {nll,
          {{"nll", nll},
           {"log_scale", output.log_scale / count},
           {"log_determinant", output.log_determinant / count}}};
}

std::map<std::string, double> VocoderTask::validate(const fs::path& samples) {
  const vocoder::WaveGlowVocoder vocoder(network_, config_.audio, config_.vocoder.sound, device_);
  eval::ScoreTable table = eval::empty_table({"stoi", "estoi"});
  double nll = 0;
  for (const SoundClip& clip : valid_) {
    const SoundWithMel truth = reader_.read(clip);
    nll +=
        network_
            ->forward(truth.mel.unsqueeze(0).to(device_), as_row(truth.sound.samples).to(device_))
            .negative_log_likelihood(config_.vocoder.train_sigma)
            .item<double>();
    const audio::Waveform copy = vocoder.vocode(truth.mel, /*first_frame=*/0);
    if (table.clips.size() < kKeptSounds)
      audio::write_wav(samples / (file_stem(clip.id) + ".wav"), copy);
    table.clips.push_back(eval::score_sounds(clip.id, truth.sound, copy, {"stoi", "estoi"}));
  }
  return {{"nll", nll / static_cast<double>(valid_.size())},
          {"stoi", eval::summarize(table, "stoi").mean},
          {"estoi", eval::summarize(table, "estoi").mean}};
}

void whiten_by_sounds(vocoder::WaveGlow& network,
                      const std::vector<SoundClip>& clips,
                      const ExperimentConfig& config) {
  if (config.vocoder.network.mixing != vocoder::Mixing::kWhitening)
    return;
  const SoundClipReader reader(config);
  std::vector<Tensor> groups;
  for (std::size_t i = 0; i < std::min(clips.size(), kWhitenedClips); ++i)
    groups.push_back(
        as_row(reader.read(clips[i * clips.size() / std::min(clips.size(), kWhitenedClips)])
                   .sound.samples)
            .view({-1, config.vocoder.network.group}));
  network->whiten(torch::cat(groups));
}

}  // namespace lipsound2::experiment
