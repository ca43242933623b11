#include <algorithm>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/eval/metric_names.h"
#include "lipsound2/eval/paired_comparison.h"
#include "lipsound2/experiment/reporting.h"
#include "lipsound2/experiment/runs.h"

#include "commands.h"
#include "decoding_flags.h"
#include "json_flag.h"
#include "scoring.h"
#include "version.h"

namespace lipsound2::cli {
namespace {

struct EvalFlags {
  std::string run;
  std::string split = "test";
  std::string vocoder = "griffin-lim";
  std::string metrics = "stoi,estoi";
  std::string manifest;
  std::string asr;
  experiment::DecodingConfig decoding;
  std::string json;
  bool swap = false;
  std::vector<std::string> compared;
};

eval::ScoreTable stored_scores(const std::string& run, const std::string& split) {
  const auto file = experiment::find_run(run, "lip2mel").path / "eval" / split / "scores.json";
  require(std::filesystem::exists(file),
          ErrorKind::kUsage,
          "{}: no such file; `lipsound2 eval --run {} --split {}` makes it",
          file.string(),
          run,
          split);
  return eval::from_json(read_file(file), file.string());
}

// Does the second run differ from the first?
void compare(const EvalFlags& flags) {
  const auto first = stored_scores(flags.compared.at(0), flags.split);
  const auto second = stored_scores(flags.compared.at(1), flags.split);
  if (!flags.json.empty())
    write_file(flags.json, eval::comparison_json(first, second));
  fmt::print("{} minus {}, {} clips\n{}",
             flags.compared[1],
             flags.compared[0],
             flags.split,
             eval::comparison_text(first, second));
}

// A chain that has both kinds of runs is not.
bool is_recognizer(const std::string& run) {
  return !run.empty() && experiment::task_of(run) == "asr";
}

void run_eval(const EvalFlags& flags) {
  if (!flags.compared.empty())
    return compare(flags);
  experiment::EvaluationRequest request;
  request.program = program_version();
  request.run = flags.run;
  request.split = flags.split;
  request.vocoder = flags.vocoder;
  request.manifest = flags.manifest;
  request.metrics = eval::parse_metrics(flags.metrics, known_metrics());
  request.recognizer = flags.asr;
  request.decoding = flags.decoding;
  request.videos = flags.swap ? experiment::Videos::kSwapped : experiment::Videos::kOwn;
  const bool alone = is_recognizer(flags.run);
  const experiment::EvaluationResult result =
      alone ? experiment::evaluate_recognizer(request) : experiment::evaluate_run(request);
  if (!flags.json.empty())
    write_file(flags.json, result.json);
  const auto shown = result.folder / (alone ? "heard.tsv" : "report.html");
  fmt::print("{}\n{}: {}\n", result.table, alone ? "heard" : "report", shown.string());
}

}  // namespace

void add_eval(CLI::App& program) {
  auto* command = program.add_subcommand("eval", "synthesize a split and score it");
  const auto flags = std::make_shared<EvalFlags>();
  command->add_option("--run", flags->run, "run or checkpoint (default: the latest run)");
  command->add_option("--split", flags->split, "train, valid or test")->capture_default_str();
  command
      ->add_option(
          "--vocoder", flags->vocoder, "what makes the sound: griffin-lim or a vocoder's run")
      ->type_name("griffin-lim|RUN")
      ->capture_default_str();
  command->add_option("--metrics", flags->metrics, "comma-separated names")->capture_default_str();
  command
      ->add_option("--asr",
                   flags->asr,
                   "recognizer that wer and cer need; a --run of a recognizer is scored alone, on "
                   "natural sound")
      ->type_name("RUN");
  add_decoding_flags(*command, flags->decoding);
  command->add_option("--manifest", flags->manifest, "another corpus than the run's own")
      ->type_name("FILE");
  add_json_flag(*command, flags->json);
  command->add_flag("--swap-videos", flags->swap, "control: give each clip another clip's video");
  command
      ->add_option("--compare",
                   flags->compared,
                   "two evaluated runs: do they differ? (paired bootstrap and permutation test)")
      ->expected(2)
      ->type_name("RUN");
  command->callback([flags] { run_eval(*flags); });
}

}  // namespace lipsound2::cli
