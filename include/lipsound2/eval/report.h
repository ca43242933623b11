#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/eval/score_table.h"

namespace lipsound2::eval {

/// A picture of the report, with the bytes of a PNG file.
struct ReportPicture {
  std::string caption;
  std::string png;
};

/// One sound of a clip, such as "synthesized".
struct ReportSound {
  std::string label;
  audio::Waveform sound;
};

/// A clip to listen to.
struct ReportClip {
  std::string id;
  std::string note;  ///< such as the sentence that is spoken; may be empty
  std::vector<ReportSound> sounds;
};

/// What a report shows, from top to bottom. Parts that are empty are left out.
struct Report {
  std::string title;
  std::vector<std::pair<std::string, std::string>>
      facts;  ///< such as {"checkpoint", "best, step 2000"}
  ScoreTable scores;
  std::vector<ReportClip> clips;
  std::vector<ReportPicture> pictures;
};

/// A page that needs nothing else: no network, no script, no other file. Texts are escaped.
std::string to_html(const Report& report);

}  // namespace lipsound2::eval
