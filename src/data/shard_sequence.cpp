#include "lipsound2/data/shard_sequence.h"

#include <algorithm>
#include <memory>
#include <tuple>

#include "clip_view.h"
#include "shard_stream.h"

namespace lipsound2::data {

void sort_by_place(std::vector<ManifestEntry>& clips) {
  std::ranges::sort(
      clips, {}, [](const ManifestEntry& entry) { return std::tie(entry.shard, entry.offset); });
}

void read_in_sequence(const std::filesystem::path& manifest_folder,
                      const std::string& shards,
                      const std::vector<ManifestEntry>& clips,
                      const std::function<void(const ManifestEntry&, const StoredClip&)>& use) {
  const ShardSource source(manifest_folder, shards);
  std::unique_ptr<ShardStream> stream;
  std::string open;
  for (const ManifestEntry& entry : clips) {
    const std::string shard = source.of(entry.shard);
    if (stream && (shard != open || entry.offset < stream->position())) {
      stream->finish({});
      stream.reset();
    }
    if (!stream)
      stream = std::make_unique<ShardStream>(shard);
    open = shard;
    const std::string bytes =
        stream->read(entry.offset, entry.bytes, where_clip(shard, entry.id), {});
    use(entry, parse_clip(bytes, entry, shard));
  }
  if (stream)
    stream->finish({});
}

}  // namespace lipsound2::data
