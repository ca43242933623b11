#include <cstdint>

#include <gmock/gmock.h>

#include "support/program.h"

namespace lipsound2 {
namespace {

namespace fs = std::filesystem;
using support::run_in;
using ::testing::HasSubstr;

/// A small model of two sentences, and log-probabilities of three frames in a file that another
/// program could have written: in the first the letter b is a little likelier than a.
class ProgramLanguageModel : public ::testing::Test {
 protected:
  ProgramLanguageModel() : folder_(support::fresh_folder("language-model")) {
    write_file(folder_ / "text.txt", "a b\na c\na b\n");
    write_file(folder_ / "letters.txt", " abc");
    write_file(folder_ / "frames.safetensors", frames());
  }

  void expect_refused(const std::string& command, int code, const std::string& message) const {
    const auto outcome = run_in(folder_, command);
    EXPECT_EQ(outcome.code, code) << command;
    EXPECT_THAT(outcome.error, HasSubstr(message)) << command;
  }

  // One tensor "clip" [3, 5] of natural logarithms: columns space, a, b, c, blank.
  static std::string frames() {
    const float rows[3][5] = {
        {-9, -0.77F, -0.67F, -9, -4}, {-0.01F, -9, -9, -9, -5}, {-9, -9, -0.01F, -9, -5}};
    std::string header = R"({"clip":{"dtype":"F32","shape":[3,5],"data_offsets":[0,60]}})";
    header.append((8 - header.size() % 8) % 8, ' ');
    const std::uint64_t size = header.size();
    std::string bytes(reinterpret_cast<const char*>(&size), sizeof size);
    bytes += header;
    bytes.append(reinterpret_cast<const char*>(rows), sizeof rows);
    return bytes;
  }

  fs::path folder_;
};

TEST_F(ProgramLanguageModel, ChangesWhatIsDecoded) {
  const auto built =
      run_in(folder_, "lipsound2 lm text.txt --order 2 --out model.arpa --test text.txt");
  ASSERT_EQ(built.code, 0) << built.error;
  EXPECT_THAT(read_file(folder_ / "model.arpa"), HasSubstr("ngram 2="));

  const std::string decode = "lipsound2 decode frames.safetensors --alphabet letters.txt ";
  EXPECT_EQ(run_in(folder_, decode + "--greedy").out, "clip\tb b\n");
  EXPECT_EQ(run_in(folder_, decode + "--alpha 0 --lm model.arpa").out, "clip\tb b\n");
  EXPECT_EQ(run_in(folder_, decode + "--alpha 2 --lm model.arpa").out, "clip\ta b\n");
}

TEST_F(ProgramLanguageModel, RefusesWhatDoesNotFit) {
  expect_refused(
      "lipsound2 decode frames.safetensors",
      3,
      "frames.safetensors, clip: expected log-probabilities of 28 symbols and the blank");
  ASSERT_EQ(run_in(folder_, "lipsound2 lm text.txt --order 2 --out model.arpa").code, 0);
  expect_refused(
      "head -c 60 model.arpa > cut.arpa; "
      "lipsound2 decode frames.safetensors --alphabet letters.txt --lm cut.arpa",
      3,
      "cut.arpa");
  expect_refused("lipsound2 lm none.txt --out x.arpa", 4, "none.txt");
  expect_refused("lipsound2 decode frames.safetensors --lm none.arpa", 4, "none.arpa");
}

}  // namespace
}  // namespace lipsound2
