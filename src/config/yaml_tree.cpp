#include "yaml_tree.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/utf8.h"

#include "yaml_text.h"

namespace lipsound2::config {
namespace {

// Far beyond any config; a few lines of YAML with aliases can stand for billions of nodes.
constexpr int kMostNodes = 100000;
constexpr int kDeepest = 32;
constexpr int kMostFiles = 16;
constexpr std::size_t kLongestKey = 128;  // bytes; escaped, YAML takes no more than 1024

bool is_readable(const std::string& key) {
  try {
    decode_utf8(key);
    return key.size() <= kLongestKey;
  } catch (const Error&) {
    return false;
  }
}

// Merges YAML nodes of one file or text into a tree.
class Merger {
 public:
  enum class Lines { kNumbered, kNone };

  Merger(std::string file, Lines lines) : file_(std::move(file)), lines_(lines) {}

  void merge(TreeNode& into, const YAML::Node& yaml) {
    require(++nodes_ <= kMostNodes && ++depth_ <= kDeepest,
            ErrorKind::kConfig,
            "{}: too large or too deep for a config",
            file_);
    into.file = file_;
    into.line = line_of(yaml);
    into.is_map = yaml.IsMap();
    into.yaml = yaml;
    if (yaml.IsMap())
      merge_children(into, yaml);
    else
      into.children.clear();
    --depth_;
  }

 private:
  int line_of(const YAML::Node& yaml) const {
    return lines_ == Lines::kNumbered ? yaml.Mark().line + 1 : 0;
  }

  void merge_children(TreeNode& into, const YAML::Node& yaml) {
    std::set<std::string> seen;
    for (const auto& item : yaml) {
      const int line = line_of(item.first);
      require(
          item.first.IsScalar(), ErrorKind::kConfig, "{}:{}: a key must be a text", file_, line);
      const std::string& key = item.first.Scalar();
      require(is_readable(key),
              ErrorKind::kConfig,
              "{}:{}: a key must be UTF-8 of at most {} bytes, found one of {} that begins '{}'",
              file_,
              line,
              kLongestKey,
              key.size(),
              key.substr(0, 20));
      require(seen.insert(key).second,
              ErrorKind::kConfig,
              "{}:{}: {} is there twice",
              file_,
              line,
              key);
      TreeNode* child = into.find(key);
      if (!child) {
        child = &into.children.emplace_back();
        child->key = key;
      }
      merge(*child, item.second);
      child->line = line;
    }
  }

  std::string file_;
  Lines lines_;
  int nodes_ = 0;
  int depth_ = 0;
};

YAML::Node load_file(const std::filesystem::path& file) {
  std::string text;
  try {
    text = read_file(file);
  } catch (const Error& error) {
    fail(ErrorKind::kConfig, "no such config file, or not readable: {}", error.what());
  }
  return parse_yaml(text, file.string());
}

void merge_file(TreeNode& root, const std::filesystem::path& file, int depth) {
  require(depth < kMostFiles,
          ErrorKind::kConfig,
          "{}: `extends` goes round in a circle",
          file.string());
  YAML::Node yaml = load_file(file);
  require(yaml.IsMap() || yaml.IsNull(),
          ErrorKind::kConfig,
          "{}: expected keys and values at the top",
          file.string());
  TreeNode own;
  Merger(file.string(), Merger::Lines::kNumbered).merge(own, yaml);
  if (const TreeNode* const extended = own.find("extends")) {
    require(extended->yaml.IsScalar(),
            ErrorKind::kConfig,
            "{}:{}: extends must be the name of a file, is {}",
            file.string(),
            extended->line,
            extended->found());
    merge_file(root, file.parent_path() / extended->yaml.Scalar(), depth + 1);
    yaml.remove("extends");
  }
  Merger(file.string(), Merger::Lines::kNumbered).merge(root, yaml);
}

}  // namespace

TreeNode* TreeNode::find(const std::string& name) {
  for (TreeNode& child : children)
    if (child.key == name)
      return &child;
  return nullptr;
}

std::string TreeNode::found() const {
  if (is_map)
    return "a group of keys";
  if (yaml.IsSequence())
    return "a list";
  return yaml.IsScalar() ? "'" + yaml.Scalar() + "'" : "empty";
}

TreeNode read_tree(const std::filesystem::path& file) {
  TreeNode root;
  merge_file(root, file, 0);
  root.file = file.string();
  return root;
}

TreeNode read_tree_of(const std::string& text, const std::string& name) {
  const YAML::Node yaml = parse_yaml(text, name);
  require(yaml.IsMap(), ErrorKind::kConfig, "{}: expected keys and values at the top", name);
  TreeNode root;
  Merger(name, Merger::Lines::kNumbered).merge(root, yaml);
  return root;
}

void lay_over(TreeNode& root, const Override& change) {
  const auto equals = change.text.find('=');
  require(equals != std::string::npos && equals > 0,
          ErrorKind::kConfig,
          "{} {}: expected key=value, such as train.steps=1000",
          change.origin,
          change.text);
  YAML::Node value = parse_yaml(change.text.substr(equals + 1), change.origin + " " + change.text);
  std::string key = change.text.substr(0, equals);
  for (auto dot = key.rfind('.'); dot != std::string::npos; dot = key.rfind('.')) {
    YAML::Node outer;
    outer[key.substr(dot + 1)] = value;
    value = outer;
    key.resize(dot);
  }
  YAML::Node outer;
  outer[key] = value;
  const std::string file = root.file;
  Merger(change.origin, Merger::Lines::kNone).merge(root, outer);
  root.file = file;
}

void throw_problems(std::vector<Problem> problems) {
  if (problems.empty())
    return;
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  std::string text =
      fmt::format("{} problem{} in the config", problems.size(), problems.size() == 1 ? "" : "s");
  for (const Problem& problem : problems)
    text += problem.line > 0
                ? fmt::format("\n  {}:{}: {}", problem.file, problem.line, problem.text)
                : fmt::format("\n  {}: {}", problem.file, problem.text);
  throw Error(ErrorKind::kConfig, text);
}

}  // namespace lipsound2::config
