#pragma once

#include <filesystem>
#include <string>

namespace lipsound2::corpora {

/// A clip of a corpus as it is distributed.
struct SourceClip {
  std::string id;  ///< such as "s1/bbaf2n"
  std::string speaker;
  std::string text;             ///< empty when there is no transcript
  std::filesystem::path video;  ///< with the sound track that belongs to it
  std::string note;             ///< what was odd but survived, such as an alignment that disagrees
  std::string fault;            ///< why the clip cannot be used; empty for a good one
};

}  // namespace lipsound2::corpora
