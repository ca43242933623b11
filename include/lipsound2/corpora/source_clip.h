#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "lipsound2/video/footage.h"

namespace lipsound2::corpora {

/// A clip of a corpus as it is distributed.
struct SourceClip {
  std::string id;  ///< such as "s1/bbaf2n"
  std::string speaker;
  std::string text;  ///< empty when there is no transcript
  std::filesystem::path video;
  std::filesystem::path sound;  ///< a file that begins with the clip; empty: the video's own track
  std::optional<video::Span> part;  ///< of a longer recording; nothing: the whole
  std::string note;   ///< what was odd but survived, such as an alignment that disagrees
  std::string fault;  ///< why the clip cannot be used; empty for a good one
};

}  // namespace lipsound2::corpora
