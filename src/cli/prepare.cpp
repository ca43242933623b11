#include "lipsound2/corpora/prepare.h"

#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/corpora/corpus_reader.h"
#include "lipsound2/corpora/prepare_check.h"

#include "commands.h"
#include "json_flag.h"

namespace lipsound2::cli {
namespace {

struct PrepareFlags {
  corpora::PrepareConfig config;
  std::string part = "1/1";
  std::string max_bad = "5%";
  bool check = false;
  bool merge = false;
  std::string json;
};

/// "0.05" or "5%".
double parse_share(const std::string& text) {
  std::size_t used = 0;
  double share = -1;
  try {
    share = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  const bool percent = used + 1 == text.size() && text.back() == '%';
  share = percent ? share / 100 : share;
  require((used == text.size() || percent) && used > 0 && share >= 0 && share <= 1,
          ErrorKind::kUsage,
          "--max-bad: expected a share such as 0.05 or 5%, found {}",
          text);
  return share;
}

void add_corpus_flags(CLI::App& command, corpora::PrepareConfig& config) {
  command.add_option("--corpus", config.corpus, "layout of the corpus")
      ->check(CLI::IsMember(corpora::corpus_names()));
  command.add_option("--root", config.root, "the corpus as it was distributed")->type_name("DIR");
  command.add_option("--out", config.out, "gets shards/, manifest.jsonl and rejects.jsonl")
      ->type_name("DIR");
  command
      .add_option(
          "--splits",
          config.splits,
          "a published split by its name, or a folder with train.txt, valid.txt and test.txt "
          "(default: that of the corpus, or 90, 5, 5 percent by hash)")
      ->type_name("NAME|DIR");
  command.add_option("--speakers", config.speakers, "only these, such as s1,s2")->delimiter(',');
  command
      .add_option(
          "--longest", config.longest, "seconds; longer videos of a plain folder are cut at pauses")
      ->check(CLI::Range(2.0, 600.0))
      ->capture_default_str();
  command.add_option("--limit", config.limit, "only the first so many clips")
      ->check(CLI::NonNegativeNumber);
  command
      .add_option("--shard-clips", config.shard_clips, "clips in a shard, the rejected ones too")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command.add_option("--jobs", config.jobs, "threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      .add_option(
          "--detector", config.face.detector, "YuNet model (default: OpenCV's Haar cascade)")
      ->type_name("ONNX");
}

/// "s1, s2" as "s1,s2".
void trim_names(std::vector<std::string>& names) {
  for (std::string& name : names)
    name = name.substr(std::min(name.find_first_not_of(' '), name.size()));
}

/// CLI11's own `required` cannot say that this depends on other flags.
void require_flag(const CLI::App& command, const std::string& flag) {
  require(command.count(flag) > 0, ErrorKind::kUsage, "prepare: {} is required", flag);
}

void run_check(const PrepareFlags& flags) {
  const corpora::CheckReport report = corpora::check(flags.config);
  write_json(flags.json, nlohmann::ordered_json::parse(corpora::to_json(report)));
  fmt::print("{}", corpora::to_text(report));
}

void run_prepare(const PrepareFlags& flags) {
  const double max_bad = parse_share(flags.max_bad);
  corpora::PrepareConfig config = flags.config;
  config.part = corpora::parse_part(flags.part);
  const corpora::PrepareReport report =
      flags.merge ? corpora::merge(config.out) : corpora::prepare(config);
  write_json(flags.json, nlohmann::ordered_json::parse(corpora::to_json(report)));
  fmt::print("{}", corpora::to_text(report));
  std::fflush(stdout);
  if (report.part.whole())
    corpora::require_few_rejects(report, max_bad);
}

}  // namespace

void add_prepare(CLI::App& program) {
  auto* command = program.add_subcommand(
      "prepare", "turn a corpus as it is distributed into shards of faces and sound");
  const auto flags = std::make_shared<PrepareFlags>();
  add_corpus_flags(*command, flags->config);
  command
      ->add_option("--max-bad",
                   flags->max_bad,
                   "exit with 3 when a larger share of the clips was rejected; what could be used "
                   "is kept")
      ->type_name("SHARE")
      ->capture_default_str();
  auto* part =
      command
          ->add_option("--part",
                       flags->part,
                       "make only the i-th of n parts of the shards, on one of n machines; slurm: "
                       "as the job array says")
          ->type_name("i/n|slurm");
  auto* merge = command->add_flag(
      "--merge", flags->merge, "join the parts in --out, which is all that it reads");
  auto* check = command->add_flag(
      "--check", flags->check, "only look: what is there and what would be made of it");
  part->excludes(merge)->excludes(check);
  merge->excludes(check);
  add_json_flag(*command, flags->json);
  command->callback([flags, command] {
    if (!flags->merge)
      for (const char* flag : {"--corpus", "--root"})
        require_flag(*command, flag);
    trim_names(flags->config.speakers);
    if (flags->check)
      return run_check(*flags);
    require_flag(*command, "--out");
    run_prepare(*flags);
  });
}

}  // namespace lipsound2::cli
