#include "lipsound2/eval/sound_metrics.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/ranges.h>

#include "lipsound2/audio/resample.h"
#include "lipsound2/core/error.h"
#include "lipsound2/eval/delay.h"
#include "lipsound2/eval/log_spectral_distance.h"
#include "lipsound2/eval/mel_cepstral_distortion.h"
#include "lipsound2/eval/metric_names.h"
#include "lipsound2/eval/pesq.h"
#include "lipsound2/eval/pitch_errors.h"
#include "lipsound2/eval/stoi.h"

#include "checked_sound.h"

namespace lipsound2::eval {
namespace {

using MetricScores = std::map<std::string, double>;

/// Metrics that share their work.
struct MetricGroup {
  std::vector<SoundMetric> metrics;
  /// Lacks what cannot be scored.
  MetricScores (*score)(const audio::Waveform& reference, const audio::Waveform& degraded);
  std::string unscorable;
};

MetricScores score_stoi(const audio::Waveform& reference, const audio::Waveform& degraded) {
  const auto scores = stoi(reference, degraded);
  return scores ? MetricScores{{"stoi", scores->stoi}, {"estoi", scores->estoi}} : MetricScores{};
}

/// At the highest rate of PESQ that the sounds reach; wideband PESQ has but one.
MetricScores score_pesq_at(const audio::Waveform& reference,
                           const audio::Waveform& degraded,
                           PesqBand band) {
  require_sounds(reference, degraded);  // resampling would spread what is not finite
  const bool wide = band == PesqBand::kWide;
  const int lowest = wide ? 16000 : 8000;
  require(reference.rate >= lowest,
          ErrorKind::kData,
          "expected at least {} Hz, found {} Hz",
          lowest,
          reference.rate);
  const int rate = reference.rate >= 16000 ? 16000 : 8000;
  const auto at_rate = [rate](const audio::Waveform& sound) {
    return sound.rate == rate ? sound : audio::resample(sound, rate);
  };
  const auto score = pesq(at_rate(reference), at_rate(degraded), band);
  if (!score)
    return {};
  const std::string name = wide ? "pesq" : "pesq-nb";
  return {{name, score->mos_lqo}, {name + "-raw", score->raw}};
}

MetricScores score_pesq_wide(const audio::Waveform& reference, const audio::Waveform& degraded) {
  return score_pesq_at(reference, degraded, PesqBand::kWide);
}

MetricScores score_pesq_narrow(const audio::Waveform& reference, const audio::Waveform& degraded) {
  return score_pesq_at(reference, degraded, PesqBand::kNarrow);
}

MetricScores named(const std::string& name, const std::optional<double>& score) {
  return score ? MetricScores{{name, *score}} : MetricScores{};
}

MetricScores score_mcd(const audio::Waveform& reference, const audio::Waveform& degraded) {
  return named("mcd", mel_cepstral_distortion(reference, degraded));
}

MetricScores score_mcd_dtw(const audio::Waveform& reference, const audio::Waveform& degraded) {
  return named("mcd-dtw", mel_cepstral_distortion_dtw(reference, degraded));
}

MetricScores score_lsd(const audio::Waveform& reference, const audio::Waveform& degraded) {
  return named("lsd", log_spectral_distance(reference, degraded));
}

MetricScores score_pitch(const audio::Waveform& reference, const audio::Waveform& degraded) {
  const auto errors = pitch_errors(reference, degraded);
  if (!errors)
    return {};
  MetricScores scores{{"vde", errors->voicing_decision_error}};
  if (errors->rmse_hz)
    scores["f0-rmse"] = *errors->rmse_hz;
  if (errors->rmse_cents)
    scores["f0-rmse-cents"] = *errors->rmse_cents;
  if (errors->gross_pitch_error)
    scores["gpe"] = *errors->gross_pitch_error;
  return scores;
}

MetricScores score_delay(const audio::Waveform& reference, const audio::Waveform& degraded) {
  const auto delay = estimate_delay(reference, degraded);
  return delay ? MetricScores{{"delay", delay->ms}} : MetricScores{};
}

const std::vector<MetricGroup>& metric_groups() {
  const char* const short_or_silent = "a sound is silent or shorter than a frame";
  const char* const no_utterance =
      "a sound is shorter than a quarter of a second, or there is no utterance";
  static const std::vector<MetricGroup> groups{
      {{{"stoi", "STOI, Taal et al. 2011, at 10 kHz"},
        {"estoi", "extended STOI, Jensen and Taal 2016, at 10 kHz"}},
       score_stoi,
       "the reference has fewer than 30 frames (0.4 s) of speech"},
      {{{"pesq", "P.862.2 wideband MOS-LQO, 16 kHz; higher rates are resampled"},
        {"pesq-raw", "P.862.2 wideband, raw score before the mapping to MOS-LQO"}},
       score_pesq_wide,
       no_utterance},
      {{{"pesq-nb", "P.862 narrowband with P.862.1 MOS-LQO, 8 or 16 kHz; others are resampled"},
        {"pesq-nb-raw", "P.862 narrowband, raw score before the mapping of P.862.1"}},
       score_pesq_narrow,
       no_utterance},
      {{{"mcd", "mel-cepstral distortion in dB, frame by frame"}}, score_mcd, short_or_silent},
      {{{"mcd-dtw", "mel-cepstral distortion in dB, time-warped"}}, score_mcd_dtw, short_or_silent},
      {{{"lsd", "log-spectral distance in dB"}}, score_lsd, short_or_silent},
      {{{"f0-rmse", "pitch error in Hz, root mean square over frames voiced in both"},
        {"f0-rmse-cents", "pitch error in cents, root mean square over frames voiced in both"},
        {"vde", "voicing decision error, share of frames"},
        {"gpe", "gross pitch error (over 20 %), share of frames voiced in both"}},
       score_pitch,
       "the reference has no voiced frame, or none is voiced in both"},
      {{{"delay", "delay of the degraded sound in ms"}},
       score_delay,
       "a sound is shorter than 0.1 s or too steady to align"}};
  return groups;
}

bool is_wanted(const std::string& name, const std::vector<std::string>& metrics) {
  return std::ranges::find(metrics, name) != metrics.end();
}

/// Adds the group's scores to the clip, and to its failure text what it could not score.
void add_scores(const MetricGroup& group,
                const std::vector<std::string>& wanted,
                const MetricScores& scores,
                const std::string& reason,
                ClipScores& clip) {
  std::vector<std::string> missing;
  for (const std::string& name : wanted) {
    const auto score = scores.find(name);
    if (score != scores.end() && std::isfinite(score->second))
      clip.scores[name] = score->second;
    else
      missing.push_back(name);
  }
  if (missing.empty())
    return;
  clip.failure += fmt::format("{}{}: {}",
                              clip.failure.empty() ? "" : "; ",
                              fmt::join(missing, ", "),
                              reason.empty() ? group.unscorable : reason);
}

}  // namespace

std::vector<SoundMetric> sound_metrics() {
  std::vector<SoundMetric> metrics;
  for (const MetricGroup& group : metric_groups())
    metrics.insert(metrics.end(), group.metrics.begin(), group.metrics.end());
  return metrics;
}

std::vector<std::string> parse_sound_metrics(const std::string& list) {
  std::vector<std::string> known;
  for (const SoundMetric& metric : sound_metrics())
    known.push_back(metric.name);
  return parse_metrics(list, known);
}

ScoreTable empty_table(const std::vector<std::string>& metrics) {
  ScoreTable table;
  table.metrics = metrics;
  for (const SoundMetric& metric : sound_metrics())
    if (is_wanted(metric.name, metrics))
      table.variants[metric.name] = metric.variant;
  return table;
}

ClipScores score_sounds(const std::string& id,
                        const audio::Waveform& reference,
                        const audio::Waveform& degraded,
                        const std::vector<std::string>& metrics) {
  ClipScores clip;
  clip.id = id;
  for (const MetricGroup& group : metric_groups()) {
    std::vector<std::string> wanted;
    for (const SoundMetric& metric : group.metrics)
      if (is_wanted(metric.name, metrics))
        wanted.push_back(metric.name);
    if (wanted.empty())
      continue;
    MetricScores scores;
    std::string reason;
    try {
      scores = group.score(reference, degraded);
    } catch (
        const Error& error) {  // samples that are not finite, say: counted and named, not fatal
      reason = error.what();
    }
    add_scores(group, wanted, scores, reason, clip);
  }
  return clip;
}

}  // namespace lipsound2::eval
