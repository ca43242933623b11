#include "lipsound2/experiment/reporting.h"

#include <optional>

#include <fmt/format.h>
#include <torch/version.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/log.h"
#include "lipsound2/data/clip_list.h"
#include "lipsound2/eval/clip_ranking.h"
#include "lipsound2/eval/report.h"
#include "lipsound2/eval/text_metrics.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/speech_clips.h"

#include "fetched_clips.h"
#include "kept_clips.h"
#include "text_scores.h"

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
  for (const std::string& metric : request.metrics)
    if (!eval::is_text_metric(metric))
      evaluation.metrics.push_back(metric);
  evaluation.videos = request.videos;
  return evaluation;
}

/// What a recognizer made of both kinds of sound.
struct HeardTexts {
  TextScores synthesized;
  TextScores natural;

  void add(const EvaluatedClip& clip) {
    synthesized.add(clip.entry, clip.sound);
    natural.add(clip.entry, clip.reference);
  }
};

std::optional<HeardTexts> make_heard_texts(const EvaluationRequest& request) {
  std::vector<std::string> metrics;
  for (const std::string& metric : request.metrics)
    if (eval::is_text_metric(metric))
      metrics.push_back(metric);
  if (metrics.empty())
    return std::nullopt;
  require(!request.recognizer.empty(),
          ErrorKind::kUsage,
          "{} needs a recognizer: name its run by --asr",
          metrics.front());
  const auto transcriber =
      std::make_shared<Transcriber>(load_recognizer(request.recognizer), request.decoding);
  return HeardTexts{TextScores(transcriber, metrics), TextScores(transcriber, metrics)};
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

// Writes what was heard; returns the scores of natural sound for people.
std::string keep_texts(const HeardTexts& texts, const fs::path& folder) {
  texts.natural.warn_of_unknown_letters();
  write_file(folder / "heard.tsv", texts.synthesized.heard());
  write_file(folder / "natural.tsv", texts.natural.heard());
  write_file(folder / "natural.json", eval::to_json(texts.natural.table()));
  return "\nThe same recognizer on natural sound:\n" + eval::to_text(texts.natural.table());
}

// With the run's own corpus, or the one that was asked for, whose shards lie beside its manifest.
ExperimentConfig with_corpus(ExperimentConfig config, const EvaluationRequest& request) {
  if (request.manifest.empty())
    return config;
  config.data.manifest = request.manifest;
  config.data.shards = "";
  return config;
}

// Where the evaluation keeps clips that come from elsewhere, until it is over.
fs::path fetched_folder(const fs::path& folder) {
  return folder / "clips";
}

// On the same clips, but where they can be read at random.
Evaluation at_hand(Evaluation evaluation, const ExperimentConfig& config, const fs::path& folder) {
  if (config.data.shards.empty())
    return evaluation;
  evaluation.manifest = fetch_clips(config, evaluation.clips, fetched_folder(folder));
  evaluation.clips = data::read_manifest(evaluation.manifest);
  return evaluation;
}

}  // namespace

EvaluationResult evaluate_run(const EvaluationRequest& request) {
  TrainedNetwork trained = load_network(request.run);
  trained.config = with_corpus(trained.config, request);
  const Evaluation asked = as_evaluation(request, trained.config);
  const fs::path folder = evaluation_folder(request, trained.checkpoint, asked.manifest);
  const std::string clips = folder.filename().string();
  log::info("{} clips of {} through {}", asked.clips.size(), clips, trained.checkpoint.string());

  auto texts = make_heard_texts(request);
  const auto vocoder = make_vocoder(request.vocoder, trained.config);
  Synthesizer synthesizer(trained.network, trained.config, trained.device, vocoder);
  eval::Report report = empty_report(request, trained, asked, clips);
  report.facts.push_back({"vocoder", vocoder->description()});
  const Evaluation evaluation = at_hand(asked, trained.config, folder);
  report.scores = evaluate(synthesizer, trained.config, evaluation, [&](const EvaluatedClip& clip) {
    keep_clip(folder, clip);
    if (texts)
      texts->add(clip);
  });
  if (texts)
    add_scores(report.scores, texts->synthesized.table());
  report.clips = shown_clips(report.scores, evaluation, folder, trained.config.audio);
  EvaluationResult result = keep(report, folder);
  fs::remove_all(fetched_folder(folder));
  if (texts)
    result.table += keep_texts(*texts, folder);
  return result;
}

EvaluationResult evaluate_recognizer(const EvaluationRequest& request) {
  for (const std::string& metric : request.metrics)
    require(eval::is_text_metric(metric),
            ErrorKind::kUsage,
            "{}: a recognizer makes no sound that {} could score; it is scored by wer or cer",
            request.run,
            metric);
  TrainedRecognizer trained = load_recognizer(request.run);
  trained.config = with_corpus(trained.config, request);
  const fs::path manifest = find_manifest(trained.config);
  const fs::path folder = evaluation_folder(request, trained.checkpoint, manifest);
  if (!trained.config.data.shards.empty())
    trained.config.data.manifest =
        fetch_clips(trained.config,
                    data::ClipList::read(manifest).split(request.split, manifest).entries(),
                    fetched_folder(folder));
  const std::vector<SpeechClip> clips = speech_clips(trained.config, request.split);
  log::info("{} clips of {} through {}",
            clips.size(),
            folder.filename().string(),
            trained.checkpoint.string());
  TextScores scores(std::make_shared<Transcriber>(trained, request.decoding), request.metrics);
  for (const SpeechClip& clip : clips)
    scores.add(clip.entry, read_speech(clip, trained.config.audio.sample_rate));
  scores.warn_of_unknown_letters();
  make_folder(folder);
  EvaluationResult result{folder, eval::to_text(scores.table()), eval::to_json(scores.table())};
  write_file(folder / "scores.json", result.json);
  write_file(folder / "heard.tsv", scores.heard());
  fs::remove_all(fetched_folder(folder));
  return result;
}

}  // namespace lipsound2::experiment
