#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "lipsound2/audio/mel.h"
#include "lipsound2/config/field_visitor.h"
#include "lipsound2/data/batch_source.h"
#include "lipsound2/data/clip_list.h"
#include "lipsound2/data/face_input_config.h"

namespace lipsound2::data {

/// Training-time changes of the pictures of a clip; the same draw for all pictures of a clip unless
/// said otherwise.
struct AugmentConfig {
  bool random_crop = true;  ///< else the center
  double flip = 0.5;        ///< probability of a mirror image
  double brightness = 0.2;  ///< largest shift, as a share of the full range
  double contrast = 0.2;    ///< largest relative change
  std::int64_t blank_frames =
      3;               ///< at most so many pictures in a row are blanked (to the mean of the clip)
  double blank = 0.3;  ///< probability of a run of blanked pictures
  double erase = 0;    ///< probability of a rectangle that is blanked in all pictures
  double erase_size = 0.3;  ///< its largest side, as a share of the picture's

  void visit(config::FieldVisitor& v);
};

enum class Order { kShuffled, kAsListed };

/// How clips are read. Indexed: each from its place, which mixes best. In sequence: whole shards
/// from front to back, a few at a time, with a buffer to mix in; for object stores and disks that
/// seek slowly. kAuto: in sequence above 100000 clips.
enum class Access { kAuto, kIndexed, kSequential };

/// How pictures leave the loader: as the network wants them; or decoded and resized; or as JPEG.
/// DevicePrefetcher does the rest, to a whole batch on the device, with the same result, except
/// that decoders differ in their last bit.
enum class PictureState { kFinished, kUncut, kJpeg };

struct LoaderConfig {
  FaceInputConfig faces;
  AugmentConfig augment;
  audio::MelConfig mel;
  std::int64_t batch_size = 16;
  std::int64_t max_frames = 0;  ///< when not 0, it limits shuffled batches, not batch_size: clips
                                ///< times the longest length
  std::int64_t threads = 1;
  std::int64_t prefetch = 2;  ///< finished batches kept ahead
  std::string shards;         ///< where the shards are; see ShardSource
  Access access = Access::kAuto;
  std::int64_t buffer = 2048;  ///< clips held when reading in sequence, as they lie in the shards
  std::int64_t keep_bytes = std::int64_t{1}
                            << 30;  ///< decoded clips of smaller sets stay in memory
  std::int64_t rank = 0;            ///< of this process, among
  std::int64_t world = 1;           ///< so many that share every epoch
  PictureState pictures = PictureState::kFinished;
  Order order = Order::kShuffled;
  bool augmented = true;
  bool with_samples = false;
  std::uint64_t seed = 1;
};

/// Threads that read, decode, cut, augment and batch clips ahead of their use. The batches depend
/// only on (clips, config, epoch), not on the number of threads; each clip comes exactly once per
/// epoch over all processes, which get equally many batches (Note [Shared epochs] in
/// sampler.h). With kShuffled batches hold similar lengths, to keep padding small, and the
/// last incomplete one is kept too.
///
/// next() may be called from one thread. Errors of a worker (kData, kIo) are rethrown by next().
/// Small corpora (pictures and mels below keep_bytes) are decoded once and kept in memory; that
/// changes no batch. Shut-down: no further clip is begun, commands that give shards are ended, the
/// queue of batches is closed, the threads join.
class Loader final : public BatchSource {
 public:
  /// Throws kConfig, naming the keys, for settings that do not fit the clips.
  Loader(std::filesystem::path manifest_folder, ClipList clips, const LoaderConfig& config);
  ~Loader() override;

  /// Starts (again) at batch `first_batch` of `epoch`. The batches before it are not decoded, and
  /// shards of which nothing else is needed not read.
  void start(std::int64_t epoch, std::int64_t first_batch = 0) override;
  std::optional<Batch> next() override;
  /// Of this process, in this epoch. With max_frames the number changes a little from epoch to
  /// epoch.
  std::int64_t batches(std::int64_t epoch) const override;
  LoaderTimes times() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lipsound2::data
