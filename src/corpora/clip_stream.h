#pragma once

#include <deque>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "lipsound2/core/bounded_queue.h"
#include "lipsound2/core/error.h"
#include "lipsound2/corpora/census.h"
#include "lipsound2/data/manifest.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/video/face_clip.h"

#include "prepare_plan.h"

namespace lipsound2::corpora {

/// A clip as it goes into a shard, or the reason why it does not.
struct ReadClip {
  data::ManifestEntry entry;  ///< but for its place in a shard
  data::StoredClip stored;
  std::string format;  ///< how pictures and sound are stored in the corpus
  std::vector<std::string> notes;
  std::string reason;  ///< why the clip was rejected; empty otherwise
  ReadingTimes times;  ///< of this clip, but for `write` and `wall`
};

/// Counts the clip, accepted or rejected.
void count_read(const ReadClip& clip, Census& census);

/// The message without the name of the clip's file in front.
std::string reason_of(const Error& error, const SourceClip& clip);

/// Reads, crops and encodes clips in several threads and gives them out in their order. Use it from
/// one thread. Errors that are no fault of a clip, such as a full memory, come out of next().
class ClipStream {
 public:
  /// `clips` must outlive the stream. Throws kIo when the face detector cannot be loaded.
  ClipStream(std::vector<const PlannedClip*> clips,
             std::int64_t jobs,
             const video::FaceClipConfig& config);
  /// Waits for the clips that are in hand.
  ~ClipStream();
  ClipStream(const ClipStream&) = delete;
  ClipStream& operator=(const ClipStream&) = delete;

  /// Must not be called more often than there are clips.
  ReadClip next();

 private:
  using Job = std::packaged_task<ReadClip(video::FaceClipReader&)>;
  void work(video::FaceClipReader& reader);

  std::vector<const PlannedClip*> clips_;
  video::FaceClipConfig config_;
  std::size_t window_;  ///< clips that may be in hand or done ahead of next()
  std::size_t asked_ = 0;
  BoundedQueue<Job> jobs_;
  std::deque<std::future<ReadClip>> coming_;
  std::vector<video::FaceClipReader> readers_;
  std::vector<std::thread> threads_;
};

}  // namespace lipsound2::corpora
