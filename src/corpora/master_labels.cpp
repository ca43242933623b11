#include "master_labels.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "folder_listing.h"

namespace lipsound2::corpora {
namespace {

/// Lee and Hon (1989) as in the label files of TCD-TIMIT.
constexpr std::array<std::string_view, 40> kPhones{
    "iy", "ih", "eh", "ae", "ah", "uw", "uh", "aa", "ey", "ay", "oy",  "aw", "ow", "l",
    "r",  "y",  "w",  "er", "m",  "n",  "ng", "ch", "jh", "dh", "b",   "d",  "dx", "g",
    "p",  "t",  "k",  "z",  "v",  "f",  "th", "s",  "sh", "hh", "sil", "sp"};

bool is_time(const std::string& field) {
  return !field.empty() && field.find_first_not_of("0123456789") == std::string::npos;
}

/// The label of a line "[start [end]] label [score ...]"; empty if there is none.
std::string label_of(const std::string& line) {
  std::istringstream fields(line);
  std::string field;
  int times = 0;
  while (fields >> field && times < 2 && is_time(field))
    ++times;
  return fields || !is_time(field) ? field : "";
}

bool is_quoted(const std::string& line) {
  return line.size() > 2 && line.front() == '"' && line.back() == '"';
}

std::string unquoted(const std::string& line) {
  std::string name = line.substr(1, line.size() - 2);
  std::ranges::replace(name, '\\', '/');
  return name;
}

}  // namespace

std::vector<LabelFile> read_master_labels(const std::filesystem::path& file) {
  std::istringstream lines(read_file(file));
  std::vector<LabelFile> files;
  bool open = false;
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    line.erase(line.find_last_not_of(" \t\r") + 1);
    const bool first = ++number == 1;
    if (line.empty() || (first && line == "#!MLF!#"))
      continue;
    const auto expect = [&](bool found, const char* expected) {
      require(found,
              ErrorKind::kData,
              "{}: line {}: expected {}, found '{}'",
              file.string(),
              number,
              expected,
              line);
    };
    expect(!first, "#!MLF!#");
    if (line == ".") {
      expect(open, "a quoted file name");
      open = false;
    } else if (!open) {
      expect(is_quoted(line), "a quoted file name");
      files.push_back({.name = unquoted(line), .labels = {}});
      open = true;
    } else {
      const std::string label = label_of(line);
      expect(!label.empty() && !is_quoted(line), "start, end and label, or a dot");
      files.back().labels.push_back(label);
    }
  }
  require(!open, ErrorKind::kData, "{}: expected a dot at the end, found none", file.string());
  return files;
}

bool are_phones(const std::vector<std::string>& labels) {
  return std::ranges::all_of(labels, [](const std::string& label) {
    return std::ranges::find(kPhones, lower_case(label)) != kPhones.end();
  });
}

}  // namespace lipsound2::corpora
