#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lipsound2/config/field_visitor.h"

namespace lipsound2::config {

/// A change of what a file says, and who asked for it, for errors.
struct Override {
  Override(std::string the_text, std::string the_origin = "--set")
      : text(std::move(the_text)), origin(std::move(the_origin)) {}
  Override(const char* the_text) : Override(std::string(the_text)) {}

  std::string text;  ///< a.b=c, where c is YAML
  std::string origin;
};

/// Reads a YAML file into a config struct. `extends: other.yaml` (relative to the file) is read
/// first and overridden; `overrides` win over everything, the later over the earlier. finish()
/// throws one kConfig error that lists every unknown key (with the nearest known one), wrong type,
/// value out of range and broken rule, each with file and line.
class YamlReader final : public FieldVisitor {
 public:
  YamlReader(const std::filesystem::path& file, const std::vector<Override>& overrides);
  /// From a text, such as the config stored in a checkpoint; `name` is what errors call it.
  YamlReader(const std::string& text, const std::string& name);
  ~YamlReader() override;

  void field(const char* key, bool& value, const char* help) override;
  void field(const char* key, std::int64_t& value, const char* help, Range range) override;
  void field(const char* key, double& value, const char* help, Range range) override;
  void field(const char* key, std::string& value, const char* help) override;
  void field(const char* key,
             std::vector<std::int64_t>& value,
             const char* help,
             Range range) override;
  void field(const char* key, std::vector<std::string>& value, const char* help) override;
  void field(const char* key,
             std::map<std::string, double>& value,
             const char* help,
             Range range) override;
  void check(bool ok, const char* key, const std::string& message) override;
  void finish();

 private:
  void choose(const char* key,
              int& value,
              const std::vector<std::string>& names,
              const char* help) override;
  void enter(const char* key, const char* help) override;
  void leave() override;

  struct State;
  std::unique_ptr<State> state_;
};

template <class Config>
Config read_yaml(const std::filesystem::path& file, const std::vector<Override>& overrides = {}) {
  Config config;
  YamlReader reader(file, overrides);
  config.visit(reader);
  reader.finish();
  return config;
}

template <class Config>
Config read_yaml_text(const std::string& text, const std::string& name) {
  Config config;
  YamlReader reader(text, name);
  config.visit(reader);
  reader.finish();
  return config;
}

/// One line of a config: the dotted key, the value as YAML, its type with range or names, and the
/// help text.
struct FieldLine {
  std::string key;
  std::string value;
  std::string type;
  std::string help;
};

/// Lists the fields of a config in order; the other printers are made from it.
class FieldLister final : public FieldVisitor {
 public:
  void field(const char* key, bool& value, const char* help) override;
  void field(const char* key, std::int64_t& value, const char* help, Range range) override;
  void field(const char* key, double& value, const char* help, Range range) override;
  void field(const char* key, std::string& value, const char* help) override;
  void field(const char* key,
             std::vector<std::int64_t>& value,
             const char* help,
             Range range) override;
  void field(const char* key, std::vector<std::string>& value, const char* help) override;
  void field(const char* key,
             std::map<std::string, double>& value,
             const char* help,
             Range range) override;
  std::vector<FieldLine> lines;

 private:
  void choose(const char* key,
              int& value,
              const std::vector<std::string>& names,
              const char* help) override;
  void enter(const char* key, const char* help) override;
  void leave() override;
  void add(const char* key, std::string value, std::string type, const char* help);
  std::vector<std::string> path_;
};

template <class Config>
std::vector<FieldLine> list_fields(Config config) {
  FieldLister lister;
  config.visit(lister);
  return lister.lines;
}

/// The fields as a YAML text that read_yaml() takes back unchanged.
std::string to_yaml(const std::vector<FieldLine>& fields);
/// The fields as a Markdown table of keys, types, defaults and help.
std::string to_markdown(const std::vector<FieldLine>& fields);
/// One text per field that differs, such as "train.steps: 2000 became 4000". Keys missing on one
/// side are named too.
std::vector<std::string> differences(const std::vector<FieldLine>& before,
                                     const std::vector<FieldLine>& after);

}  // namespace lipsound2::config
