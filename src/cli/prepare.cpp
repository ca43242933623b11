#include "lipsound2/corpora/prepare.h"

#include "commands.h"

namespace lipsound2::cli {

void add_prepare(CLI::App& program) {
  auto* command = program.add_subcommand(
      "prepare", "turn a corpus as it is distributed into shards of faces and sound");
  const auto config = std::make_shared<corpora::PrepareConfig>();
  command->add_option("--corpus", config->corpus, "layout of the corpus")
      ->required()
      ->check(CLI::IsMember({"grid"}));
  command->add_option("--root", config->root, "folder of the corpus")->required()->type_name("DIR");
  command->add_option("--out", config->out, "gets shards, manifest.jsonl and rejects.jsonl")
      ->required()
      ->type_name("DIR");
  command
      ->add_option(
          "--splits",
          config->splits,
          "folder with train.txt, valid.txt and test.txt (default: 90, 5, 5 percent by hash)")
      ->type_name("DIR");
  command->add_option("--jobs", config->jobs, "threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_option("--speakers", config->speakers, "only these, such as s1,s2")->delimiter(',');
  command->add_option("--limit", config->limit, "only the first so many clips")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option(
          "--detector", config->face.detector, "YuNet model (default: OpenCV's Haar cascade)")
      ->type_name("ONNX");
  command->add_flag("--check", config->check, "read every clip, write nothing");
  command->callback([config] { fmt::print("{}", corpora::to_text(corpora::prepare(*config))); });
}

}  // namespace lipsound2::cli
