#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "support/misheard_texts.h"
#include "support/program.h"

namespace lipsound2 {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ProgramTextScores : public ::testing::Test {
 protected:
  ProgramTextScores() : folder_(support::fresh_folder("text-scores")) {}

  void write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((folder_ / name).parent_path());
    write_file(folder_ / name, bytes);
  }

  support::Outcome score(const std::string& arguments) const {
    return support::run_in(folder_, "lipsound2 score " + arguments);
  }

  // Expects the exit code and the text on stderr.
  void expect_refused(const std::string& arguments, int code, const std::string& message) const {
    const auto outcome = score(arguments);
    EXPECT_EQ(outcome.code, code) << arguments;
    EXPECT_THAT(outcome.error, HasSubstr(message)) << arguments;
    EXPECT_EQ(outcome.out, "") << arguments;
  }

  nlohmann::json read_json(const std::string& name) const {
    return nlohmann::json::parse(read_file(folder_ / name));
  }

  fs::path folder_;
};

// Counts as jiwer 4.0.0 has them: one substitution, one deletion in 8 words.
constexpr const char* kExpectedRow =
    "wer               25.00 %      [25.00 %, 25.00 %]         8            1        1         0";

TEST_F(ProgramTextScores, TakeEveryFormat) {
  write("ref/a.txt", "Bin blue at f.\n");
  write("ref/b.txt", "two now please again\n");
  write("text", "a Bin blue at f.\nb two now please again\n");
  write("ref.tsv", "a\tBin blue at f.\nb\ttwo now please again\n");
  write("ref.trn", "Bin blue at f. (a)\ntwo now please again (b)\n");
  write("hyp", "b two now again\na bin glue at f\n");

  for (const char* reference : {"ref", "text", "ref.tsv", "ref.trn"}) {
    const auto outcome =
        score(std::string("--degraded hyp --metrics wer --reference ") + reference);
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_THAT(outcome.out,
                AllOf(HasSubstr(": read as 2 texts with ids, a to b\n"),
                      HasSubstr(kExpectedRow),
                      HasSubstr("punctuation separates words")))
        << reference;
  }
}

TEST_F(ProgramTextScores, TakeTwoSingleTexts) {
  write("said.txt", "今天天气很好。\n");
  write("heard.txt", "今天天汽很好吗\n");

  const auto outcome =
      score("--reference said.txt --degraded heard.txt --metrics cer --json s.json");

  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, HasSubstr("said.txt: read as one text without id\n"));
  const auto scores = read_json("s.json");
  EXPECT_EQ(scores["clips"][0]["id"], "heard");
  EXPECT_EQ(scores["metrics"]["cer"]["errors"],
            nlohmann::json::parse(
                R"({"units": 6, "hits": 5, "substitutions": 1, "deletions": 0, "insertions": 1})"));
}

// The counts of jiwer 4.0.0 and sclite 2.10 over all of the clips, as printed by
// scripts/reference/make_text_errors_reference.py.
TEST_F(ProgramTextScores, AgreeWithJiwerAndSclite) {
  std::string reference;
  std::string hypothesis;
  int number = 0;
  for (const auto& clip : support::misheard_texts()) {
    const std::string id = "s-" + std::to_string(number++);
    reference += clip.reference + " (" + id + ")\n";
    hypothesis += id + " " + clip.hypothesis + "\n";
  }
  write("ref.trn", reference);
  write("hyp", hypothesis);

  const auto outcome = score(
      "--reference ref.trn --degraded hyp --metrics wer,cer,wer-mean,wer-sclite,cer-sclite "
      "--json s.json");

  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto metrics = read_json("s.json")["metrics"];
  const auto expect_errors = [&](const char* metric, const std::vector<int>& counts) {
    const auto& errors = metrics[metric]["errors"];
    EXPECT_EQ(
        (std::vector<int>{
            errors["hits"], errors["substitutions"], errors["deletions"], errors["insertions"]}),
        counts)
        << metric;
  };
  expect_errors("wer", {11531, 4141, 5356, 5134});
  expect_errors("cer", {42054, 9398, 18230, 17739});
  expect_errors("wer-sclite", {11822, 3549, 5657, 5435});
  expect_errors("cer-sclite", {42646, 8088, 18948, 18457});
  EXPECT_NEAR(metrics["wer"]["mean"].get<double>(), 0.695786570287, 1e-11);
  EXPECT_NEAR(metrics["cer"]["mean"].get<double>(), 0.651057661950, 1e-11);
  EXPECT_NEAR(metrics["wer-mean"]["mean"].get<double>(), 0.938070315522, 1e-11);
  EXPECT_EQ(metrics["wer"]["scored"], 3000);
  EXPECT_EQ(metrics["wer-mean"]["scored"], 2804);
}

