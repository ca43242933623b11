#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace lipsound2::corpora {

/// Clips with their length.
struct ClipCount {
  std::int64_t clips = 0;
  std::int64_t frames = 0;
  double seconds = 0;  ///< of sound

  ClipCount& operator+=(const ClipCount& other);
};

struct SpeakerCount {
  std::string sex;                            ///< "m", "f", or unknown: ""
  std::map<std::string, std::int64_t> clips;  ///< by split
};

/// What a prepared corpus holds, or some of its shards.
struct Census {
  std::map<std::string, ClipCount> splits;
  std::map<std::string, SpeakerCount> speakers;
  std::map<std::string, std::int64_t> formats;  ///< clips by how the corpus stores them
  std::map<std::string, std::int64_t> notes;    ///< clips by kind of note
  std::map<std::string, std::int64_t> rejects;  ///< clips that cannot be used, by kind of reason

  Census& operator+=(const Census& other);
  /// Of the clips that can be used.
  ClipCount total() const;
  std::int64_t rejected() const;
  /// Of all clips; 0 when there are none.
  double rejected_share() const;
};

/// A note or reason without what differs from clip to clip, to count equal ones together: numbers
/// become N and what is quoted becomes '...'.
std::string kind_of(std::string_view text);

}  // namespace lipsound2::corpora
