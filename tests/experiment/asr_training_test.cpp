#include <gmock/gmock.h>
#include <torch/torch.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/experiment/chain.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/recognizer.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/speech_clips.h"
#include "lipsound2/experiment/training.h"
#include "lipsound2/train/checkpoint.h"

#include "speech_batches.h"
#include "support/error_text.h"
#include "tiny_runs.h"

namespace lipsound2::experiment {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// The toy corpus with texts of its own, and a config of a tiny recognizer: clips 0 to 2 train, 3
/// validates.
class SpokenRuns {
 public:
  explicit SpokenRuns(const std::vector<std::string>& texts) {
    const auto manifest = runs_ / "corpus/manifest.jsonl";
    std::string lines;
    std::size_t clip = 0;
    for (data::ManifestEntry& entry : data::read_manifest(manifest)) {
      entry.text = texts.at(clip++ % texts.size());
      lines += to_json_line(entry) + "\n";
    }
    write_file(manifest, lines);
    runs_.file(
        "asr.yaml",
        "task: asr\n"
        "audio: {fft: 512, window: 320, bands: 64}\n"
        "data: {batch_size: 2, manifest: " +
            manifest.string() +
            "}\n"
            "asr:\n"
            "  network: {repeats: 1, kernels: [5], channels: [32], dropout_percent: [0],\n"
            "            prologue_channels: 32, prologue_dropout_percent: 0,\n"
            "            epilogue_kernel: 5, epilogue_channels: 32, last_channels: 64,\n"
            "            epilogue_dropout_percent: 0}\n"
            "train: {steps: 4, optimizer: novograd, decay: polynomial, warmup_steps: 0,\n"
            "        learning_rate: 0.02, clip_norm: 0, validate_every: 2, save_every: 2}\n");
  }

  ExperimentConfig config(const std::vector<config::Override>& overrides = {}) const {
    return load_config((runs_ / "asr.yaml").string(), overrides);
  }
  train::RunFolder run(const std::string& name) const { return {runs_ / name}; }
  const TinyRuns& folder() const { return runs_; }

 private:
  TinyRuns runs_;
};

TEST(AsrTrainingLearns, ToWriteTheTextsOfItsClips) {
  const SpokenRuns runs({"bin blue", "set white", "lay red"});
  const auto config = runs.config({"train.steps=600",
                                   "train.validate_every=600",
                                   "train.save_every=600",
                                   "train.ema=0.9",
                                   "asr.speeds=[100]",
                                   "asr.augment={band_masks: 0, time_masks: 0}"});
  run_training(config, runs.run("run"), Start::kNew);

  const TrainedRecognizer trained = load_recognizer(runs.run("run").path.string());
  Recognizer recognizer(trained.network, trained.config, trained.device);
  std::vector<std::string> heard;
  for (const SpeechClip& clip : speech_clips(trained.config, "train"))
    heard.push_back(
        recognizer.greedy_text(recognizer.log_probs(read_speech(clip, 16000), clip.entry.id)));

  EXPECT_THAT(heard, ElementsAre("bin blue", "set white", "lay red"));
}

TEST(AsrTraining, GoesOnAsIfItHadNotStopped) {
  const SpokenRuns runs({"bin blue", "set white"});
  const std::string constant = "train.final_learning_rate=0.02";  // whatever the length
  run_training(runs.config({constant}), runs.run("whole"), Start::kNew);
  run_training(runs.config({constant, "train.steps=2"}), runs.run("parts"), Start::kNew);
  run_training(runs.config({constant}), runs.run("parts"), Start::kResume);

  const auto whole = train::load_tensors(runs.run("whole").last()).tensors;
  const auto parts = train::load_tensors(runs.run("parts").last()).tensors;
  ASSERT_EQ(whole.size(), parts.size());
  for (const auto& [name, tensor] : whole)
    EXPECT_TRUE(torch::equal(tensor, parts.at(name))) << name;
}

TEST(AsrTraining, StoresTheCharactersOfTheTrainingTextsAndKeepsThemInFineTuning) {
  const SpokenRuns runs({"早上 好", "大家好。"});
  const auto run = runs.run("first");
  run_training(runs.config({"asr.alphabet=characters"}), run, Start::kNew);

  const std::string symbols = load_recognizer(run.path.string()).config.asr.symbols;
  EXPECT_EQ(asr::Alphabet::parse(symbols).size(), 5);  // the mark is no letter
  EXPECT_EQ(asr::Alphabet::parse(symbols).unit(), asr::TextUnit::kCharacter);

  auto more = runs.config({"asr.alphabet=characters", "train.steps=6"});
  run_training(more, run, Start::kResume);
  more.from = run.path.string();
  EXPECT_EQ(with_symbols(more).asr.symbols, symbols);
}

TEST(AsrTraining, NamesLettersOutsideOfTheAlphabetWithTheirCounts) {
  const SpokenRuns runs({"bin 22", "set 1", "café"});
  const std::string complaint = lipsound2::testing::error_text(
      [&] { run_training(runs.config(), runs.run("run"), Start::kNew); });

  EXPECT_THAT(complaint, HasSubstr("the training texts"));
  EXPECT_THAT(complaint, HasSubstr("U+0032 '2' (2 times)"));
  EXPECT_THAT(complaint, HasSubstr("U+00E9 'é' (once)"));
  EXPECT_FALSE(std::filesystem::exists(runs.run("run").config()));
}

/// As in CMLR, whose validation and test texts have characters that its training texts have not.
TEST(AsrTraining, CountsUnknownLettersOfValidationTextsAsErrors) {
  const SpokenRuns runs({"bin", "set", "lay", "bin 22"});
  run_training(runs.config(), runs.run("run"), Start::kNew);

  const std::string log = read_file(runs.run("run").path / "log.txt");
  EXPECT_THAT(log, HasSubstr("the validation texts: 1 characters are not in the alphabet of 28"));
  EXPECT_THAT(log, HasSubstr("U+0032 '2' (2 times)"));
  EXPECT_THAT(read_file(runs.run("run").events()), AllOf(HasSubstr("cer"), Not(HasSubstr("nan"))));
}

TEST(AsrTraining, RefusesClipsWithoutTextAndThoseTooShortForTheirs) {
  const SpokenRuns untold({"bin blue", "..."});
  EXPECT_THAT(lipsound2::testing::error_text([&] { check_start(untold.config()); }),
              HasSubstr("expected a text for every clip, found none for 1 of 3 clips (toy/clip1)"));

  const SpokenRuns crowded({"bin", std::string(46, 'e')});  // 46 + 45 blanks in 46 frames
  EXPECT_THAT(lipsound2::testing::error_text(
                  [&] { run_training(crowded.config(), crowded.run("run"), Start::kNew); }),
              HasSubstr("too many letters for their length: 1 of 3 clips (toy/clip1)"));
}

TEST(AsrTraining, AddsTheTrainingClipsOfMoreManifests) {
  const SpokenRuns runs({"bin"}), other({"set"});
  ExperimentConfig config = runs.config();
  config.asr.more_manifests = {other.config().data.manifest};

  const auto clips = speech_clips(config, "train");

  ASSERT_EQ(clips.size(), 6U);
  EXPECT_EQ(clips.front().text, "bin");
  EXPECT_EQ(clips.back().text, "set");
  EXPECT_EQ(speech_clips(config, "valid").size(), 1U);
}

TEST(AsrTraining, InAChainStartsFromTheLastStageOfItsTask) {
  const SpokenRuns runs({"bin blue", "set white"});
  const std::string lip2mel = runs.folder().config("reader.yaml");
  const std::string file = runs.folder().file(
      "chain.yaml",
      "stages:\n  - asr.yaml\n  - reader.yaml\n  - {config: asr.yaml, set: {name: adapted}}\n");

  const auto chain = load_chain(file, {});

  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->stages[1].after, "");
  EXPECT_EQ(chain->stages[2].after, "1-asr");
}

