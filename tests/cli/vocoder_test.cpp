#include <array>
#include <bit>
#include <limits>

#include <gmock/gmock.h>

#include "lipsound2/audio/sound_file.h"

#include "support/program.h"
#include "support/test_speech.h"

namespace lipsound2 {
namespace {

namespace fs = std::filesystem;
using support::run_in;
using support::until;
using ::testing::HasSubstr;

constexpr const char* kVoice =
    "task: vocoder\n"
    "data: {batch_size: 2}\n"
    "vocoder:\n"
    "  network: {group: 16, flows: 2, channels: 8, layers: 2, mel_path: linear,\n"
    "            mel_channels: 8, mixing: whitening}\n"
    "  segment_frames: 30\n"
    "  train_noise: 0.001\n"
    "train: {steps: 60, learning_rate: 1.0e-3, warmup_steps: 0, validate_every: 20,\n"
    "        save_every: 3, log_every: 1}\n";

/// A folder of made speech, and a run of a tiny vocoder that was trained on it.
class ProgramVocoder : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = support::fresh_folder("vocoder");
    fs::create_directories(folder_ / "speech");
    for (int i = 0; i < 5; ++i)
      audio::write_wav(folder_ / "speech" / (std::to_string(i) + ".wav"),
                       make_test_speech({.seconds = 1 + 0.2 * i,
                                         .pitch = 1 + 0.1 * i,
                                         .seed = static_cast<std::uint64_t>(i + 1)}));
    write_file(folder_ / "voice.yaml", kVoice);
    const auto trained = run("lipsound2 train --config voice.yaml --run runs/voice " + kSounds);
    ASSERT_EQ(trained.code, 0) << trained.error;
  }

  static support::Outcome run(const std::string& command) { return run_in(folder_, command); }
  static std::string checkpoint(const std::string& run) {
    return read_file(folder_ / "runs" / run / "checkpoints/last.safetensors");
  }

  static inline const std::string kSounds = "--set vocoder.sounds=speech";
  static fs::path folder_;
};

fs::path ProgramVocoder::folder_;

TEST_F(ProgramVocoder, StoppedAndKilledGoesOnBitForBit) {
  const std::string command = "train --config voice.yaml --run runs/parts " + kSounds;

  EXPECT_EQ(run(until(command, "runs/parts", 7, "TERM")).code, 130);
  for (const int steps : {2, 11})
    EXPECT_EQ(run(until(command + " --resume", "runs/parts", steps, "KILL")).code, 137);
  const auto finished = run("lipsound2 " + command + " --resume");

  ASSERT_EQ(finished.code, 0) << finished.error;
  EXPECT_EQ(checkpoint("parts"), checkpoint("voice"));
}

TEST_F(ProgramVocoder, FinetunesFromTheLatestOfItsSizes) {
  const std::string sets = kSounds + " --set train.steps=2 ";
  ASSERT_EQ(run("lipsound2 train --config voice.yaml --run runs/fits " + sets +
                "&& lipsound2 train --config voice.yaml --run runs/other " + sets +
                "--set vocoder.network.channels=12")
                .code,
            0);

  const auto tuned = run("lipsound2 finetune --config voice.yaml --run runs/tuned " + sets);

  ASSERT_EQ(tuned.code, 0) << tuned.error;
  EXPECT_THAT(read_file(folder_ / "runs/tuned/log.txt"),
              HasSubstr("starting from the weights of runs/fits/checkpoints/best.safetensors"));
  EXPECT_NE(checkpoint("tuned"), checkpoint("voice"));
  const auto wider =
      run("lipsound2 finetune --config voice.yaml --from runs/other --run runs/no " + sets);
  EXPECT_EQ(wider.code, 3);
  EXPECT_THAT(wider.error, HasSubstr("mismatched: model.WN.0."));
}

