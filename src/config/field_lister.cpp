#include <algorithm>
#include <cmath>

#include <yaml-cpp/yaml.h>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"

namespace lipsound2::config {
namespace {

std::string with_range(const char* type, Range range) {
  if (std::isinf(range.low) && std::isinf(range.high))
    return type;
  return fmt::format("{} in [{:g}, {:g}]", type, range.low, range.high);
}

std::string in_quotes(const std::string& text) {
  YAML::Emitter out;
  out << YAML::DoubleQuoted << text;
  return out.c_str();
}

std::vector<std::string> split(const std::string& key) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (auto dot = key.find('.'); dot != std::string::npos;
       start = dot + 1, dot = key.find('.', start))
    parts.push_back(key.substr(start, dot - start));
  parts.push_back(key.substr(start));
  return parts;
}

}  // namespace

void FieldLister::add(const char* key, std::string value, std::string type, const char* help) {
  std::string path;
  for (const std::string& group : path_)
    path += group + ".";
  lines.push_back({path + key, std::move(value), std::move(type), help});
}

void FieldLister::field(const char* key, bool& value, const char* help) {
  add(key, value ? "true" : "false", "true or false", help);
}

void FieldLister::field(const char* key, std::int64_t& value, const char* help, Range range) {
  add(key, fmt::format("{}", value), with_range("whole number", range), help);
}

void FieldLister::field(const char* key, double& value, const char* help, Range range) {
  add(key, fmt::format("{}", value), with_range("number", range), help);
}

void FieldLister::field(const char* key, std::string& value, const char* help) {
  add(key, in_quotes(value), "text", help);
}

void FieldLister::field(const char* key,
                        std::vector<std::int64_t>& value,
                        const char* help,
                        Range range) {
  add(key,
      fmt::format("[{}]", fmt::join(value, ", ")),
      with_range("list of whole numbers", range),
      help);
}

void FieldLister::field(const char* key, std::vector<std::string>& value, const char* help) {
  std::vector<std::string> texts(value.size());
  std::transform(value.begin(), value.end(), texts.begin(), in_quotes);
  add(key, fmt::format("[{}]", fmt::join(texts, ", ")), "list of texts", help);
}

void FieldLister::field(const char* key,
                        std::map<std::string, double>& value,
                        const char* help,
                        Range range) {
  std::vector<std::string> items;
  for (const auto& [name, number] : value)
    items.push_back(fmt::format("{}: {}", in_quotes(name), number));
  add(key,
      fmt::format("{{{}}}", fmt::join(items, ", ")),
      with_range("numbers by name", range),
      help);
}

void FieldLister::choose(const char* key,
                         int& value,
                         const std::vector<std::string>& names,
                         const char* help) {
  add(key,
      names.at(static_cast<std::size_t>(value)),
      fmt::format("one of {}", fmt::join(names, ", ")),
      help);
}

void FieldLister::enter(const char* key, const char*) {
  path_.emplace_back(key);
}

void FieldLister::leave() {
  path_.pop_back();
}

std::string to_yaml(const std::vector<FieldLine>& fields) {
  std::string text;
  std::vector<std::string> open;
  for (const FieldLine& line : fields) {
    std::vector<std::string> groups = split(line.key);
    const std::string key = groups.back();
    groups.pop_back();
    const auto [first_new, first_old] =
        std::mismatch(groups.begin(), groups.end(), open.begin(), open.end());
    for (auto group = first_new; group != groups.end(); ++group)
      text += fmt::format("{}{}:\n",
                          std::string(2 * static_cast<std::size_t>(group - groups.begin()), ' '),
                          *group);
    open = groups;
    text += fmt::format("{}{}: {}\n", std::string(2 * groups.size(), ' '), key, line.value);
  }
  return text;
}

std::string to_markdown(const std::vector<FieldLine>& fields) {
  std::string text = "| key | type | default | what it does |\n| --- | --- | --- | --- |\n";
  for (const FieldLine& line : fields)
    text += fmt::format("| `{}` | {} | `{}` | {} |\n", line.key, line.type, line.value, line.help);
  return text;
}

std::vector<std::string> differences(const std::vector<FieldLine>& before,
                                     const std::vector<FieldLine>& after) {
  const auto find = [](const std::vector<FieldLine>& fields, const std::string& key) {
    return std::find_if(
        fields.begin(), fields.end(), [&](const FieldLine& line) { return line.key == key; });
  };
  std::vector<std::string> found;
  for (const FieldLine& line : before) {
    const auto other = find(after, line.key);
    if (other == after.end())
      found.push_back(fmt::format("{}: {} is gone", line.key, line.value));
    else if (other->value != line.value)
      found.push_back(fmt::format("{}: {} became {}", line.key, line.value, other->value));
  }
  for (const FieldLine& line : after)
    if (find(before, line.key) == before.end())
      found.push_back(fmt::format("{}: {} is new", line.key, line.value));
  return found;
}

}  // namespace lipsound2::config
