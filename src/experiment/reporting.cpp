#include "lipsound2/experiment/reporting.h"

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/log.h"
#include "lipsound2/eval/report.h"
#include "lipsound2/experiment/figure.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/runs.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kShownClips = 4;  // with pictures and sounds in the report

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
  return run_folder(checkpoint) / "eval" / name;
}

// Adds a clip with its sounds and pictures to the report.
void show_clip(const EvaluatedClip& clip, const fs::path& figures, eval::Report& report) {
  const std::string stem = file_stem(clip.entry.id);
  FigurePngs pngs = write_figures(
      figures, stem, {clip.reference_mel, clip.generated.mel, clip.generated.weights});
  report.clips.push_back({clip.entry.id,
                          clip.entry.text,
                          {{"reference", clip.reference}, {"synthesized", clip.sound}}});
  report.pictures.push_back(
      {clip.entry.id + ": mel spectrogram, reference above, synthesized below",
       std::move(pngs.mel)});
  report.pictures.push_back(
      {clip.entry.id + ": attention, decoder steps to the right, pictures upward",
       std::move(pngs.attention)});
}

Evaluation as_evaluation(const EvaluationRequest& request, ExperimentConfig config) {
  if (!request.manifest.empty())
    config.data.manifest = request.manifest;
  Evaluation evaluation;
  evaluation.manifest = find_manifest(config);
  evaluation.clips = data::select_split(
      data::read_manifest(evaluation.manifest), request.split, evaluation.manifest);
  evaluation.metrics = request.metrics;
  evaluation.videos = request.videos;
  return evaluation;
}

// Writes all that an evaluation leaves in its folder.
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
  const fs::path checkpoint = find_checkpoint(request.run);
  TrainedNetwork trained = load_network(checkpoint.string());
  const Evaluation evaluation = as_evaluation(request, trained.config);
  const fs::path folder = evaluation_folder(request, checkpoint, evaluation.manifest);
  const std::string clips = folder.filename().string();
  log::info("{} clips of {} through {}", evaluation.clips.size(), clips, checkpoint.string());

  Synthesizer synthesizer(trained.network, trained.config, trained.device);
  eval::Report report;
  report.title = trained.config.name + ": " + clips;
  report.facts = {{"checkpoint", checkpoint.string()},
                  {"manifest", evaluation.manifest.string()},
                  {"vocoder", "Griffin-Lim"}};
  report.scores = evaluate(synthesizer, trained.config, evaluation, [&](const EvaluatedClip& clip) {
    const fs::path wav = folder / "wav" / (clip.entry.id + ".wav");
    make_folder(wav.parent_path());
    audio::write_wav(wav, clip.sound);
    if (report.clips.size() < kShownClips)
      show_clip(clip, folder / "figures", report);
  });
  return keep(report, folder);
}

}  // namespace lipsound2::experiment
