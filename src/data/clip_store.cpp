#include "clip_store.h"

#include <utility>

namespace lipsound2::data {
namespace {

bool all_fit(const ClipDecoder& decoder, const ClipList& clips, std::int64_t byte_limit) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < clips.size(); ++i)
    bytes += decoder.bytes(clips.frames(i), clips.samples(i));
  return bytes <= byte_limit;
}

}  // namespace

ClipStore::ClipStore(ClipDecoder decoder, ClipList clips, std::int64_t byte_limit)
    : decoder_(std::move(decoder)),
      clips_(std::move(clips)),
      keeps_(all_fit(decoder_, clips_, byte_limit)),
      kept_(keeps_ ? clips_.size() : 0) {}

std::shared_ptr<const DecodedClip> ClipStore::get(std::int64_t position) {
  const auto index = static_cast<std::size_t>(position);
  if (keeps_) {
    const std::lock_guard lock(mutex_);
    if (kept_.at(index))
      return kept_[index];
  }
  auto clip = std::make_shared<const DecodedClip>(decoder_(clips_[index]));
  if (keeps_) {
    const std::lock_guard lock(mutex_);
    kept_[index] = clip;
  }
  return clip;
}

}  // namespace lipsound2::data
