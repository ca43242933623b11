#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "lipsound2/config/yaml.h"

namespace lipsound2::config {

/// A node of the tree that several YAML files make together, with the place it came from.
struct TreeNode {
  std::string key;                 ///< under which its group holds it
  YAML::Node yaml;                 ///< the scalar or sequence of a leaf
  std::vector<TreeNode> children;  ///< of a map, in order of appearance
  bool is_map = false;
  std::string file;
  int line = 0;  ///< 0: it has none
  bool used = false;

  TreeNode* find(const std::string& name);
  /// What it holds, for errors.
  std::string found() const;
};

/// The file and what it extends. Throws kConfig, with file and line, for what is no YAML map with
/// texts as keys, for a key that is there twice, and for a tree too large to be a config.
TreeNode read_tree(const std::filesystem::path& file);
/// The same of a text; `name` is what errors call it.
TreeNode read_tree_of(const std::string& text, const std::string& name);
/// Lays the override over the tree.
void lay_over(TreeNode& root, const Override& change);

/// What is wrong, and where.
struct Problem {
  std::string file;
  int line = 0;
  std::string text;
};

/// Throws one kConfig error that lists them by file and line; nothing when there are none.
void throw_problems(std::vector<Problem> problems);

}  // namespace lipsound2::config
