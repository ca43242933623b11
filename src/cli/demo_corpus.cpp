#include "lipsound2/corpora/demo_corpus.h"

#include <nlohmann/json.hpp>

#include "commands.h"
#include "json_flag.h"

namespace lipsound2::cli {

void add_demo_corpus(CLI::App& program) {
  auto* command = program.add_subcommand(
      "demo-corpus", "make a spoken, drawn corpus in GRID's or CMLR's own layout");
  const auto config = std::make_shared<corpora::DemoCorpusConfig>();
  command->add_option("--out", config->out, "folder of the corpus")->required()->type_name("DIR");
  command->add_option("--clips", config->clips, "in all")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--speakers", config->speakers, "who share the clips")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", config->seed, "of everything random")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--language", config->language, "en: as GRID; cmn: as CMLR")
      ->capture_default_str();
  command->add_option("--sentences", config->sentences, "of cmn: Chinese text, a sentence a line")
      ->type_name("FILE");
  command->add_option("--characters", config->characters, "of cmn: sentences of so many; 0: all")
      ->capture_default_str();
  const auto json = std::make_shared<std::string>();
  add_json_flag(*command, *json);
  command->callback([config, json] {
    corpora::make_demo_corpus(*config);
    write_json(*json,
               {{"out", config->out.string()},
                {"clips", config->clips},
                {"speakers", config->speakers},
                {"seed", config->seed},
                {"language", config->language}});
    fmt::print("{}\n", config->out.string());
  });
}

}  // namespace lipsound2::cli
