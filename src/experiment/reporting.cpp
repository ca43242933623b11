#include "lipsound2/experiment/reporting.h"

#include <fmt/format.h>
#include <torch/version.h>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/log.h"
#include "lipsound2/data/clip_list.h"
#include "lipsound2/eval/clip_ranking.h"
#include "lipsound2/eval/report.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/runs.h"

#include "kept_clips.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;

namespace {

// The run's folder, also when one of its checkpoints is named.
fs::path run_folder(const fs::path& checkpoint) {
  const fs::path folder = fs::absolute(checkpoint).parent_path();
  return folder.filename() == "checkpoints" ? folder.parent_path() : folder;
}

// <run>/eval/<split>; what is not the split's own videos or the run's own corpus says so.
fs::path evaluation_folder(const EvaluationRequest& request,
                           const fs::path& checkpoint,
                           const fs::path& manifest) {
  std::string name = request.split;
  if (!request.manifest.empty())
    name += "-of-" + manifest.parent_path().filename().string();
  if (request.videos == Videos::kSwapped)
    name += "-swapped";
  if (request.vocoder != "griffin-lim")
    name += "-" + fs::absolute(request.vocoder).lexically_normal().filename().string();
  return run_folder(checkpoint) / "eval" / name;
}

Evaluation as_evaluation(const EvaluationRequest& request, const ExperimentConfig& config) {
  Evaluation evaluation;
  evaluation.manifest = find_manifest(config);
  evaluation.clips =
      data::ClipList::read(evaluation.manifest).split(request.split, evaluation.manifest).entries();
  evaluation.metrics = request.metrics;
  evaluation.videos = request.videos;
  return evaluation;
}

// A report of how the scores come about, which are still to be made.
eval::Report empty_report(const EvaluationRequest& request,
                          const TrainedNetwork& trained,
                          const Evaluation& evaluation,
                          const std::string& clips) {
  eval::Report report;
  report.title = fmt::format("{}: {}", trained.config.name, clips);
  report.facts = {{"checkpoint", trained.checkpoint.string()},
                  {"manifest", evaluation.manifest.string()},
                  {"clips", std::to_string(evaluation.clips.size())},
                  {"videos",
                   evaluation.videos == Videos::kSwapped
                       ? "swapped as a control: each clip is made from the video of another one"
                       : "each clip's own"},
                  {"device", trained.device},
                  {"lipsound2", request.program.empty() ? "unknown version" : request.program},
                  {"LibTorch", TORCH_VERSION}};
  report.config = config::to_yaml(config::list_fields(trained.config));
  return report;
}

// The best, the median and the worst clip.
std::vector<eval::ReportClip> shown_clips(const eval::ScoreTable& scores,
                                          const Evaluation& evaluation,
                                          const fs::path& folder,
                                          const audio::MelConfig& mel) {
  std::vector<eval::ReportClip> clips;
  for (const eval::RankedClip& ranked : eval::best_median_worst(scores)) {
    clips.push_back(shown_clip(
        folder, evaluation.manifest.parent_path(), evaluation.clips.at(ranked.index), mel));
    clips.back().rank = ranked.rank;
    clips.back().scores = scores.clips.at(ranked.index);
  }
  return clips;
}

// Writes what an evaluation leaves in its folder beside its clips.
EvaluationResult keep(const eval::Report& report, const fs::path& folder) {
  EvaluationResult result;
  result.folder = folder;
  result.table = eval::to_text(report.scores);
  result.json = eval::to_json(report.scores);
  write_file(folder / "scores.json", result.json);
  write_file(folder / "report.html", eval::to_html(report));
  return result;
}

}  // namespace

EvaluationResult evaluate_run(const EvaluationRequest& request) {
  TrainedNetwork trained = load_network(request.run);
  if (!request.manifest.empty())
    trained.config.data.manifest = request.manifest;
  const Evaluation evaluation = as_evaluation(request, trained.config);
  const fs::path folder = evaluation_folder(request, trained.checkpoint, evaluation.manifest);
  const std::string clips = folder.filename().string();
  log::info(
      "{} clips of {} through {}", evaluation.clips.size(), clips, trained.checkpoint.string());

  const auto vocoder = make_vocoder(request.vocoder, trained.config);
  Synthesizer synthesizer(trained.network, trained.config, trained.device, vocoder);
  eval::Report report = empty_report(request, trained, evaluation, clips);
  report.facts.push_back({"vocoder", vocoder->description()});
  report.scores = evaluate(synthesizer, trained.config, evaluation, [&](const EvaluatedClip& clip) {
    keep_clip(folder, clip);
  });
  report.clips = shown_clips(report.scores, evaluation, folder, trained.config.audio);
  return keep(report, folder);
}

}  // namespace lipsound2::experiment
