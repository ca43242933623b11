#include <cstdlib>

#include <gmock/gmock.h>

#include "lipsound2/corpora/prepare.h"

#include "support/error_text.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::error_text;
using ::testing::HasSubstr;

/// Sets a variable for the time of a test.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Environment() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST(WorkPart, IsOneOfSeveral) {
  const WorkPart part = parse_part("2/4");

  EXPECT_EQ(part.name(), "2/4");
  EXPECT_FALSE(part.whole());
  EXPECT_FALSE(part.holds(0));
  EXPECT_TRUE(part.holds(1));
  EXPECT_TRUE(part.holds(5));
}

TEST(WorkPart, RefusesWhatIsNoPart) {
  for (const char* text : {"0/4", "5/4", "2", "2/", "/4", "a/4", "2/4x", "-1/4", "1/0", ""})
    EXPECT_THAT(error_text([&] { parse_part(text); }, ErrorKind::kUsage),
                HasSubstr("--part: expected i/n"))
        << text;
}

TEST(WorkPart, IsThatOfTheJobArray) {
  const Environment id("SLURM_ARRAY_TASK_ID", "7");
  const Environment count("SLURM_ARRAY_TASK_COUNT", "4");
  const Environment least("SLURM_ARRAY_TASK_MIN", "5");

  EXPECT_EQ(parse_part("slurm").name(), "3/4");
}

TEST(WorkPart, RefusesJobArraysWithHoles) {
  const Environment id("SLURM_ARRAY_TASK_ID", "9");
  const Environment count("SLURM_ARRAY_TASK_COUNT", "2");
  const Environment least("SLURM_ARRAY_TASK_MIN", "2");

  EXPECT_THAT(error_text([] { parse_part("slurm"); }, ErrorKind::kUsage),
              HasSubstr("successive numbers"));
}

TEST(WorkPart, MissesTheJobArray) {
  EXPECT_THAT(error_text([] { parse_part("slurm"); }, ErrorKind::kUsage),
              HasSubstr("SLURM_ARRAY_TASK_ID, as in a job array (sbatch --array), found nothing"));
}

}  // namespace
}  // namespace lipsound2::corpora
