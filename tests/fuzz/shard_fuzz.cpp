// A shard of any bytes, or of a clip whose members are any bytes.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

#include "lipsound2/data/shard.h"

#include "fuzz/expect.h"
#include "fuzz/memory_file.h"
#include "tar.h"

namespace lipsound2::fuzz {
namespace {

/// The input itself; or, when it begins with a number, the shard of a clip: that many pictures, and
/// the members between lines of "--". So the checksums of the headers need not be guessed.
std::string shard_of(std::string_view input) {
  if (input.empty() || input.front() < '0' || input.front() > '9')
    return std::string(input);
  input.remove_prefix(1);
  std::string shard;
  for (const char* name : {"s1/a.json", "s1/a.faces.mjpeg", "s1/a.flac"}) {
    const auto end = input.find("\n--\n");
    shard += data::tar_member(name, input.substr(0, end));
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 4);
  }
  return shard;
}

data::ManifestEntry entry_of(std::string_view shard, std::string_view input) {
  data::ManifestEntry entry;
  entry.id = "s1/a";
  entry.frames = input.empty() ? 0 : input.front() - '0';
  entry.bytes = static_cast<std::int64_t>(shard.size());
  entry.crc32 = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(shard.data()), shard.size()));
  return entry;
}

void check_members(const std::vector<data::TarMember>& members, const std::string& shard) {
  for (const data::TarMember& member : members)
    expect(member.content.data() >= shard.data() &&
               member.content.data() + member.content.size() <= shard.data() + shard.size(),
           "members lie in the shard");
}

void check_clip(const data::StoredClip& clip, const data::ManifestEntry& entry) {
  expect(clip.id == entry.id, "the clip is the one asked for");
  expect(static_cast<std::int64_t>(clip.faces.size()) == entry.frames, "all pictures are there");
  std::size_t bytes = clip.flac.size();
  for (const std::string& face : clip.faces)
    bytes += face.size();
  expect(static_cast<std::int64_t>(bytes) < entry.bytes, "a clip is smaller than its shard");
}

void read(std::string_view input) {
  static const MemoryFile file;
  const std::string shard = shard_of(input);
  if (const auto members =
          read_or_refuse({ErrorKind::kData}, [&] { return data::parse_tar(shard, "fuzz"); }))
    check_members(*members, shard);

  file.hold(shard + data::tar_end());
  read_or_refuse({ErrorKind::kData}, [&] { return data::list_shard(file.path()); });
  const auto entry = entry_of(shard, input);
  if (const auto clip = read_or_refuse({ErrorKind::kData},
                                       [&] { return data::parse_clip(shard, entry, "fuzz"); }))
    check_clip(*clip, entry);
}

}  // namespace
}  // namespace lipsound2::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lipsound2::fuzz::read({reinterpret_cast<const char*>(data), size});
  return 0;
}
