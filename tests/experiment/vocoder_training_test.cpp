#include <algorithm>
#include <numeric>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/sound_clips.h"
#include "lipsound2/experiment/training.h"
#include "lipsound2/train/checkpoint.h"

#include "sound_segments.h"
#include "support/error_text.h"
#include "support/test_speech.h"
#include "tiny_runs.h"

namespace lipsound2::experiment {
namespace {

using lipsound2::testing::error_text;
using ::testing::HasSubstr;

/// A few seconds of made speech as files, and a config of four updates on them.
class SpeechFiles {
 public:
  SpeechFiles() {
    make_folder(runs_.path() / "speech/wavs");
    for (int i = 0; i < 3; ++i)
      audio::write_wav(runs_.path() / "speech/wavs" / fmt::format("{}.wav", i),
                       make_test_speech({.rate = i == 0 ? 22050 : 16000,
                                         .seconds = 1.5,
                                         .pitch = 1 + 0.1 * i,
                                         .seed = static_cast<std::uint64_t>(i + 1)}));
  }

  ExperimentConfig config(const std::vector<config::Override>& overrides = {}) const {
    const std::string file =
        runs_.file("voice.yaml",
                   "task: vocoder\n"
                   "data: {batch_size: 2}\n"
                   "vocoder:\n"
                   "  network: {group: 16, flows: 2, channels: 8, layers: 2, mel_path: linear,\n"
                   "            mel_channels: 8, mixing: whitening}\n"
                   "  segment_frames: 30\n"
                   "train: {steps: 4, learning_rate: 1.0e-3, warmup_steps: 0, validate_every: 2,\n"
                   "        save_every: 2}\n");
    auto config = load_config(file, overrides);
    config.vocoder.sounds = (runs_.path() / "speech").string();
    return config;
  }
  train::RunFolder run(const std::string& name) const { return {runs_.path() / name}; }

