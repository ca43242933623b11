#include "lipsound2/data/shard.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <string_view>

#include <c10/util/Exception.h>
#include <zlib.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"

#include "clip_view.h"
#include "manifest_json.h"
#include "tar.h"

namespace lipsound2::data {
namespace {

constexpr std::size_t kLargestPicture = 1 << 30;  // so that sums of sizes do not overflow

/// The id as a WebDataset key. A key ends at the first dot of its file name, so dots become %2E
/// (and percent signs %25).
std::string shard_key(const std::string& id) {
  const bool clean =
      !id.empty() && id.front() != '/' && id.back() != '/' &&
      std::none_of(id.begin(), id.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
  require(clean,
          ErrorKind::kData,
          "'{}': expected an id without control characters and without a slash at either end",
          id);
  std::string key;
  for (const char c : id)
    key += c == '.' ? "%2E" : c == '%' ? "%25" : std::string(1, c);
  return key;
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

std::string join_pictures(const std::vector<std::string>& pictures) {
  std::size_t size = 0;
  for (const std::string& picture : pictures)
    size += picture.size();
  std::string movie;
  movie.reserve(size);
  for (const std::string& picture : pictures)
    movie += picture;
  return movie;
}

std::vector<std::string_view> split_pictures(std::string_view movie,
                                             const std::vector<std::size_t>& sizes) {
  std::vector<std::string_view> pictures;
  pictures.reserve(sizes.size());
  for (const std::size_t size : sizes) {
    pictures.push_back(movie.substr(0, size));
    movie.remove_prefix(size);
  }
  return pictures;
}

/// The lengths of the pictures, out of the JSON member.
std::vector<std::size_t> picture_sizes(const TarMember& member,
                                       const ManifestEntry& entry,
                                       const std::string& where) {
  const auto json = nlohmann::json::parse(member.content, nullptr, /*allow_exceptions=*/false);
  const bool known = json.is_object() && json.contains("id") && json["id"] == entry.id &&
                     json.contains("faces") && json["faces"].is_array();
  require(known,
          ErrorKind::kData,
          "{}: expected JSON with this id and the sizes of its pictures in '{}', found {}",
          where,
          member.name,
          std::string(member.content.substr(0, 60)));
  std::vector<std::size_t> sizes;
  for (const nlohmann::json& size : json["faces"]) {
    require(size.is_number_unsigned() && size.get<std::size_t>() <= kLargestPicture,
            ErrorKind::kData,
            "{}: expected sizes in 'faces', found {}",
            where,
            size.dump());
    sizes.push_back(size.get<std::size_t>());
  }
  return sizes;
}

void check_names(const std::vector<TarMember>& members,
                 const ManifestEntry& entry,
                 const std::string& where) {
  const std::string key = shard_key(entry.id);
  const std::vector<std::string> expected = {key + ".json", key + ".faces.mjpeg", key + ".flac"};
  const bool same =
      std::equal(members.begin(),
                 members.end(),
                 expected.begin(),
                 expected.end(),
                 [](const TarMember& m, const std::string& e) { return m.name == e; });
  require(same,
          ErrorKind::kData,
          "{}: expected the members .json, .faces.mjpeg and .flac of this clip, found {} members, "
          "the first '{}'",
          where,
          members.size(),
          members.empty() ? "" : members.front().name);
}

}  // namespace

std::string where_clip(const std::string& shard, std::string_view id) {
  return fmt::format("{}: clip '{}'", shard, id);
}

ShardWriter::ShardWriter(const std::filesystem::path& file) : file_(file) {}

void ShardWriter::add(ManifestEntry& entry, const StoredClip& clip) {
  TORCH_CHECK(entry.id == clip.id && !entry.shard.empty(), "entry and clip do not belong together");
  TORCH_CHECK(entry.frames == static_cast<std::int64_t>(clip.faces.size()), "frames of ", clip.id);
  nlohmann::ordered_json json = describe_clip(entry);
  json["faces"] = nlohmann::ordered_json::array();
  for (const std::string& face : clip.faces)
    json["faces"].push_back(face.size());

  const std::string key = shard_key(clip.id);
  const std::string bytes = tar_member(key + ".json", to_text(json, clip.id) + "\n") +
                            tar_member(key + ".faces.mjpeg", join_pictures(clip.faces)) +
                            tar_member(key + ".flac", clip.flac);
  entry.offset = static_cast<std::int64_t>(file_.size());
  entry.bytes = static_cast<std::int64_t>(bytes.size());
  entry.crc32 = checksum(bytes);
  file_.write(bytes);
}

void ShardWriter::commit() {
  file_.write(tar_end());
  file_.commit();
}

std::string read_clip_bytes(const std::filesystem::path& shard, const ManifestEntry& entry) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(shard.c_str(), "rb"),
                                                             &std::fclose);
  require(file != nullptr,
          ErrorKind::kIo,
          "{}: cannot read the shard: {}",
          where_clip(shard.string(), entry.id),
          std::strerror(errno));
  std::error_code error;
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(shard, error));
  require(!error, ErrorKind::kIo, "{}: {}", where_clip(shard.string(), entry.id), error.message());
  require(entry.offset >= 0 && entry.bytes > 0 && entry.bytes <= size &&
              entry.offset <= size - entry.bytes,
          ErrorKind::kIo,
          "{}: expected {} bytes at offset {}, found a shard of {} bytes: it was cut short or is "
          "another file",
          where_clip(shard.string(), entry.id),
          entry.bytes,
          entry.offset,
          size);
  std::string bytes(static_cast<std::size_t>(entry.bytes), '\0');
  const bool read = ::fseeko(file.get(), entry.offset, SEEK_SET) == 0 &&
                    std::fread(bytes.data(), 1, bytes.size(), file.get()) == bytes.size();
  require(read,
          ErrorKind::kIo,
          "{}: cannot read the shard: {}",
          where_clip(shard.string(), entry.id),
          std::strerror(errno));
  return bytes;
}

