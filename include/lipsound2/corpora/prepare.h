#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "lipsound2/video/face_clip.h"

namespace lipsound2::corpora {

/// What to make of which corpus. Only `jobs` and the place of the folders may change between a run
/// that was killed and the run that takes it up.
struct PrepareConfig {
  std::string corpus = "grid";
  std::filesystem::path root;    ///< the corpus as distributed
  std::filesystem::path out;     ///< gets shards/, parts/, manifest.jsonl and rejects.jsonl
  std::filesystem::path splits;  ///< folder of lists; empty: 90, 5, 5 percent by hash of the id
  std::vector<std::string> speakers;  ///< only these; empty: all
  double longest = 12;             ///< seconds; longer videos of a plain folder are cut at pauses
  std::int64_t limit = 0;          ///< only the first so many clips; 0: all
  std::int64_t jobs = 1;           ///< threads that decode and crop
  std::int64_t shard_clips = 100;  ///< planned clips per shard
  bool check = false;              ///< read every clip, write nothing
  video::FaceClipConfig face;
};

/// Clips with their length.
struct ClipCount {
  std::int64_t clips = 0;
  std::int64_t frames = 0;
  double seconds = 0;  ///< of sound
};

struct PrepareReport {
  ClipCount total;
  std::map<std::string, ClipCount> splits;
  std::map<std::string, std::map<std::string, std::int64_t>> speakers;  ///< clips by split
  std::map<std::string, std::int64_t> rejects;                          ///< clips by reason
  std::map<std::string, std::int64_t> notes;                            ///< clips by note
  std::map<std::string, std::int64_t>
      formats;                       ///< clips read now, by the format they are stored in
  std::int64_t left_out = 0;         ///< clips of the corpus that no list names
  std::vector<std::string> missing;  ///< ids of the lists that the corpus lacks
  std::int64_t shards = 0;
  std::int64_t shards_kept = 0;  ///< finished by an earlier run
  std::int64_t frames_read = 0;  ///< by this run
  double read_seconds = 0;       ///< wall-clock time of this run
  bool check = false;

  std::int64_t rejected() const;
};

/// Reads a corpus and writes out/shards/NNNNN.tar, out/rejects.jsonl ({"id", "file", "reason"} a
/// line) and last out/manifest.jsonl. Clips that cannot be used are rejected with a reason, never
/// replaced. May be killed at any moment and called again: finished shards, each witnessed by files
/// in out/parts, are kept, and the result has the same bytes as that of a run that was left alone.
/// The number of jobs does not change a byte.
///
/// Throws kUsage for an unknown corpus or when `out` was begun with another plan; kData when the
/// corpus or the lists are missing or do not fit, or when every clip was rejected; kIo when a file
/// cannot be read or written.
PrepareReport prepare(const PrepareConfig& config);

/// The report as a few lines for people.
std::string to_text(const PrepareReport& report);

}  // namespace lipsound2::corpora
