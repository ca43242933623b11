#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "lipsound2/core/error.h"
#include "lipsound2/corpora/prepare.h"

namespace lipsound2::corpora {
namespace {

/// -1 unless the whole text is a number from 0.
std::int64_t whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

std::int64_t slurm_number(const char* variable) {
  const char* text = std::getenv(variable);
  const std::int64_t number = text ? whole_number(text) : -1;
  require(number >= 0,
          ErrorKind::kUsage,
          "--part slurm: expected a number in {}, as in a job array (sbatch --array), found {}",
          variable,
          text ? text : "nothing");
  return number;
}

WorkPart slurm_part() {
  const std::int64_t id = slurm_number("SLURM_ARRAY_TASK_ID");
  const std::int64_t first = slurm_number("SLURM_ARRAY_TASK_MIN");
  const WorkPart part{id - first + 1, slurm_number("SLURM_ARRAY_TASK_COUNT")};
  require(part.index >= 1 && part.index <= part.count,
          ErrorKind::kUsage,
          "--part slurm: expected an array of successive numbers, such as --array=1-8, found task "
          "{} of {} tasks from {}; name the part yourself, such as --part 2/8",
          id,
          part.count,
          first);
  return part;
}

}  // namespace

std::string WorkPart::name() const {
  return fmt::format("{}/{}", index, count);
}

WorkPart parse_part(const std::string& text) {
  if (text == "slurm")
    return slurm_part();
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view whole = text;
  const WorkPart part{whole_number(whole.substr(0, slash)),
                      whole_number(whole.substr(std::min(slash + 1, whole.size())))};
  require(part.index >= 1 && part.index <= part.count,
          ErrorKind::kUsage,
          "--part: expected i/n with i from 1 to n, such as 2/4, or slurm, found '{}'",
          text);
  return part;
}

}  // namespace lipsound2::corpora
