#include <algorithm>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/eval/metric_names.h"
#include "lipsound2/eval/sound_metrics.h"
#include "lipsound2/eval/text_metrics.h"

#include "commands.h"
#include "json_flag.h"
#include "scoring.h"

namespace lipsound2::cli {

std::vector<std::string> known_metrics() {
  std::vector<std::string> names;
  for (const eval::SoundMetric& metric : eval::sound_metrics())
    names.push_back(metric.name);
  for (const std::string& metric : eval::text_metrics())
    names.push_back(metric);
  return names;
}

namespace {

// The metrics say what the inputs are.
Scored score_inputs(const ScoreFlags& flags) {
  const auto metrics = eval::parse_metrics(flags.metrics, known_metrics());
  const auto of_texts = std::ranges::count_if(metrics, eval::is_text_metric);
  const std::string text_metrics = fmt::format("{}", fmt::join(eval::text_metrics(), ", "));
  require(of_texts == 0 || of_texts == std::ssize(metrics),
          ErrorKind::kUsage,
          "--metrics {}: sounds and texts cannot be scored in one call; of texts are {}",
          flags.metrics,
          text_metrics);
  require(of_texts > 0 || !flags.show_alignments,
          ErrorKind::kUsage,
          "--show-alignments needs a metric of texts: {}",
          text_metrics);
  return of_texts > 0 ? score_transcripts(flags, metrics) : score_sound_files(flags, metrics);
}

void print_notes(const eval::ScoreTable& table) {
  constexpr std::size_t kShown = 5;
  std::size_t notes = 0;
  for (const eval::ClipScores& clip : table.clips)
    if (!clip.note.empty() && ++notes <= kShown)
      fmt::print("note: {}: {}\n", clip.id, clip.note);
  if (notes > kShown)
    fmt::print("and {} more notes (--json or --csv lists all)\n", notes - kShown);
}

void score(const ScoreFlags& flags) {
  const Scored scored = score_inputs(flags);
  if (!flags.json.empty())
    write_file(flags.json, eval::to_json(scored.table));
  if (!flags.csv.empty())
    write_file(flags.csv, eval::to_csv(scored.table));
  fmt::print("{}{}", scored.details, eval::to_text(scored.table));
  for (const std::string& metric : scored.table.metrics)
    fmt::print("{}: {}\n", metric, scored.table.variants.at(metric));
  print_notes(scored.table);
  for (const std::string& place : scored.unpaired)
    fmt::print("unpaired, not scored: {}\n", place);
}

}  // namespace

void add_score(CLI::App& program) {
  auto* command = program.add_subcommand(
      "score", "score sounds or texts against references; no network involved");
  const auto flags = std::make_shared<ScoreFlags>();
  command
      ->add_option("--reference",
                   flags->reference,
                   "sound file, transcript (wer, cer), or folder of sounds or .txt")
      ->required();
  command->add_option("--degraded", flags->degraded, "the same to compare, paired by stem or id")
      ->required();
  command
      ->add_option("--metrics",
                   flags->metrics,
                   fmt::format("comma-separated names: {}", fmt::join(known_metrics(), ", ")))
      ->capture_default_str();
  command->add_option("--jobs", flags->jobs, "threads, for sounds")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_flag(
      "--allow-unpaired", flags->allow_unpaired, "score what has a partner, list the rest");
  command->add_flag("--show-alignments",
                    flags->show_alignments,
                    "print the words or characters of every clip with errors, one under the other");
  add_json_flag(*command, flags->json);
  command->add_option("--csv", flags->csv, "also write a line per clip here")->type_name("FILE");
  command->callback([flags] { score(*flags); });
}

}  // namespace lipsound2::cli
