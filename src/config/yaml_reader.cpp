#include <algorithm>
#include <cmath>
#include <optional>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"

#include "nearest.h"
#include "yaml_tree.h"

namespace lipsound2::config {
namespace {

std::string range_text(Range range) {
  return fmt::format("[{:g}, {:g}]", range.low, range.high);
}

}  // namespace

struct YamlReader::State {
  struct Level {
    TreeNode* node;  // null when the file says nothing about this group
    std::string path;
    std::vector<std::string> known;
  };

  explicit State(TreeNode tree) : root(std::move(tree)) { levels.push_back({&root, "", {}}); }

  TreeNode root;
  std::vector<Level> levels;
  std::vector<Problem> problems;

  Level& level() { return levels.back(); }

  std::string where(const char* key) {
    return level().path.empty() ? key : level().path + "." + key;
  }

  void report(const TreeNode* node, const std::string& text) {
    problems.push_back({node ? node->file : root.file, node ? node->line : 0, text});
  }

  TreeNode* take(const char* key) {
    level().known.emplace_back(key);
    TreeNode* const node = level().node ? level().node->find(key) : nullptr;
    if (node)
      node->used = true;
    return node;
  }

  // Reads a leaf.
  template <class Value>
  void read(const char* key, Value& value, const char* expected, Range range) {
    TreeNode* const node = take(key);
    if (!node)
      return;
    try {
      if (node->yaml.IsNull())  // which yaml-cpp takes for the text "null"
        throw YAML::BadConversion(node->yaml.Mark());
      value = node->yaml.as<Value>();
    } catch (const YAML::Exception&) {
      report(node, fmt::format("{} must be {}, is {}", where(key), expected, node->found()));
      return;
    }
    check_range(key, *node, value, range);
  }

  template <class Value>
  void check_range(const char* key, const TreeNode& node, const Value& value, Range range) {
    if constexpr (std::is_same_v<Value, std::int64_t> || std::is_same_v<Value, double>) {
      const auto number = static_cast<double>(value);
      if (!std::isfinite(number))
        report(&node, fmt::format("{} must be a finite number, is {}", where(key), value));
      else if (number < range.low || number > range.high)
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
    for (const TreeNode& child : level.node->children) {
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

YamlReader::YamlReader(const std::filesystem::path& file, const std::vector<Override>& overrides)
    : state_(std::make_unique<State>(read_tree(file))) {
  for (const Override& change : overrides)
    lay_over(state_->root, change);
}

YamlReader::YamlReader(const std::string& text, const std::string& name)
    : state_(std::make_unique<State>(read_tree_of(text, name))) {}

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

void YamlReader::field(const char* key,
                       std::map<std::string, double>& value,
                       const char*,
                       Range range) {
  TreeNode* const node = state_->take(key);
  if (!node)
    return;
  if (!node->is_map) {
    state_->report(
        node, fmt::format("{} must be numbers by name, is {}", state_->where(key), node->found()));
    return;
  }
  value.clear();
  state_->levels.push_back({node, state_->where(key), {}});
  for (const TreeNode& child : node->children)
    state_->read(child.key.c_str(), value[child.key], "a number", range);
  state_->levels.pop_back();
}

void YamlReader::check(bool ok, const char* key, const std::string& message) {
  if (ok)
    return;
  TreeNode* const group = state_->level().node;
  TreeNode* const node = group ? group->find(key) : nullptr;
  state_->report(node ? node : group, fmt::format("{}: {}", state_->where(key), message));
}

void YamlReader::choose(const char* key,
                        int& value,
                        const std::vector<std::string>& names,
                        const char*) {
  TreeNode* const node = state_->take(key);
  if (!node)
    return;
  const std::string chosen = node->yaml.IsScalar() ? node->yaml.Scalar() : "";
  const auto match = std::find(names.begin(), names.end(), chosen);
  if (match == names.end())
    state_->report(node,
                   fmt::format("{} is {}, must be one of {}",
                               state_->where(key),
                               node->found(),
                               fmt::join(names, ", ")));
  else
    value = static_cast<int>(match - names.begin());
}

void YamlReader::enter(const char* key, const char*) {
  TreeNode* node = state_->take(key);
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
  throw_problems(state_->problems);
}

}  // namespace lipsound2::config
