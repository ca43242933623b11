#include "json_flag.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/file.h"

#include "commands.h"

namespace lipsound2::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string indented(const Json& results, int level) {
  std::string text;
  for (const auto& [name, value] : results.items()) {
    const std::string start(2 * static_cast<std::size_t>(level), ' ');
    if (value.is_object())
      text += fmt::format("{}{}\n{}", start, name, indented(value, level + 1));
    else
      text += fmt::format("{}{:<16} {}\n", start, name, plain(value));
  }
  return text;
}

}  // namespace

void add_json_flag(CLI::App& command, std::string& file) {
  command.add_option("--json", file, "also write the results here")->type_name("FILE");
}

void write_json(const std::string& file, const Json& results) {
  if (!file.empty())
    write_file(file,
               results.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n");
}

std::string readable(const Json& results) {
  return indented(results, /*level=*/0);
}

}  // namespace lipsound2::cli
