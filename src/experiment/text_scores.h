#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lipsound2/data/manifest.h"
#include "lipsound2/eval/score_table.h"
#include "lipsound2/experiment/transcriber.h"

namespace lipsound2::experiment {

/// Lets a recognizer hear clips one after another and scores the texts.
class TextScores {
 public:
  TextScores(std::shared_ptr<Transcriber> transcriber, const std::vector<std::string>& metrics);

  /// Throws kData when the clip has no text to compare with.
  void add(const data::ManifestEntry& clip, const audio::Waveform& sound);

  const eval::ScoreTable& table() const { return table_; }
  /// A line per clip: id, text, what was heard.
  const std::string& heard() const { return heard_; }
  /// Warns of letters that the texts have and the recognizer cannot write.
  void warn_of_unknown_letters() const;

 private:
  std::shared_ptr<Transcriber> transcriber_;
  eval::ScoreTable table_;
  std::map<char32_t, std::int64_t> unknown_;
  std::string heard_ = "id\ttext\theard\n";
};

/// Adds the scores of `more`, which has the same clips, to those of the table.
void add_scores(eval::ScoreTable& table, const eval::ScoreTable& more);

}  // namespace lipsound2::experiment
