#include <algorithm>
#include <cmath>
#include <optional>

#include <yaml-cpp/yaml.h>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"

#include "nearest.h"

namespace lipsound2::config {
namespace {

// A node of the merged tree, with the place it came from.
struct Node {
  std::string key;             // under which its group holds it
  YAML::Node yaml;             // the scalar or sequence of a leaf
  std::vector<Node> children;  // of a map, in order of appearance
  bool is_map = false;
  std::string file;
  int line = 0;
  bool used = false;

  Node* find(const std::string& name) {
    for (Node& child : children)
      if (child.key == name)
        return &child;
    return nullptr;
  }
};

void merge(Node& into, const YAML::Node& yaml, const std::string& file) {
  into.file = file;
  into.line = yaml.Mark().line + 1;
  into.is_map = yaml.IsMap();
  into.yaml = yaml;
  if (!yaml.IsMap()) {
    into.children.clear();
    return;
  }
  for (const auto& item : yaml) {
    const auto key = item.first.as<std::string>();
    Node* child = into.find(key);
    if (!child) {
      child = &into.children.emplace_back();
      child->key = key;
    }
    merge(*child, item.second, file);
    child->line = item.first.Mark().line + 1;
  }
}

YAML::Node parse(const std::string& file) {
  try {
    return YAML::LoadFile(file);
  } catch (const YAML::BadFile&) {
    fail(ErrorKind::kConfig, "{}: no such config file, or not readable", file);
  } catch (const YAML::Exception& error) {
    fail(ErrorKind::kConfig, "{}:{}: not valid YAML: {}", file, error.mark.line + 1, error.msg);
  }
}

void merge_file(Node& root, const std::filesystem::path& file, int depth) {
  require(depth < 16, ErrorKind::kConfig, "{}: `extends` goes round in a circle", file.string());
  YAML::Node yaml = parse(file.string());
  require(yaml.IsMap() || yaml.IsNull(),
          ErrorKind::kConfig,
          "{}: expected keys and values at the top",
          file.string());
  if (yaml["extends"]) {
    merge_file(root, file.parent_path() / yaml["extends"].as<std::string>(), depth + 1);
    yaml.remove("extends");
  }
  if (yaml.IsMap())
    merge(root, yaml, file.string());
}

void merge_override(Node& root, const std::string& text) {
  const auto equals = text.find('=');
  require(equals != std::string::npos && equals > 0,
          ErrorKind::kConfig,
          "--set {}: expected key=value, such as train.steps=1000",
          text);
  YAML::Node value;
  try {
    value = YAML::Load(text.substr(equals + 1));
  } catch (const YAML::Exception& error) {
    fail(ErrorKind::kConfig, "--set {}: the value is not valid YAML: {}", text, error.msg);
  }
  std::string key = text.substr(0, equals);
  for (auto dot = key.rfind('.'); dot != std::string::npos; dot = key.rfind('.')) {
    YAML::Node outer;
    outer[key.substr(dot + 1)] = value;
    value = outer;
    key.resize(dot);
  }
  YAML::Node outer;
  outer[key] = value;
  merge(root, outer, "--set");
}

std::string range_text(Range range) {
  return fmt::format("[{:g}, {:g}]", range.low, range.high);
}

}  // namespace

struct YamlReader::State {
  struct Level {
    Node* node;  // null when the file says nothing about this group
    std::string path;
    std::vector<std::string> known;
  };
  struct Problem {
    std::string file;
    int line;
    std::string text;
  };

  Node root;
  std::vector<Level> levels;
  std::vector<Problem> problems;

  Level& level() { return levels.back(); }

  std::string where(const char* key) {
    return level().path.empty() ? key : level().path + "." + key;
  }

  void report(const Node* node, const std::string& text) {
    problems.push_back({node ? node->file : root.file, node ? node->line : 0, text});
  }

  Node* take(const char* key) {
    level().known.emplace_back(key);
    Node* const node = level().node ? level().node->find(key) : nullptr;
    if (node)
      node->used = true;
    return node;
  }

  // Reads a leaf with `convert`, which throws YAML::Exception on a wrong type.
  template <class Value>
  void read(const char* key, Value& value, const char* expected, Range range) {
    Node* const node = take(key);
    if (!node)
      return;
    try {
      value = node->yaml.as<Value>();
    } catch (const YAML::Exception&) {
      const std::string found = node->yaml.IsScalar() ? "'" + node->yaml.Scalar() + "'"
                                : node->is_map        ? "a group of keys"
                                                      : "a list";
      report(node, fmt::format("{} must be {}, is {}", where(key), expected, found));
      return;
    }
    check_range(key, *node, value, range);
  }

