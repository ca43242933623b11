#include "lipsound2/corpora/prepare.h"

#include <nlohmann/json.hpp>

#include "lipsound2/corpora/corpus_reader.h"

#include "commands.h"
#include "json_flag.h"

namespace lipsound2::cli {
namespace {

nlohmann::ordered_json as_json(const corpora::PrepareReport& report) {
  nlohmann::ordered_json json{{"clips", report.total.clips},
                              {"pictures", report.total.frames},
                              {"seconds", report.total.seconds},
                              {"shards", report.shards},
                              {"rejected", report.rejected()},
                              {"rejects", report.rejects},
                              {"notes", report.notes},
                              {"formats", report.formats},
                              {"clips by speaker", report.speakers},
                              {"left out", report.left_out},
                              {"missing", report.missing},
                              {"pictures read", report.frames_read},
                              {"seconds of reading", report.read_seconds}};
  for (const auto& [split, count] : report.splits)
    json["splits"][split] = {
        {"clips", count.clips}, {"pictures", count.frames}, {"seconds", count.seconds}};
  return json;
}

}  // namespace

void add_prepare(CLI::App& program) {
  auto* command = program.add_subcommand(
      "prepare", "turn a corpus as it is distributed into shards of faces and sound");
  const auto config = std::make_shared<corpora::PrepareConfig>();
  command->add_option("--corpus", config->corpus, "layout of the corpus")
      ->required()
      ->check(CLI::IsMember(corpora::corpus_names()));
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
  command
      ->add_option("--longest",
                   config->longest,
                   "seconds; longer videos of a plain folder are cut at pauses")
      ->check(CLI::Range(2.0, 600.0))
      ->capture_default_str();
  command->add_option("--limit", config->limit, "only the first so many clips")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option(
          "--detector", config->face.detector, "YuNet model (default: OpenCV's Haar cascade)")
      ->type_name("ONNX");
  command->add_flag("--check", config->check, "read every clip, write nothing");
  const auto json = std::make_shared<std::string>();
  add_json_flag(*command, *json);
  command->callback([config, json] {
    const corpora::PrepareReport report = corpora::prepare(*config);
    write_json(*json, as_json(report));
    fmt::print("{}", corpora::to_text(report));
  });
}

}  // namespace lipsound2::cli