TEST_F(ProgramVocoder, TrainsOnTheTeacherForcedMelsOfALip2MelRun) {
  const auto made =
      run("lipsound2 demo-corpus --out corpus --clips 8 --speakers 1 --seed 3 && "
          "mkdir splits && (cd corpus && ls s1/*.mpg | sed 's/.mpg//') > all && "
          "head -n 2 all > splits/valid.txt && tail -n 2 all > splits/test.txt && "
          "sed -n 3,6p all > splits/train.txt && "
          "lipsound2 prepare --corpus grid --root corpus --splits splits --out prepared && "
          "lipsound2 train --config tiny.yaml --run runs/lips --set train.steps=2");
  ASSERT_EQ(made.code, 0) << made.error;

  const auto written =
      run("lipsound2 synthesize --run runs/lips --teacher-forced --mels mels --json mels.json");
  ASSERT_EQ(written.code, 0) << written.error;
  const auto tuned =
      run("lipsound2 finetune --config voice.yaml --from runs/voice --run runs/forced --set "
          "train.steps=2 --set vocoder.mels=mels --set data.manifest=prepared/manifest.jsonl");

  EXPECT_EQ(written.out, "mels: 6 mels\n");
  EXPECT_THAT(read_file(folder_ / "mels.json"), HasSubstr("\"clips\": 6"));
  EXPECT_EQ(tuned.code, 0) << tuned.error;
  const auto voiced = run("lipsound2 vocode mels/s1/*.safetensors --run runs/forced --out voiced");
  EXPECT_EQ(voiced.code, 0) << voiced.error;
  const auto lacking =
      run("rm mels/s1/$(sed -n 4p all | sed 's/s1.//').safetensors && lipsound2 finetune --config "
          "voice.yaml --from runs/voice --run runs/lacking --set vocoder.mels=mels --set "
          "data.manifest=prepared/manifest.jsonl");
  EXPECT_EQ(lacking.code, 3);
  EXPECT_THAT(lacking.error, HasSubstr("vocoder.mels: 1 of 4 clips have no mel there"));
  EXPECT_EQ(run("lipsound2 synthesize --mels mels --out spoken").code, 2);
  EXPECT_EQ(run("lipsound2 synthesize --teacher-forced --out spoken x.mpg").code, 2);
  EXPECT_EQ(run("lipsound2 synthesize --run runs/lips").code, 2);
}

/// A mel all of one value, as another program may write it.
std::string stored_mel(std::uint32_t frames, std::uint32_t bands, float value, int hop) {
  const std::uint32_t bytes = frames * bands * sizeof(float);
  std::string header = "{\"__metadata__\":{\"audio\":\"hop: " + std::to_string(hop) +
                       "\"},\"mel\":{\"dtype\":\"F32\",\"shape\":[" + std::to_string(frames) + "," +
                       std::to_string(bands) + "],\"data_offsets\":[0," + std::to_string(bytes) +
                       "]}}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const auto length = std::bit_cast<std::array<char, 8>>(std::uint64_t{header.size()});
  const auto word = std::bit_cast<std::array<char, 4>>(value);
  std::string file = std::string(length.begin(), length.end()) + header;
  for (std::uint32_t i = 0; i < frames * bands; ++i)
    file.append(word.begin(), word.end());
  return file;
}

struct BadMel {
  std::string bytes;
  int code;
  const char* complaint;
};

TEST_F(ProgramVocoder, NamesMelsThatItCannotMakeSoundOf) {
  write_file(folder_ / "good.safetensors", stored_mel(20, 80, -5, 160));
  EXPECT_EQ(run("lipsound2 vocode good.safetensors --run runs/voice --out voiced").code, 0);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const BadMel& bad :
       {BadMel{stored_mel(20, 80, nan, 160), 3, "holds NaN or infinite values in 20 of 20 frames"},
        BadMel{stored_mel(0, 80, 0, 160), 3, "the mel has no frames"},
        BadMel{stored_mel(20, 64, -5, 160), 3, "expected a mel of 80 bands"},
        BadMel{stored_mel(20, 80, -5, 200), 2, "hop: 200"},
        BadMel{"no tensors", 3, "bad.safetensors"}}) {
    write_file(folder_ / "bad.safetensors", bad.bytes);
    for (const char* name : {"runs/voice", "griffin-lim"}) {
      const auto outcome =
          run(std::string("lipsound2 vocode bad.safetensors --out voiced --run ") + name);
      EXPECT_EQ(outcome.code, bad.code) << outcome.error;
      EXPECT_THAT(outcome.error,
                  ::testing::AllOf(HasSubstr("bad.safetensors"), HasSubstr(bad.complaint)));
      EXPECT_FALSE(fs::exists(folder_ / "voiced/bad.wav"));
    }
  }
}

TEST_F(ProgramVocoder, RefusesASigmaForGriffinLimAndResultsOverSources) {
  const auto sigma =
      run("lipsound2 vocode speech/0.wav --run griffin-lim --sigma 0.5 --out voiced");
  EXPECT_EQ(sigma.code, 2);
  EXPECT_THAT(sigma.error, HasSubstr("it has neither sigma nor mel steps"));
  const auto over = run("lipsound2 vocode speech/0.wav --run runs/voice --out speech");
  EXPECT_EQ(over.code, 2);
  EXPECT_THAT(over.error, HasSubstr("speech/0.wav: --out would overwrite this file"));
}

}  // namespace
}  // namespace lipsound2
