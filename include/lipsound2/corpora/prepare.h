#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lipsound2/corpora/census.h"
#include "lipsound2/video/face_clip.h"

namespace lipsound2::corpora {

/// The shards index - 1, index - 1 + count, index - 1 + 2 count...: what one of `count` machines
/// does.
struct WorkPart {
  std::int64_t index = 1;  ///< 1 to count
  std::int64_t count = 1;

  bool whole() const { return count == 1; }
  bool holds(std::int64_t shard) const { return shard % count == index - 1; }
  std::string name() const;  ///< such as "2/4"
};

/// "2/4", or "slurm" for what Slurm's array variables say (SLURM_ARRAY_TASK_ID, _COUNT and _MIN).
/// Throws kUsage for anything else and for arrays whose numbers do not follow each other.
WorkPart parse_part(const std::string& text);

/// What to make of which corpus. Only `jobs`, `part` and the place of the folders may change
/// between a run that was killed and the run that takes it up.
struct PrepareConfig {
  std::string corpus = "grid";
  std::filesystem::path root;    ///< the corpus as distributed
  std::filesystem::path out;     ///< gets shards/, parts/, plan.json, manifest.jsonl, rejects.jsonl
  std::filesystem::path splits;  ///< a published split or a folder of lists; empty: see Splits
  std::vector<std::string> speakers;  ///< only these; empty: all
  double longest = 12;             ///< seconds; longer videos of a plain folder are cut at pauses
  std::int64_t limit = 0;          ///< only the first so many clips; 0: all
  std::int64_t jobs = 1;           ///< threads that decode and crop
  std::int64_t shard_clips = 100;  ///< planned clips per shard
  WorkPart part;
  video::FaceClipConfig face;
};

/// What reading the clips took in this run. The first five are seconds of processor time over all
/// threads.
struct ReadingTimes {
  double decode = 0;
  double faces = 0;
  double crop = 0;
  double jpeg = 0;
  double sound = 0;
  double write = 0;  ///< seconds in which shards were written, beside the reading
  double wall = 0;   ///< seconds from the first clip to the last
  std::int64_t threads = 0;
  std::int64_t frames = 0;  ///< pictures that came of it

  /// Sums what each thread counts; `write`, `wall` and `threads` stay.
  ReadingTimes& operator+=(const ReadingTimes& other);
  double frames_per_second() const;
};

struct PrepareReport {
  Census census;  ///< of all shards, or of those of the part
  WorkPart part;
  std::filesystem::path out;
  std::int64_t shards = 0;           ///< of the corpus, or of the part
  std::int64_t shards_kept = 0;      ///< of these, finished by an earlier run
  std::int64_t left_out = 0;         ///< clips of the corpus that no list names
  std::vector<std::string> missing;  ///< ids of the lists that the corpus lacks
  std::vector<std::string> remarks;  ///< about the corpus as a whole
  ReadingTimes times;
};

/// Reads a corpus and writes out/shards/NNNNN.tar, out/rejects.jsonl ({"id", "file", "kind",
/// "reason"} a line) and last out/manifest.jsonl; a part of the work writes shards alone. Clips
/// that cannot be used are rejected with a reason, never replaced. May be killed at any moment and
/// called again: finished shards, each witnessed by files in out/parts, are kept, and the result
/// has the same bytes as that of a run that was left alone. Neither the number of jobs nor the
/// division into parts changes a byte. Other parts may run at the same time, also on other
/// machines.
///
/// Throws kUsage for an unknown corpus or when `out` was begun with another plan; kData when the
/// corpus or the lists are missing or do not fit; kIo when a file cannot be read or written.
PrepareReport prepare(const PrepareConfig& config);

/// Joins the shards of all parts into rejects.jsonl and manifest.jsonl. Reads nothing but `out`.
/// Throws kData, naming what is missing, unless every shard is finished and every clip there once.
PrepareReport merge(const std::filesystem::path& out);

/// Throws kData when more than this share of the clips was rejected, or when none is left.
void require_few_rejects(const PrepareReport& report, double most);

/// The report as lines for people, and as JSON.
std::string to_text(const PrepareReport& report);
std::string to_json(const PrepareReport& report);

}  // namespace lipsound2::corpora