TEST_F(ProgramTextScores, CountEmptyTextsAndSaySo) {
  write("ref", "a bin blue\nb\n");
  write("hyp", "a\nb at f\n");

  const auto outcome = score("--reference ref --degraded hyp --metrics wer --csv s.csv");

  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("200.00 %"), HasSubstr("note: b: empty reference")));
  EXPECT_THAT(read_file(folder_ / "s.csv"),
              AllOf(HasSubstr("a,,1,2,0,2,0,,\r\n"), HasSubstr("b,,,0,0,0,2,,empty reference")));
}

TEST_F(ProgramTextScores, ShowAlignmentsOfClipsWithErrors) {
  write("ref", "a bin blue at\nb two now\n");
  write("hyp", "a bin at\nb two now\n");

  const auto outcome = score("--reference ref --degraded hyp --metrics wer --show-alignments");

  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, HasSubstr("a wer\nREF:  bin blue at\nHYP:  bin **** at\nEVAL:     D\n"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("two now")));
}

TEST_F(ProgramTextScores, NameClipsOfOneSideOnly) {
  write("ref", "a bin\nb blue\n");
  write("hyp.trn", "bin (a)\nat (c)\n");
  write("hyp2", "d bin\n");

  expect_refused("--reference ref --degraded hyp.trn --metrics wer",
                 3,
                 "(--allow-unpaired scores the others):\n  ref:2: b\n  hyp.trn:2: c");
  const auto outcome = score("--reference ref --degraded hyp.trn --metrics wer --allow-unpaired");
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("unpaired, not scored: ref:2: b"),
                    HasSubstr("unpaired, not scored: hyp.trn:2: c")));
  expect_refused("--reference ref --degraded hyp2 --metrics wer --allow-unpaired",
                 3,
                 "ref and hyp2 have no clip of the same id");
}

TEST_F(ProgramTextScores, RefuseBadInputWithFileAndLine) {
  write("ref", "a bin\n");
  write("latin1", "a d\xE9j\xE0\n");
  write("twice", "a bin\na blue\n");
  write("empty", "");
  const auto expect_bad = [&](const std::string& file, int code, const std::string& message) {
    expect_refused("--reference ref --metrics wer --degraded " + file, code, message);
  };

  expect_bad("latin1", 3, "latin1:1: expected UTF-8, found byte 0x6A at byte 4");
  expect_bad("twice", 3, "twice:2: the id a stands in twice:1 already");
  expect_bad("empty", 3, "empty: expected a clip in a line, with id and text; found none");
  expect_bad("none", 4, "none: no such file or folder");
  expect_bad(".", 3, ".: holds no .txt file");
}

TEST_F(ProgramTextScores, AreNotMixedWithThoseOfSounds) {
  write("ref", "a bin\n");

  expect_refused("--reference ref --degraded ref --metrics wer,stoi",
                 2,
                 "--metrics wer,stoi: sounds and texts cannot be scored in one call");
  expect_refused("--reference ref --degraded ref --metrics wre",
                 2,
                 "'wre' is not a known metric; expected some of stoi, estoi");
  expect_refused("--reference ref --degraded ref --show-alignments",
                 2,
                 "--show-alignments needs a metric of texts: wer, cer");
}

}  // namespace
}  // namespace lipsound2
