#include "lipsound2/corpora/demo_corpus.h"

#include "commands.h"

namespace lipsound2::cli {

void add_demo_corpus(CLI::App& program) {
  auto* command = program.add_subcommand(
      "demo-corpus", "make a spoken, drawn corpus in GRID's own layout; needs no download");
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
  command->add_option("--language", config->language, "en")->capture_default_str();
  command->callback([config] {
    corpora::make_demo_corpus(*config);
    fmt::print("{}\n", config->out.string());
  });
}

}  // namespace lipsound2::cli
