#include <nlohmann/json.hpp>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/experiment/chain.h"
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

nlohmann::ordered_json as_json(const std::vector<config::FieldLine>& fields) {
  nlohmann::ordered_json values;
  for (const config::FieldLine& field : fields)
    values[field.key] = typed(field.value);
  return values;
}

// One YAML document a stage.
void show_chain(const experiment::Chain& chain, const std::string& json) {
  nlohmann::ordered_json stages;
  for (const experiment::Stage& stage : chain.stages) {
    const auto fields = config::list_fields(stage.config);
    stages[stage.folder] = as_json(fields);
    fmt::print("---\n# stage {}{}{}\n{}",
               stage.folder,
               stage.after.empty() ? "" : ", from the best weights of " + stage.after,
               stage.lips.empty() ? "" : ", on the speech that " + stage.lips + " makes",
               config::to_yaml(fields));
  }
  write_json(json, stages);
}

void show_config(const ConfigFlags& flags) {
  if (flags.help_keys) {
    fmt::print("{}", config::to_markdown(config::list_fields(experiment::ExperimentConfig())));
    return;
  }
  require(!flags.file.empty(), ErrorKind::kUsage, "config: expected a file, or --help-keys");
  const std::vector<config::Override> changes{flags.overrides.begin(), flags.overrides.end()};
  if (const auto chain = experiment::load_chain(flags.file, changes))
    return show_chain(*chain, flags.json);
  const auto fields = config::list_fields(experiment::load_config(flags.file, changes));
  write_json(flags.json, as_json(fields));
  fmt::print("{}", config::to_yaml(fields));
}

}  // namespace

void add_config(CLI::App& program) {
  auto* command =
      program.add_subcommand("config", "print the resolved config, or every problem in it");
  const auto flags = std::make_shared<ConfigFlags>();
  command->add_option("FILE", flags->file, "YAML file, or the name of one that is installed");
  command
      ->add_option("--set",
                   flags->overrides,
                   "a config key and its value: key=value; of one stage of a chain: "
                   "stage:key=value (repeatable)")
      ->type_name("[STAGE:]KEY=VALUE");
  command->add_flag("--help-keys", flags->help_keys, "document every key, as a Markdown table");
  add_json_flag(*command, flags->json);
  command->callback([flags] { show_config(*flags); });
}

}  // namespace lipsound2::cli
