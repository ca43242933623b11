#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "support/program.h"

namespace lipsound2 {
namespace {

namespace fs = std::filesystem;
using support::run_in;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A Mandarin demonstration corpus, prepared once for all tests of this file.
class ProgramMandarin : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = support::fresh_folder("mandarin");
    std::ofstream(folder_ / "sentences.txt") << "把点子变成现实\n来关注中国经济\n推进农业现代化\n"
                                                "实施意见指出\n今天的改革发展\n中国经济现代化\n";
    const auto made =
        run_in(folder_,
               "lipsound2 demo-corpus --language cmn --sentences sentences.txt --speakers 2 "
               "--clips 12 --seed 5 --out corpus && "
               "lipsound2 prepare --corpus cmlr --root corpus --splits official --out prepared");
    ASSERT_EQ(made.code, 0) << made.error;
    prepared_ = made.out + made.error;
  }

  static fs::path folder_;
  static std::string prepared_;
};

fs::path ProgramMandarin::folder_;
std::string ProgramMandarin::prepared_;

constexpr const char* kSmallJasper =
    "--set 'asr.network={repeats: 1, kernels: [3], channels: [8], dropout_percent: [0]}' ";

TEST_F(ProgramMandarin, RunsTheWholeCascade) {
  EXPECT_THAT(prepared_, HasSubstr("prepared 12 clips of 2 speakers"));
  std::ofstream(folder_ / "cascade.yaml")
      << "stages:\n"
         "  - {config: tiny.yaml, set: {train.steps: 2, train.validate_every: 2}}\n"
         "  - {config: asr_small.yaml, set: {asr.alphabet: characters}}\n"
         "  - {config: asr_small.yaml, set: {name: adapted, asr.alphabet: characters, asr.lips: "
         "tiny}}\n";
  const auto trained =
      run_in(folder_,
             std::string("lipsound2 train --config cascade.yaml --set asr_small:train.steps=2 "
                         "--set adapted:train.steps=2 --set train.max_minutes=0 ") +
                 "--set 'asr_small:asr.network={repeats: 1, kernels: [3], channels: [8], "
                 "dropout_percent: [0]}' --set 'adapted:asr.network={repeats: 1, kernels: [3], "
                 "channels: [8], dropout_percent: [0]}'");
  ASSERT_EQ(trained.code, 0) << trained.error;

  const auto scored =
      run_in(folder_,
             "lipsound2 lm --unit character --order 2 --out zh.arpa sentences.txt && "
             "lipsound2 eval --run runs/cascade --asr runs/cascade --lm zh.arpa --metrics cer");
  ASSERT_EQ(scored.code, 0) << scored.error;
  EXPECT_THAT(scored.out, HasSubstr("The same recognizer on natural sound:"));
}

/// Texts that a recognizer has no letters for.
TEST_F(ProgramMandarin, NamesCharactersThatAreNotInTheAlphabetWithTheirCounts) {
  const std::string train = std::string("lipsound2 train --config asr_small.yaml ") + kSmallJasper +
                            "--set train.steps=2 --set train.max_minutes=0 "
                            "--set asr.alphabet=characters --set asr.symbols=";
  const auto refused = run_in(folder_, train + "中国经济现代化 --run runs/few");
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.error,
              AllOf(HasSubstr("the training texts: "),
                    HasSubstr("characters are not in the alphabet of 7 symbols: "),
                    HasSubstr(" times)")));
  EXPECT_FALSE(fs::exists(folder_ / "runs/few/config.yaml"));
}

TEST_F(ProgramMandarin, WarnsOfCharactersThatTheScoredRecognizerCannotWrite) {
  const auto trained =
      run_in(folder_,
             std::string("lipsound2 train --config asr_small.yaml ") + kSmallJasper +
                 "--set train.steps=2 --set train.max_minutes=0 "
                 "--set asr.alphabet=characters --run runs/alone");
  ASSERT_EQ(trained.code, 0) << trained.error;
  const auto scored = run_in(folder_,
                             "sed 's/经济/舌济/' prepared/manifest.jsonl > prepared/other.jsonl && "
                             "lipsound2 eval --run runs/alone --manifest prepared/other.jsonl "
                             "--split train --metrics cer");
  ASSERT_EQ(scored.code, 0) << scored.error;
  EXPECT_THAT(scored.error,
              AllOf(HasSubstr("the texts: 1 characters are not in the alphabet of "),
                    HasSubstr("U+820C '舌' (")));
}

TEST_F(ProgramMandarin, NeedsSentences) {
  const auto refused = run_in(folder_, "lipsound2 demo-corpus --language cmn --out none");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, HasSubstr("expected --sentences FILE with Chinese sentences"));
}

}  // namespace
}  // namespace lipsound2
