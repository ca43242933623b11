#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lipsound2/corpora/prepare.h"

namespace lipsound2::corpora {

/// How a number is distributed over clips.
struct Spread {
  double least = 0;
  double median = 0;
  double most = 0;
};

/// What a look at every clip told: its headers and its sound, not its pictures.
struct LookCensus {
  std::int64_t clips = 0;                           ///< that could be looked at
  double seconds = 0;                               ///< of pictures, by the headers
  std::map<std::string, std::int64_t> containers;   ///< clips by container and codecs
  std::map<std::string, std::int64_t> sizes;        ///< by picture size
  std::map<std::string, std::int64_t> frame_rates;  ///< by pictures per second
  std::map<std::string, std::int64_t> sounds;       ///< by rate and channels
  Spread length;                                    ///< seconds of pictures
  Spread sound_start;        ///< seconds by which the sound begins after the pictures
  Spread sound_end;          ///< seconds by which the sound ends after the pictures
  Spread rms;                ///< dB of full scale; clips with sound only, as is `peak`
  Spread peak;               ///< dB of full scale
  std::int64_t clipped = 0;  ///< clips with three or more successive samples at full scale
  std::int64_t silent = 0;   ///< clips without a sample above -60 dB
  std::int64_t mute = 0;     ///< clips without sound
  std::map<std::string, std::int64_t> faults;  ///< clips that cannot be used, by kind of reason
  std::vector<std::pair<std::string, std::string>> duplicates;  ///< ids of files with equal bytes
};

/// What becomes of a few clips, spread over the corpus, that were read as prepare() would.
struct Trial {
  Census census;
  std::int64_t clips = 0;
  std::int64_t bytes = 0;  ///< in shards
  ReadingTimes times;
};

struct CheckReport {
  PrepareConfig config;
  std::int64_t clips = 0;                        ///< planned
  std::int64_t left_out = 0;                     ///< clips of the corpus that no list names
  std::vector<std::string> missing;              ///< ids of the lists that the corpus lacks
  std::vector<std::string> remarks;              ///< about the corpus as a whole
  std::map<std::string, std::int64_t> splits;    ///< planned clips
  std::map<std::string, SpeakerCount> speakers;  ///< planned clips
  std::int64_t without_text = 0;                 ///< planned clips without a transcript
  std::map<std::string, std::int64_t> notes;     ///< of the reader, by kind
  LookCensus looks;
  Trial trial;
  std::int64_t shards = 0;
  std::int64_t shards_finished = 0;        ///< in `out`, by an earlier run with this plan
  std::string conflict;                    ///< why `out` cannot be used; empty if it can
  std::optional<std::int64_t> free_bytes;  ///< where `out` lies

  /// Speakers with clips in more than one split.
  std::vector<std::string> shared_speakers() const;
  /// What prepare() would take, guessed from the trial; nothing when no clip of it could be used.
  std::optional<double> expected_bytes() const;
  std::optional<double> expected_seconds() const;
};

/// Looks at a corpus and says what prepare() would do; writes nothing. Every file is read once, a
/// hundred clips are tried in full. Throws as prepare() does for corpora that cannot be planned.
CheckReport check(const PrepareConfig& config);

std::string to_text(const CheckReport& report);
std::string to_json(const CheckReport& report);

}  // namespace lipsound2::corpora