TEST(AsrTraining, InAChainHearsTheSpeechThatAnEarlierStageMakes) {
  const SpokenRuns runs({"bin blue", "set white"});
  runs.folder().config("reader.yaml");
  const std::string file = runs.folder().file(
      "chain.yaml",
      "stages:\n  - reader.yaml\n  - asr.yaml\n"
      "  - {config: asr.yaml, set: {name: adapted, asr.lips: reader, train.steps: 2}}\n");
  const auto folder = runs.folder() / "run";

  run_chain(load_chain(file, {}).value(), folder, Start::kNew);
  run_chain(load_chain(file, {"adapted:train.steps=3"}).value(), folder, Start::kResume);

  const auto natural = data::read_manifest(runs.config().data.manifest);
  const auto generated = data::read_manifest(folder / "3-adapted/generated/manifest.jsonl");
  ASSERT_EQ(generated.size(), 4U);  // the test clip is not there
  EXPECT_EQ(generated[0].text, natural[0].text);
  EXPECT_THAT(generated[0].note, HasSubstr("1-reader/checkpoints/best.safetensors"));
  const auto adapted = load_recognizer((folder / "3-adapted").string()).config;
  EXPECT_EQ(adapted.data.manifest, runs.config().data.manifest);  // eval scores natural sound
  const auto heard = read_speech(speech_clips(adapted, "train").front(), 16000);
  EXPECT_NE(audio::decode_sound(data::read_clip(folder / "3-adapted/generated", generated[0]).flac,
                                "generated")
                .samples,
            heard.samples);
}

TEST(SpeechBatches, GiveEveryClipOncePerEpochAndTheSameAfterARestart) {
  const SpokenRuns runs({"bin blue", "set white"});
  const ExperimentConfig config = with_symbols(runs.config());
  SpeechBatches batches(
      speech_clips(config, "train"), config, {.batch_size = config.data.batch_size});
  SpeechBatches restarted(
      speech_clips(config, "train"), config, {.batch_size = config.data.batch_size});

  batches.start(3);
  const auto first = batches.next();
  const auto second = batches.next();
  restarted.start(3, 1);
  const auto again = restarted.next();

  ASSERT_TRUE(first && second && again);
  EXPECT_FALSE(batches.next());
  EXPECT_EQ(batches.batches(3), 2);
  EXPECT_EQ(first->ids.size() + second->ids.size(), 3U);
  EXPECT_EQ(second->ids, again->ids);
  EXPECT_TRUE(torch::equal(second->mel, again->mel));
  EXPECT_EQ(first->mel_lengths.max().item<std::int64_t>(), first->mel.size(1));
}

}  // namespace
}  // namespace lipsound2::experiment