 private:
  TinyRuns runs_;
};

TEST(VocoderTraining, LeavesARunWhoseVocoderMakesSound) {
  const SpeechFiles files;
  const auto run = files.run("voice");

  EXPECT_EQ(run_training(files.config(), run, Start::kNew), train::TrainOutcome::kFinished);

  const ExperimentConfig config = files.config();
  const auto sound = make_vocoder(run.path.string(), config)->vocode(torch::zeros({40, 80}) - 4, 0);
  EXPECT_EQ(sound.samples.size(), 40U * 160);
  EXPECT_THAT(read_file(run.events()), HasSubstr("\"score.nll\""));
}

TEST(VocoderTraining, GivesTheSameWeightsTwice) {
  const SpeechFiles files;
  for (const char* name : {"first", "second"})
    run_training(files.config(), files.run(name), Start::kNew);

  const auto first = train::load_tensors(files.run("first").last()).tensors;
  const auto second = train::load_tensors(files.run("second").last()).tensors;

  ASSERT_EQ(first.size(), second.size());
  for (const auto& [name, tensor] : first)
    EXPECT_TRUE(torch::equal(tensor, second.at(name))) << name;
}

TEST(VocoderTraining, RefusesMelsOfOtherSettingsAndShowsBoth) {
  const SpeechFiles files;
  const auto run = files.run("voice");
  run_training(files.config(), run, Start::kNew);
  ExperimentConfig other = files.config();
  other.audio.hop = 200;

  try {
    make_vocoder(run.path.string(), other);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
    EXPECT_THAT(error.what(), HasSubstr("hop: 200"));
    EXPECT_THAT(error.what(), HasSubstr("hop: 160"));
  }
}

/// Writes a mel of so many frames for each of the three files.
std::string write_mel_files(const SpeechFiles& files, std::int64_t frames) {
  const auto folder = files.run("mels").path;
  make_folder(folder / "wavs");
  for (const char* id : {"wavs/0", "wavs/1", "wavs/2"})
    train::save_tensors(folder / (std::string(id) + ".safetensors"),
                        {{{"mel", torch::full({frames, 80}, -4.0)}}, {{"audio", "hop: 160"}}});
  return folder.string();
}

TEST(VocoderTraining, TakesStoredMelsForThoseOfTheSounds) {
  const SpeechFiles files;
  ExperimentConfig config = files.config();
  config.vocoder.mels = write_mel_files(files, 150);
  SoundSegments segments(
      sound_clips(config, "train"), config, {.batch_size = config.data.batch_size});
  segments.start(0);

  const auto batch = segments.next();

  ASSERT_TRUE(batch);
  EXPECT_TRUE(torch::equal(batch->mel, torch::full({2, 30, 80}, -4.0)));
  EXPECT_EQ(run_training(config, files.run("tuned"), Start::kNew), train::TrainOutcome::kFinished);
}

TEST(VocoderTraining, NamesStoredMelsThatAreMissingOrOfAnotherLength) {
  const SpeechFiles files;
  ExperimentConfig config = files.config();
  config.vocoder.mels = write_mel_files(files, 149);
  const auto complaint = [&] {
    return error_text([&] { run_training(config, files.run("tuned"), Start::kNew); });
  };

  EXPECT_THAT(complaint(), HasSubstr(".safetensors: expected 150 frames, as the sound of wavs/"));
  for (const char* id : {"0", "1", "2"})
    std::filesystem::remove(config.vocoder.mels + "/wavs/" + id + ".safetensors");
  EXPECT_THAT(complaint(),
              HasSubstr("vocoder.mels: 2 of 2 clips have no mel there, the first is "));
}

TEST(VocoderTraining, RefusesACheckpointOfAnotherTask) {
  const SpeechFiles files;
  const auto run = files.run("voice");
  run_training(files.config(), run, Start::kNew);

  try {
    load_network(run.path.string());
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("expected a checkpoint of task lip2mel, found one of vocoder"));
  }
}

TEST(SoundSegments, GivesEveryClipOncePerEpochAndTheSameAfterARestart) {
  const SpeechFiles files;
  const ExperimentConfig config = files.config({"data.batch_size=1"});
  SoundSegments segments(
      sound_clips(config, "train"), config, {.batch_size = config.data.batch_size});
  SoundSegments restarted(
      sound_clips(config, "train"), config, {.batch_size = config.data.batch_size});

  segments.start(3);
  const auto first = segments.next();
  const auto second = segments.next();
  restarted.start(3, 1);
  const auto again = restarted.next();

  ASSERT_TRUE(first && second && again);
  EXPECT_FALSE(segments.next());
  EXPECT_EQ(segments.batches(3), 2);
  EXPECT_NE(first->ids, second->ids);
  EXPECT_EQ(second->ids, again->ids);
  EXPECT_EQ(second->samples, again->samples);
  EXPECT_EQ(second->samples.front().size(), 30U * 160);
  EXPECT_EQ(second->mel.sizes(), (std::vector<std::int64_t>{1, 30, 80}));
}

double energy(const std::vector<float>& samples) {
  return std::inner_product(samples.begin(), samples.end(), samples.begin(), 0.0);
}

TEST(SoundSegments, VariedOnesHaveTheMelsOfWhatTheyBecame) {
  const SpeechFiles files;
  const ExperimentConfig config = files.config(
      {"vocoder.vary.any_sample=true", "vocoder.vary.gain_db=6", "vocoder.vary.speed=0.2"});
  SoundSegments segments(
      sound_clips(config, "train"), config, {.batch_size = config.data.batch_size});
  SoundSegments again(sound_clips(config, "train"), config, {.batch_size = config.data.batch_size});
  const audio::MelSpectrogram mel(config.audio);
  std::vector<double> energies;

  for (const std::int64_t epoch : {0, 1, 2}) {
    segments.start(epoch);
    again.start(epoch);
    const auto batch = segments.next();
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->samples, again.next()->samples);
    ASSERT_EQ(batch->mel.sizes(), (std::vector<std::int64_t>{2, 30, 80}));
    for (const std::int64_t b : {0, 1}) {
      ASSERT_EQ(batch->samples[b].size(), 30U * 160);
      energies.push_back(energy(batch->samples[b]));
      // The middle frames depend on nothing beyond the segment.
      EXPECT_LT(
          (mel(batch->samples[b]) - batch->mel[b]).narrow(0, 4, 22).abs().max().item<double>(),
          1e-4);
    }
  }

  const auto [softest, loudest] = std::ranges::minmax(energies);
  EXPECT_GT(loudest / softest, 1.5);
}

TEST(SoundSegments, ThatBeginAtAnySampleAreCutFromTheClipAsItIs) {
  const SpeechFiles files;
  const ExperimentConfig config = files.config({"vocoder.vary.any_sample=true"});
  const std::vector<SoundClip> clips = sound_clips(config, "train");
  SoundSegments segments(clips, config, {.batch_size = config.data.batch_size});
  segments.start(0);
  const auto batch = segments.next();
  ASSERT_TRUE(batch);

  std::vector<std::ptrdiff_t> offsets;
  for (std::size_t b = 0; b < batch->ids.size(); ++b) {
    const auto clip = std::ranges::find(clips, batch->ids[b], &SoundClip::id);
    const std::vector<float> whole = SoundClipReader(config).read(*clip).sound.samples;
    const auto found = std::ranges::search(whole, batch->samples[b]).begin();
    ASSERT_NE(found, whole.end());
    offsets.push_back((found - whole.begin()) % 160);
  }

  EXPECT_THAT(offsets, ::testing::Contains(::testing::Ne(0)));
}

TEST(SoundSegments, NamesAClipThatIsTooShort) {
  const SpeechFiles files;
  const ExperimentConfig config = files.config({"vocoder.segment_frames=1000"});
  SoundSegments segments(
      sound_clips(config, "train"), config, {.batch_size = config.data.batch_size});
  segments.start(0);

  try {
    segments.next();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("has 150 mel frames, fewer than vocoder.segment_frames, which is 1000"));
  }
}

}  // namespace
}  // namespace lipsound2::experiment
