#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "lipsound2/audio/mel.h"
#include "lipsound2/config/field_visitor.h"
#include "lipsound2/data/batch.h"
#include "lipsound2/data/clip_list.h"

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

  void visit(config::FieldVisitor& v);
};

/// How pictures reach the network.
struct FaceInputConfig {
  std::int64_t size = 64;       ///< side of what the network sees
  std::int64_t resize_to = 72;  ///< pictures are brought to this side, then cut to `size`
  bool color = false;

  void visit(config::FieldVisitor& v);
};

enum class Order { kShuffled, kAsListed };

struct LoaderConfig {
  FaceInputConfig faces;
  AugmentConfig augment;
  audio::MelConfig mel;
  std::int64_t batch_size = 16;
  std::int64_t threads = 1;
  std::int64_t prefetch = 2;  ///< finished batches kept ahead
  Order order = Order::kShuffled;
  bool augmented = true;
  bool with_samples = false;
  std::uint64_t seed = 1;
};

/// Threads that read, decode, cut, augment and batch clips ahead of their use. The batches depend
/// only on (clips, config.seed, epoch), not on the number of threads; each clip comes exactly
/// once per epoch; with kShuffled the last incomplete batch of an epoch is kept too. Batches of
/// similar length are formed when lengths differ (buckets), to keep padding small.
///
/// next() may be called from one thread. Errors of a worker (kData, kIo) are rethrown by next().
/// Small corpora (pictures and mels below 1 GiB) are decoded once and kept in memory; that changes
/// no batch. Shut-down: no further clip is begun, the queue of batches is closed, the threads join.
class Loader {
 public:
  Loader(std::filesystem::path manifest_folder, ClipList clips, const LoaderConfig& config);
  ~Loader();

  /// Starts (again) at batch `first_batch` of `epoch`.
  void start(std::int64_t epoch, std::int64_t first_batch = 0);
  /// Nothing at the end of the epoch.
  std::optional<Batch> next();
  std::int64_t batches_per_epoch() const;
  /// Milliseconds that next() has waited in all: how far data, not compute, is the bottleneck.
  double waited_ms() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lipsound2::data
