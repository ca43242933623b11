#include "lipsound2/config/chain.h"

#include "lipsound2/core/error.h"

#include "yaml_tree.h"

namespace lipsound2::config {
namespace {

std::string in_one_line(const YAML::Node& value) {
  YAML::Emitter out;
  out.SetSeqFormat(YAML::Flow);
  out.SetMapFormat(YAML::Flow);
  out << value;
  return out.c_str();
}

// Reads a chain, collecting what is wrong with it.
class ChainReader {
 public:
  explicit ChainReader(TreeNode root) : root_(std::move(root)) {}

  std::vector<ChainEntry> read() {
    for (const TreeNode& child : root_.children)
      if (child.key != "stages")
        report(child.line, fmt::format("{} is not a known key beside `stages`", child.key));
    const TreeNode& stages = *root_.find("stages");
    if (!stages.yaml.IsSequence() || stages.yaml.size() == 0)
      report(stages.line,
             fmt::format("stages must be a list of config files, is {}",
                         stages.yaml.IsSequence() ? "empty" : stages.found()));
    else
      for (const YAML::Node& item : stages.yaml)
        read_entry(item);
    throw_problems(problems_);
    return std::move(entries_);
  }

 private:
  void report(int line, const std::string& text) { problems_.push_back({root_.file, line, text}); }

  void read_entry(const YAML::Node& item) {
    ChainEntry& entry = entries_.emplace_back();
    const int line = item.Mark().line + 1;
    if (item.IsScalar())
      entry.config = item.Scalar();
    else if (item.IsMap())
      read_keys(entry, item);
    if (entry.config.empty())
      report(line, "a stage must be a config file, or keys of which `config` names one");
  }

  void read_keys(ChainEntry& entry, const YAML::Node& item) {
    for (const auto& pair : item) {
      const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "a key";
      const int line = pair.first.Mark().line + 1;
      if (key == "config" && pair.second.IsScalar())
        entry.config = pair.second.Scalar();
      else if (key == "set" && pair.second.IsMap())
        read_set(entry, pair.second);
      else if (key == "config" || key == "set")
        report(line, key == "set" ? "set must hold keys and values" : "config must name a file");
      else
        report(line, fmt::format("{} is not a known key of a stage; they are config, set", key));
    }
  }

  void read_set(ChainEntry& entry, const YAML::Node& set) {
    for (const auto& pair : set) {
      const int line = pair.first.Mark().line + 1;
      if (!pair.first.IsScalar() || pair.first.Scalar().empty())
        report(line, "a key must be a text");
      else
        entry.overrides.emplace_back(pair.first.Scalar() + "=" + in_one_line(pair.second),
                                     fmt::format("{}:{}", root_.file, line));
    }
  }

  TreeNode root_;
  std::vector<ChainEntry> entries_;
  std::vector<Problem> problems_;
};

}  // namespace

std::optional<std::vector<ChainEntry>> read_chain(const std::filesystem::path& file) {
  TreeNode root = read_tree(file);
  if (!root.find("stages"))
    return std::nullopt;
  return ChainReader(std::move(root)).read();
}

}  // namespace lipsound2::config
