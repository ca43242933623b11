#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "lipsound2/data/clip_list.h"

#include "clip_decoder.h"

namespace lipsound2::data {

/// The clips of a split, decoded when first asked for, and kept when the whole split fits into
/// `byte_limit`: epochs over a small corpus then decode each picture once. Safe to use from several
/// threads.
class ClipStore {
 public:
  ClipStore(ClipDecoder decoder, ClipList clips, std::int64_t byte_limit);

  std::shared_ptr<const DecodedClip> get(std::int64_t position);
  /// A clip whose bytes are already there; never kept.
  std::shared_ptr<const DecodedClip> decode(const ManifestEntry& entry,
                                            const std::string& bytes) const {
    return std::make_shared<const DecodedClip>(decoder_(entry, bytes));
  }
  const ClipList& clips() const { return clips_; }
  bool keeps() const { return keeps_; }

 private:
  const ClipDecoder decoder_;
  const ClipList clips_;
  const bool keeps_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const DecodedClip>> kept_;  ///< empty unless keeps()
};

}  // namespace lipsound2::data
