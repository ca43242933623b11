#include "lipsound2/experiment/reporting.h"

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/log.h"
#include "lipsound2/eval/report.h"
#include "lipsound2/experiment/figure.h"
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

eval::ReportClip show_clip(const EvaluatedClip& clip,
                           const fs::path& figures,
                           const fs::path& wav) {
  const std::string stem = file_stem(clip.entry.id);
  write_figures(figures, stem, {clip.reference_mel, clip.generated.mel, clip.generated.weights});
  const fs::path reference = figures / (stem + "_reference.wav");
  audio::write_wav(reference, clip.reference);
  eval::ReportClip shown;
  shown.id = clip.entry.id;
  shown.text = clip.entry.text;
  shown.pictures = {
      {"mel: reference above, generated below", read_file(figures / (stem + "_mel.png"))},
      {"attention: decoder steps to the right, pictures upward",
       read_file(figures / (stem + "_attention.png"))}};
  shown.sounds = {{"reference", read_file(reference)}, {"generated", read_file(wav)}};
  return shown;
}

}  // namespace

std::map<std::string, std::string> variants_of(const std::vector<std::string>& metrics) {
  std::map<std::string, std::string> variants;
  for (const auto& [name, description] : known_metrics())
    if (std::find(metrics.begin(), metrics.end(), name) != metrics.end())
      variants[name] = description;
  return variants;
}

EvaluationResult evaluate_run(const EvaluationRequest& request) {
  const fs::path checkpoint = find_checkpoint(request.run);
  const std::string device = choose_device(load_network(checkpoint.string(), "cpu").config);
  TrainedNetwork trained = load_network(checkpoint.string(), device);
  if (!request.manifest.empty())
    trained.config.data.manifest = request.manifest;
  Evaluation evaluation;
  evaluation.manifest = find_manifest(trained.config);
  evaluation.clips = data::select_split(
      data::read_manifest(evaluation.manifest), request.split, evaluation.manifest);
  evaluation.metrics = request.metrics;
  evaluation.videos = request.videos;
  log::info(
      "{} clips of {} through {}", evaluation.clips.size(), request.split, checkpoint.string());

  EvaluationResult result;
  result.folder = run_folder(checkpoint) / "eval" /
                  (request.split + (request.videos == Videos::kSwapped ? "-swapped" : ""));
  Synthesizer synthesizer(trained.network, trained.config, device);
  eval::Report report;
  const auto table =
      evaluate(synthesizer, trained.config, evaluation, [&](const EvaluatedClip& clip) {
        const fs::path wav = result.folder / "wav" / (clip.entry.id + ".wav");
        make_folder(wav.parent_path());
        audio::write_wav(wav, clip.sound);
        if (report.clips.size() < kShownClips)
          report.clips.push_back(show_clip(clip, result.folder / "figures", wav));
      });
  report.title = fmt::format("{}: {} split{}",
                             trained.config.name,
                             request.split,
                             request.videos == Videos::kSwapped ? ", videos swapped" : "");
  report.table = table;
  report.variants = variants_of(request.metrics);
  result.table = eval::to_text(table);
  result.json = eval::to_json(table, report.variants);
  write_file(result.folder / "scores.json", result.json);
  write_file(result.folder / "report.html", eval::to_html(report));
  return result;
}

}  // namespace lipsound2::experiment
