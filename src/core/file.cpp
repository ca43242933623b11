#include "lipsound2/core/file.h"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

namespace lipsound2 {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporary = ".tmp";  // and machine-process
constexpr std::chrono::hours kForgotten{24};

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

// Tells machines apart that share a folder, and containers on one machine, in which the same number
// can be another process.
std::string machine_name() {
  char host[256] = {};
  char processes[256] = {};
  ::gethostname(host, sizeof host - 1);
  if (::readlink("/proc/self/ns/pid", processes, sizeof processes - 1) < 0)
    processes[0] = '\0';
  return fmt::format("{:08x}", hash(fmt::format("{} {}", host, processes)) >> 32);
}

fs::path temporary_of(const fs::path& path) {
  return fmt::format("{}{}{}-{}", path.string(), kTemporary, machine_name(), ::getpid());
}

// The process that writes a temporary file: "1a2b3c4d-4711" of "00012.tar.tmp1a2b3c4d-4711".
struct Writer {
  std::string machine;
  pid_t process = 0;
};

// Nothing for a file that is no temporary one.
std::optional<Writer> writer_of(const fs::path& file) {
  const std::string suffix = file.extension().string();
  const std::size_t dash = suffix.rfind('-');
  if (!suffix.starts_with(kTemporary) || dash == std::string::npos || dash < kTemporary.size())
    return std::nullopt;
  Writer writer{suffix.substr(kTemporary.size(), dash - kTemporary.size()), 0};
  const char* const end = suffix.data() + suffix.size();
  const auto [rest, error] = std::from_chars(suffix.data() + dash + 1, end, writer.process);
  const bool named = writer.machine.size() == 8 &&
                     writer.machine.find_first_not_of("0123456789abcdef") == std::string::npos;
  return named && rest == end && error == std::errc() ? std::optional(writer) : std::nullopt;
}

// One that was killed but whose parent never asked for its exit code (a zombie) lives no more.
bool lives(pid_t process) {
  if (::kill(process, 0) != 0 && errno == ESRCH)
    return false;
  std::ifstream stat(fmt::format("/proc/{}/stat", process));
  const std::string text{std::istreambuf_iterator<char>(stat), {}};
  const std::size_t name_end = text.rfind(')');  // "11050 (lipsound2) Z ..."
  return name_end == std::string::npos || !text.substr(name_end).starts_with(") Z");
}

bool is_abandoned(const fs::path& file, const Writer& writer) {
  if (writer.machine == machine_name() && !lives(writer.process))
    return true;
  std::error_code gone;
  const auto touched = fs::last_write_time(file, gone);
  return !gone && fs::file_time_type::clock::now() - touched > kForgotten;
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
  const auto size = std::filesystem::file_size(path, error);  // of files, not of pipes
  bytes.reserve(error ? 0 : size);
  char block[1 << 16];
  while (const std::size_t count = std::fread(block, 1, sizeof block, file.get()))
    bytes.append(block, count);
  if (std::ferror(file.get()))
    fail_with_errno(path, "read");
  return bytes;
}

AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(std::move(path)), temporary_(temporary_of(path_)) {
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
  std::vector<std::filesystem::path> abandoned;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (const auto writer = writer_of(entry.path()); writer && is_abandoned(entry.path(), *writer))
      abandoned.push_back(entry.path());
  std::error_code error;
  for (const auto& file : abandoned)
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
