#pragma once

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace lipsound2::testing {

/// The rows of a CSV file without quotes, by the names of its first line.
inline std::vector<std::map<std::string, std::string>> read_csv_rows(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> names;
  std::vector<std::map<std::string, std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r'))
      line.pop_back();
    std::vector<std::string> cells;
    std::istringstream parts(line);
    for (std::string cell; std::getline(parts, cell, ',');)
      cells.push_back(cell);
    if (names.empty()) {
      names = cells;
      continue;
    }
    rows.emplace_back();
    for (std::size_t i = 0; i < names.size(); ++i)
      rows.back()[names[i]] = cells.at(i);
  }
  return rows;
}

}  // namespace lipsound2::testing
