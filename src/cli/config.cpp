#include <nlohmann/json.hpp>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/experiment/find_config.h"

#include "commands.h"
#include "json_flag.h"

namespace lipsound2::cli {
namespace {

struct ConfigFlags {
  std::string file;
  std::vector<std::string> overrides;
  bool help_keys = false;
  std::string json;
};

// Numbers, truth values, lists and quoted texts are written as JSON writes them.
nlohmann::ordered_json typed(const std::string& value) {
  auto json = nlohmann::ordered_json::parse(value, nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? nlohmann::ordered_json(value) : json;
}

void show_config(const ConfigFlags& flags) {
  if (flags.help_keys) {
    fmt::print("{}", config::to_markdown(config::list_fields(experiment::ExperimentConfig())));
    return;
  }
  require(!flags.file.empty(), ErrorKind::kUsage, "config: expected a file, or --help-keys");
  const auto fields = config::list_fields(experiment::load_config(flags.file, flags.overrides));
  nlohmann::ordered_json values;
  for (const config::FieldLine& field : fields)
    values[field.key] = typed(field.value);
  write_json(flags.json, values);
  fmt::print("{}", config::to_yaml(fields));
}

}  // namespace

void add_config(CLI::App& program) {
  auto* command =
      program.add_subcommand("config", "print the resolved config, or every problem in it");
  const auto flags = std::make_shared<ConfigFlags>();
  command->add_option("FILE", flags->file, "YAML file, or the name of one that is installed");
  command
      ->add_option("--set", flags->overrides, "a config key and its value: key=value (repeatable)")
      ->type_name("KEY=VALUE");
  command->add_flag("--help-keys", flags->help_keys, "document every key, as a Markdown table");
  add_json_flag(*command, flags->json);
  command->callback([flags] { show_config(*flags); });
}

}  // namespace lipsound2::cli
