#include "event_log.h"

#include <sstream>

#include <nlohmann/json.hpp>

#include "lipsound2/core/file.h"

namespace lipsound2::train {
namespace {

std::vector<std::string> event_lines(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  if (!std::filesystem::exists(file))
    return lines;
  std::istringstream text(read_file(file));
  for (std::string line; std::getline(text, line);)
    lines.push_back(line);
  return lines;
}

nlohmann::json event_of(const std::string& line) {
  return nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
}

bool is_number(const nlohmann::json& event, const std::string& name) {
  return event.is_object() && event.contains(name) && event.at(name).is_number();
}

}  // namespace

void EventLog::add(std::int64_t step, const Values& values) const {
  nlohmann::ordered_json event = {{"step", step}};
  for (const auto& [name, value] : values)
    event[name] = value;
  append_line(file_, event.dump());
}

void EventLog::drop_after(std::int64_t step) const {
  const std::vector<std::string> lines = event_lines(file_);
  std::string kept;
  for (const std::string& line : lines) {
    const nlohmann::json event = event_of(line);
    if (is_number(event, "step") && event.at("step").get<std::int64_t>() <= step)
      kept += line + "\n";
  }
  if (!lines.empty())
    write_file(file_, kept);
}

double EventLog::last(const std::string& name) const {
  double value = 0;
  for (const std::string& line : event_lines(file_)) {
    const nlohmann::json event = event_of(line);
    if (is_number(event, name))
      value = event.at(name).get<double>();
  }
  return value;
}

}  // namespace lipsound2::train
