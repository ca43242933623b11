#include "archive.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include <zip.h>

#include "lipsound2/core/error.h"

#include "joined_files.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = std::size_t{1} << 18;
constexpr std::size_t kMostBytes = std::size_t{1} << 32;  // no clip is longer; a damaged size is
constexpr std::size_t kPartLetters = 2;

/// "vox2_dev_mp4_part" of "vox2_dev_mp4_partab", as `split` names parts; nothing for other names.
std::optional<std::string> stem_of_part(const std::string& name) {
  const std::size_t size = name.size() - std::min(kPartLetters, name.size());
  const bool letters =
      std::ranges::all_of(name.substr(size), [](char c) { return c >= 'a' && c <= 'z'; });
  const std::string stem = name.substr(0, size);
  const bool fits =
      letters && (stem.ends_with("_part") || stem.ends_with(".part") || stem.ends_with(".zip."));
  return fits ? std::optional(stem) : std::nullopt;
}

/// "aa" 0, "ab" 1, "ba" 26.
int number_of_part(const std::string& name) {
  return 26 * (name[name.size() - 2] - 'a') + name.back() - 'a';
}

std::string letters_of(int number) {
  return {static_cast<char>('a' + number / 26), static_cast<char>('a' + number % 26)};
}

void require_no_gap(const std::string& stem, const std::vector<fs::path>& parts) {
  int expected = 0;
  for (const fs::path& part : parts) {
    const int number = number_of_part(part.filename().string());
    require(
        number == expected,
        ErrorKind::kData,
        "{}: expected it before {}, found none: all parts of the archive must lie in one folder",
        (part.parent_path() / (stem + letters_of(expected))).string(),
        part.filename().string());
    ++expected;
  }
}

bool is_debris(std::string_view name) {
  return name.starts_with("__MACOSX/") || name.find("/__MACOSX/") != std::string_view::npos ||
         name.substr(name.rfind('/') + 1).starts_with("._");
}

std::string name_of_archive(const std::vector<fs::path>& parts) {
  const std::string first = parts.front().string();
  return parts.size() == 1 ? first : first.substr(0, first.size() - kPartLetters) + "*";
}

/// What is wrong with bytes that libzip refuses.
std::string diagnose(const JoinedFiles& files) {
  std::string head(262, '\0');
  head.resize(files.read(0, head.data(), head.size()));
  if (head.size() == 262 && head.substr(257) == "ustar")
    return "it is a tar archive: unpack it";
  if (!head.starts_with("PK"))
    return fmt::format("{} does not begin as a zip archive does", files.parts()[0].path.string());
  const JoinedFiles::Part& first = files.parts().front();
  const JoinedFiles::Part& last = files.parts().back();
  for (const JoinedFiles::Part& part : files.parts())
    if (part.bytes < first.bytes && &part != &last)
      return fmt::format("{} is cut: it has {} bytes and {} has {}",
                         part.path.string(),
                         part.bytes,
                         first.path.filename().string(),
                         first.bytes);
  return fmt::format("its end is not there: {} ({} bytes) is cut{}",
                     last.path.string(),
                     last.bytes,
                     files.parts().size() > 1 ? ", or the parts that follow it are missing" : "");
}

}  // namespace

/// What libzip sees of JoinedFiles. Errors of the disk are kept and thrown where libzip has
/// returned: they must not pass through it.
struct ZipStream {
  explicit ZipStream(const std::vector<fs::path>& parts) : files(parts) { zip_error_init(&error); }

  JoinedFiles files;
  std::uint64_t position = 0;
  zip_error_t error{};
  std::optional<Error> broken;

  zip_int64_t read(void* to, zip_uint64_t count) {
    try {
      const std::uint64_t got = files.read(position, static_cast<char*>(to), count);
      position += got;
      return static_cast<zip_int64_t>(got);
    } catch (const Error& failure) {
      broken = failure;
      zip_error_set(&error, ZIP_ER_READ, 0);
      return -1;
    }
  }

  zip_int64_t seek(void* data, zip_uint64_t bytes) {
    const zip_int64_t target =
        zip_source_seek_compute_offset(position, files.size(), data, bytes, &error);
    if (target < 0)
      return -1;
    position = static_cast<std::uint64_t>(target);
    return 0;
  }

  zip_int64_t stat(void* data) const {
    auto* stat = static_cast<zip_stat_t*>(data);
    zip_stat_init(stat);
    stat->valid = ZIP_STAT_SIZE;
    stat->size = files.size();
    return sizeof(zip_stat_t);
  }
};

