#include "score_shares.h"

#include <cmath>

#include "lipsound2/core/error.h"
#include "lipsound2/eval/text_metrics.h"

namespace lipsound2::eval {

std::optional<double> score_of(const ClipScores& clip, const std::string& metric) {
  const auto score = clip.scores.find(metric);
  if (score == clip.scores.end())
    return std::nullopt;
  require(std::isfinite(score->second),
          ErrorKind::kNumeric,
          "{}: expected a finite score for {}, found {}",
          clip.id,
          metric,
          score->second);
  return score->second;
}

std::optional<Share> share_of(const ClipScores& clip, const std::string& metric) {
  if (const auto counts = clip.errors.find(metric); counts != clip.errors.end())
    return Share{static_cast<double>(counts->second.errors()),
                 static_cast<double>(counts->second.reference_units())};
  require(!is_corpus_rate(metric) || !clip.scores.contains(metric),
          ErrorKind::kData,
          "{}: expected the counts of errors behind {}, found the clip's rate only",
          clip.id,
          metric);
  const auto score = score_of(clip, metric);
  return score ? std::optional(Share{.value = *score}) : std::nullopt;
}

std::vector<Share> shares_of(const ScoreTable& table, const std::string& metric) {
  std::vector<Share> shares;
  for (const ClipScores& clip : table.clips)
    if (const auto share = share_of(clip, metric))
      shares.push_back(*share);
  return shares;
}

}  // namespace lipsound2::eval
