#include "lipsound2/core/file.h"

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "lipsound2/core/error.h"

namespace lipsound2 {
namespace {

constexpr std::string_view kTemporary = ".tmp";  // and the number of the process

[[noreturn]] void fail_with_errno(const std::filesystem::path& path, const char* what) {
  fail(ErrorKind::kIo, "{}: cannot {}: {}", path.string(), what, std::strerror(errno));
}

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0)
    return;  // Some file systems do not open folders; the rename itself has happened.
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  std::error_code error;
  require(!std::filesystem::is_directory(path, error),
          ErrorKind::kIo,
          "{}: cannot read: is a folder",
          path.string());
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file)
    fail_with_errno(path, "read");
  std::string bytes;
  char block[1 << 16];
  while (const std::size_t count = std::fread(block, 1, sizeof block, file.get()))
    bytes.append(block, count);
  if (std::ferror(file.get()))
    fail_with_errno(path, "read");
  return bytes;
}

AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(std::move(path)),
      temporary_(path_.string() + std::string(kTemporary) + std::to_string(::getpid())) {
  file_ = std::fopen(temporary_.c_str(), "wb");
  if (!file_)
    fail_with_errno(path_, "write");
}

AtomicFile::~AtomicFile() {
  if (!file_)
    return;
  std::fclose(file_);
  std::remove(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  if (bytes.empty())  // its data may be null, which fwrite() does not take
    return;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size())
    fail_with_errno(path_, "write");
  size_ += bytes.size();
}

int AtomicFile::descriptor() const {
  return ::fileno(file_);
}

void AtomicFile::commit() {
  if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0)
    fail_with_errno(path_, "write");
  std::FILE* const finished = std::exchange(file_, nullptr);
  if (std::fclose(finished) != 0 || std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    std::remove(temporary_.c_str());
    errno = reason;
    fail_with_errno(path_, "write");
  }
  sync_folder(path_.has_parent_path() ? path_.parent_path() : ".");
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  require(!error, ErrorKind::kIo, "{}: cannot create folder: {}", path.string(), error.message());
}

void remove_temporaries(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> stale;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string suffix = entry.path().extension().string();
    if (suffix.size() > kTemporary.size() && suffix.starts_with(kTemporary) &&
        suffix.find_first_not_of("0123456789", kTemporary.size()) == std::string::npos)
      stale.push_back(entry.path());
  }
  std::error_code error;
  for (const auto& file : stale)
    std::filesystem::remove(file, error);
}

void append_line(const std::filesystem::path& path, std::string_view line) {
  std::FILE* const file = std::fopen(path.c_str(), "ab");
  if (!file)
    fail_with_errno(path, "append");
  const std::string text = std::string(line) + "\n";
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (!(std::fclose(file) == 0 && written))
    fail_with_errno(path, "append");
}

}  // namespace lipsound2