  template <class Value>
  void check_range(const char* key, const Node& node, const Value& value, Range range) {
    if constexpr (std::is_same_v<Value, std::int64_t> || std::is_same_v<Value, double>) {
      const auto number = static_cast<double>(value);
      if (!(number >= range.low && number <= range.high))
        report(&node,
               fmt::format("{} must lie in {}, is {}", where(key), range_text(range), value));
    } else if constexpr (std::is_same_v<Value, std::vector<std::int64_t>>) {
      for (const std::int64_t item : value)
        check_range(key, node, item, range);
    }
  }

  void report_unknown(Level& level) {
    if (!level.node)
      return;
    for (const Node& child : level.node->children) {
      if (child.used)
        continue;
      const std::string path = level.path.empty() ? child.key : level.path + "." + child.key;
      const std::optional<std::string> nearest = nearest_word(child.key, level.known);
      report(&child,
             fmt::format("{} is not a known key{}",
                         path,
                         nearest ? fmt::format("; did you mean `{}`?", *nearest) : ""));
    }
  }
};

YamlReader::YamlReader(const std::filesystem::path& file, const std::vector<std::string>& overrides)
    : state_(std::make_unique<State>()) {
  merge_file(state_->root, file, 0);
  for (const std::string& text : overrides)
    merge_override(state_->root, text);
  state_->root.file = file.string();
  state_->levels.push_back({&state_->root, "", {}});
}

YamlReader::YamlReader(const std::string& text, const std::string& name)
    : state_(std::make_unique<State>()) {
  try {
    const YAML::Node yaml = YAML::Load(text);
    require(yaml.IsMap(), ErrorKind::kConfig, "{}: expected keys and values at the top", name);
    merge(state_->root, yaml, name);
  } catch (const YAML::Exception& error) {
    fail(ErrorKind::kConfig, "{}:{}: not valid YAML: {}", name, error.mark.line + 1, error.msg);
  }
  state_->levels.push_back({&state_->root, "", {}});
}

YamlReader::~YamlReader() = default;

void YamlReader::field(const char* key, bool& value, const char*) {
  state_->read(key, value, "true or false", {});
}

void YamlReader::field(const char* key, std::int64_t& value, const char*, Range range) {
  state_->read(key, value, "a whole number", range);
}

void YamlReader::field(const char* key, double& value, const char*, Range range) {
  state_->read(key, value, "a number", range);
}

void YamlReader::field(const char* key, std::string& value, const char*) {
  state_->read(key, value, "a text", {});
}

void YamlReader::field(const char* key,
                       std::vector<std::int64_t>& value,
                       const char*,
                       Range range) {
  state_->read(key, value, "a list of whole numbers", range);
}

void YamlReader::field(const char* key, std::vector<std::string>& value, const char*) {
  state_->read(key, value, "a list of texts", {});
}

void YamlReader::check(bool ok, const char* key, const std::string& message) {
  if (ok)
    return;
  Node* const group = state_->level().node;
  Node* const node = group ? group->find(key) : nullptr;
  state_->report(node ? node : group, fmt::format("{}: {}", state_->where(key), message));
}

void YamlReader::choose(const char* key,
                        int& value,
                        const std::vector<std::string>& names,
                        const char*) {
  Node* const node = state_->take(key);
  if (!node)
    return;
  const std::string found = node->yaml.IsScalar() ? node->yaml.Scalar() : "";
  const auto match = std::find(names.begin(), names.end(), found);
  if (match == names.end())
    state_->report(
        node,
        fmt::format(
            "{} is '{}', must be one of {}", state_->where(key), found, fmt::join(names, ", ")));
  else
    value = static_cast<int>(match - names.begin());
}

void YamlReader::enter(const char* key, const char*) {
  Node* node = state_->take(key);
  if (node && !node->is_map) {
    state_->report(node, fmt::format("{} must be a group of keys", state_->where(key)));
    node = nullptr;
  }
  state_->levels.push_back({node, state_->where(key), {}});
}

void YamlReader::leave() {
  state_->report_unknown(state_->level());
  state_->levels.pop_back();
}

void YamlReader::finish() {
  state_->report_unknown(state_->levels.front());
  auto& problems = state_->problems;
  if (problems.empty())
    return;
  std::stable_sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  std::string text =
      fmt::format("{} problem{} in the config", problems.size(), problems.size() == 1 ? "" : "s");
  for (const auto& problem : problems)
    text += problem.line > 0 && problem.file != "--set"
                ? fmt::format("\n  {}:{}: {}", problem.file, problem.line, problem.text)
                : fmt::format("\n  {}: {}", problem.file, problem.text);
  throw Error(ErrorKind::kConfig, text);
}

}  // namespace lipsound2::config
