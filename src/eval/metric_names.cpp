#include "lipsound2/eval/metric_names.h"

#include <algorithm>
#include <sstream>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"

namespace lipsound2::eval {

std::vector<std::string> parse_metrics(const std::string& list,
                                       const std::vector<std::string>& known) {
  std::vector<std::string> metrics;
  std::stringstream stream(list);
  for (std::string name; std::getline(stream, name, ',');) {
    require(std::ranges::find(known, name) != known.end(),
            ErrorKind::kUsage,
            "--metrics: '{}' is not a known metric; expected some of {}",
            name,
            fmt::join(known, ", "));
    if (std::ranges::find(metrics, name) == metrics.end())
      metrics.push_back(name);
  }
  require(!metrics.empty(), ErrorKind::kUsage, "--metrics: expected at least one name");
  return metrics;
}

}  // namespace lipsound2::eval
