#include "text_scores.h"

#include <utility>

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/log.h"
#include "lipsound2/eval/text_metrics.h"
#include "lipsound2/eval/text_normalization.h"

namespace lipsound2::experiment {

TextScores::TextScores(std::shared_ptr<Transcriber> transcriber,
                       const std::vector<std::string>& metrics)
    : transcriber_(std::move(transcriber)), table_(eval::empty_text_table(metrics)) {}

void TextScores::add(const data::ManifestEntry& clip, const audio::Waveform& sound) {
  require(!clip.text.empty(), ErrorKind::kData, "{}: has no text to compare with", clip.id);
  for (const auto& [letter, count] :
       transcriber_->alphabet().unknown_characters({eval::normalize_text(clip.text)}))
    unknown_[letter] += count;
  const std::string text = (*transcriber_)(sound, clip.id).text;
  table_.clips.push_back(eval::score_texts(clip.id, clip.text, text, table_.metrics));
  table_.clips.back().speaker = clip.speaker;
  heard_ += fmt::format("{}\t{}\t{}\n", clip.id, clip.text, text);
}

void TextScores::warn_of_unknown_letters() const {
  if (!unknown_.empty())
    log::warn("the texts: {}; each counts as an error",
              transcriber_->alphabet().describe_unknown(unknown_));
}

void add_scores(eval::ScoreTable& table, const eval::ScoreTable& more) {
  TORCH_CHECK(table.clips.size() == more.clips.size(), "both tables have the same clips");
  table.metrics.insert(table.metrics.end(), more.metrics.begin(), more.metrics.end());
  table.variants.insert(more.variants.begin(), more.variants.end());
  for (std::size_t i = 0; i < more.clips.size(); ++i) {
    eval::ClipScores& clip = table.clips[i];
    clip.scores.insert(more.clips[i].scores.begin(), more.clips[i].scores.end());
    clip.errors.insert(more.clips[i].errors.begin(), more.clips[i].errors.end());
    if (!more.clips[i].note.empty())
      clip.note += (clip.note.empty() ? "" : "; ") + more.clips[i].note;
  }
}

}  // namespace lipsound2::experiment