namespace {

zip_int64_t serve_zip(void* user, void* data, zip_uint64_t bytes, zip_source_cmd_t command) {
  auto& stream = *static_cast<ZipStream*>(user);
  switch (command) {
    case ZIP_SOURCE_OPEN:
      stream.position = 0;
      return 0;
    case ZIP_SOURCE_READ:
      return stream.read(data, bytes);
    case ZIP_SOURCE_SEEK:
      return stream.seek(data, bytes);
    case ZIP_SOURCE_TELL:
      return static_cast<zip_int64_t>(stream.position);
    case ZIP_SOURCE_STAT:
      return stream.stat(data);
    case ZIP_SOURCE_ERROR:
      return zip_error_to_data(&stream.error, data, bytes);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
      return 0;
    case ZIP_SOURCE_SUPPORTS:
      return ZIP_SOURCE_SUPPORTS_SEEKABLE;
    default:
      zip_error_set(&stream.error, ZIP_ER_OPNOTSUPP, 0);
      return -1;
  }
}

std::string text_of(zip_error_t* error) {
  std::string text = zip_error_strerror(error);
  zip_error_fini(error);
  return text;
}

}  // namespace

struct Archive::Zip {
  explicit Zip(const std::vector<fs::path>& parts) : stream(parts) {}
  ~Zip() {
    if (handle)
      zip_discard(handle);
  }

  /// Throws what the disk said, if it was the disk.
  void require_disk() {
    if (stream.broken)
      throw *std::exchange(stream.broken, std::nullopt);
  }

  ZipStream stream;
  zip_t* handle = nullptr;
};

Archive::Archive(std::vector<fs::path> parts)
    : name_(name_of_archive(parts)), zip_(std::make_unique<Zip>(parts)) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_function_create(&serve_zip, &zip_->stream, &error);
  if (source && zip_->stream.files.size() > 0)  // libzip takes nothing for an empty archive
    zip_->handle = zip_open_from_source(source, ZIP_RDONLY, &error);
  if (zip_->handle) {
    zip_error_fini(&error);
    return;
  }
  zip_source_free(source);
  const std::string reason = text_of(&error);
  zip_->require_disk();
  fail(ErrorKind::kData,
       "{}: expected a zip archive, found {} bytes that are none ({}): {}",
       name_,
       zip_->stream.files.size(),
       reason,
       diagnose(zip_->stream.files));
}

Archive::~Archive() = default;

void Archive::visit(const std::function<void(const Member&)>& visitor) const {
  const std::lock_guard lock(reading_);
  std::vector<std::uint32_t> order(
      static_cast<std::size_t>(std::max<zip_int64_t>(0, zip_get_num_entries(zip_->handle, 0))));
  std::iota(order.begin(), order.end(), 0U);
  const auto name_of = [this](std::uint32_t index) {
    const char* name = zip_get_name(zip_->handle, index, 0);
    return std::string_view(name ? name : "");
  };
  std::ranges::sort(order, {}, name_of);
  for (const std::uint32_t index : order) {
    const std::string_view name = name_of(index);
    if (name.empty() || name.ends_with('/') || is_debris(name))
      continue;
    zip_stat_t stat;
    const bool known =
        zip_stat_index(zip_->handle, index, 0, &stat) == 0 && (stat.valid & ZIP_STAT_SIZE) != 0;
    visitor({.name = name, .bytes = known ? static_cast<std::int64_t>(stat.size) : 0});
  }
}

bool Archive::holds(const std::string& member) const {
  const std::lock_guard lock(reading_);
  return zip_name_locate(zip_->handle, member.c_str(), 0) >= 0;
}

std::string Archive::read(const std::string& member) const {
  const std::lock_guard lock(reading_);
  zip_error_clear(zip_->handle);
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
      zip_fopen(zip_->handle, member.c_str(), 0), &zip_fclose);
  std::string bytes;
  zip_int64_t got = file ? 1 : -1;
  while (got > 0 && bytes.size() <= kMostBytes) {
    const std::size_t size = bytes.size();
    bytes.resize(size + kPieceBytes);
    got = zip_fread(file.get(), bytes.data() + size, kPieceBytes);
    bytes.resize(size + static_cast<std::size_t>(std::max<zip_int64_t>(0, got)));
  }
  zip_->require_disk();
  require(bytes.size() <= kMostBytes,
          ErrorKind::kData,
          "{}: {}: expected a clip, found more than {} bytes",
          name_,
          member,
          kMostBytes);
  require(got == 0,
          ErrorKind::kData,
          "{}: {}: damaged archive member: {}",
          name_,
          member,
          file ? zip_file_strerror(file.get()) : zip_strerror(zip_->handle));
  return bytes;
}

std::vector<std::vector<fs::path>> find_archives(const fs::path& folder) {
  std::map<std::string, std::vector<fs::path>> archives;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const std::optional<std::string> stem = stem_of_part(name);
    if (!name.starts_with(".") && (stem || name.ends_with(".zip")) && entry.is_regular_file())
      archives[stem.value_or(name)].push_back(entry.path());
  }
  std::vector<std::vector<fs::path>> found;
  for (auto& [stem, parts] : archives) {
    std::ranges::sort(parts);
    if (stem_of_part(parts.front().filename().string()))
      require_no_gap(stem, parts);
    found.push_back(std::move(parts));
  }
  return found;
}

}  // namespace lipsound2::corpora