StoredClip read_clip(const std::filesystem::path& manifest_folder, const ManifestEntry& entry) {
  const std::filesystem::path shard = manifest_folder / entry.shard;
  return parse_clip(read_clip_bytes(shard, entry), entry, shard.string());
}

audio::Waveform read_clip_sound(const std::filesystem::path& manifest_folder,
                                const ManifestEntry& entry) {
  return audio::decode_sound(read_clip(manifest_folder, entry).flac, entry.id);
}

StoredClip parse_clip(std::string_view bytes,
                      const ManifestEntry& entry,
                      const std::string& shard) {
  const ClipView view = view_clip(bytes, entry, shard);
  return {entry.id, {view.faces.begin(), view.faces.end()}, std::string(view.flac)};
}

ClipView view_clip(std::string_view bytes, const ManifestEntry& entry, const std::string& shard) {
  const std::string where = where_clip(shard, entry.id);
  const std::uint32_t found = checksum(bytes);
  require(found == entry.crc32,
          ErrorKind::kData,
          "{}: expected bytes with crc32 {:08x}, found {:08x}: the shard was edited or damaged",
          where,
          entry.crc32,
          found);

  const std::vector<TarMember> members = parse_tar(bytes, where);
  check_names(members, entry, where);
  const std::vector<std::size_t> sizes = picture_sizes(members[0], entry, where);
  const std::size_t total = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  require(
      static_cast<std::int64_t>(sizes.size()) == entry.frames && total == members[1].content.size(),
      ErrorKind::kData,
      "{}: expected {} pictures of {} bytes in all, found {} of {}",
      where,
      entry.frames,
      members[1].content.size(),
      sizes.size(),
      total);
  return {split_pictures(members[1].content, sizes), members[2].content};
}

std::vector<ShardMember> list_shard(const std::filesystem::path& file) {
  const std::string bytes = read_file(file);
  const std::string end = tar_end();
  require(bytes.ends_with(end),
          ErrorKind::kData,
          "{}: expected a shard that ends with two empty blocks, found it cut short",
          file.string());
  std::vector<ShardMember> members;
  for (const TarMember& member :
       parse_tar(std::string_view(bytes).substr(0, bytes.size() - end.size()), file.string()))
    members.push_back({member.name, member.content.size()});
  return members;
}

}  // namespace lipsound2::data
