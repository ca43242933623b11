#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/eval/score_table.h"

namespace lipsound2::eval {

/// What the width or the height of a picture means: from `low`, left or at the bottom, to `high`
/// above it.
struct ReportAxis {
  std::string label;  ///< with its unit, such as "time (s)"
  double low = 0;
  double high = 1;
};

/// A picture that is shown between two axes.
struct ReportPicture {
  std::string caption;
  std::string png;  ///< the bytes of a PNG file
  ReportAxis x;
  ReportAxis y;
};

/// One sound of a clip, such as "Synthesized".
struct ReportSound {
  std::string label;
  audio::Waveform sound;
};

/// A clip to listen to and to look at.
struct ReportClip {
  std::string rank;  ///< why it is shown, such as "Best by stoi, 1 of 40"
  ClipScores scores;
  std::string text;  ///< what is spoken; may be empty
  std::vector<ReportSound> sounds;
  std::vector<ReportPicture> pictures;
};

/// What a report shows, from top to bottom. Parts that are empty are left out.
struct Report {
  std::string title;
  std::vector<std::pair<std::string, std::string>>
      facts;  ///< such as {"checkpoint", "best, step 2000"}
  ScoreTable scores;
  std::vector<ReportClip> clips;
  std::string config;  ///< YAML
};

/// A page that needs nothing else: no network, no script, no other file. Texts are escaped. Means,
/// medians and intervals of every metric with what exactly it is, a histogram each, the clips,
/// means by speaker where there are several, the clips that lack scores and why, all scores, the
/// config. Throws kNumeric, naming the clip, when a score is not finite.
std::string to_html(const Report& report);

}  // namespace lipsound2::eval
