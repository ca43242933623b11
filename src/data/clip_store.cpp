#include "clip_store.h"

#include <utility>

namespace lipsound2::data {
namespace {

bool all_fit(const ClipDecoder& decoder,
             const std::vector<ManifestEntry>& entries,
             std::int64_t byte_limit) {
  std::int64_t bytes = 0;
  for (const ManifestEntry& entry : entries)
    bytes += decoder.bytes(entry);
  return bytes <= byte_limit;
}

}  // namespace

ClipStore::ClipStore(ClipDecoder decoder,
                     std::vector<ManifestEntry> entries,
                     std::int64_t byte_limit)
    : decoder_(std::move(decoder)),
      entries_(std::move(entries)),
      keeps_(all_fit(decoder_, entries_, byte_limit)),
      kept_(entries_.size()) {}

std::shared_ptr<const DecodedClip> ClipStore::get(std::int64_t position) {
  const auto index = static_cast<std::size_t>(position);
  {
    const std::lock_guard lock(mutex_);
    if (kept_.at(index))
      return kept_[index];
  }
  auto clip = std::make_shared<const DecodedClip>(decoder_(entries_[index]));
  if (keeps_) {
    const std::lock_guard lock(mutex_);
    kept_[index] = clip;
  }
  return clip;
}

}  // namespace lipsound2::data
