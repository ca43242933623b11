#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace lipsound2::train {

/// events.jsonl: one JSON object per line, "step" first, then numbers by name in the order given. A
/// number that is not finite is written as null.
class EventLog {
 public:
  using Values = std::vector<std::pair<std::string, double>>;

  explicit EventLog(std::filesystem::path file) : file_(std::move(file)) {}

  /// Throws kIo.
  void add(std::int64_t step, const Values& values) const;

  /// Removes the lines after this step, and a line cut short by a kill, so that a resumed run
  /// leaves the file as if it had never stopped. Nothing happens when there is no file yet.
  void drop_after(std::int64_t step) const;

  /// The number of this name in the last line that has one, or 0.
  double last(const std::string& name) const;

 private:
  std::filesystem::path file_;
};

}  // namespace lipsound2::train
