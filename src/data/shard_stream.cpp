#include "shard_stream.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lipsound2/core/error.h"

extern char** environ;  // POSIX; no header need declare it

namespace lipsound2::data {
namespace {

constexpr std::string_view kPipe = "pipe:";
constexpr int kPatienceMs = 100;  // between two looks at a stop token

/// One word for the shell: 'it'\''s'.
std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text)
    word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

/// Settings of posix_spawn(): output into a pipe, no input, a process group of its own, and signals
/// as programs expect them.
class SpawnSettings {
 public:
  explicit SpawnSettings(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    sigset_t signals;
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
  }
  ~SpawnSettings() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::string describe_end(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("the command was ended by signal {}", WTERMSIG(status));
  return fmt::format("the command exited with code {}", WEXITSTATUS(status));
}

}  // namespace

bool is_command(std::string_view source) {
  return source.starts_with(kPipe);
}

ShardSource::ShardSource(std::filesystem::path manifest_folder, const std::string& shards)
    : folder_(shards.empty() ? std::move(manifest_folder) : std::filesystem::path(shards)) {
  if (!is_command(shards))
    return;
  command_ = shards;
  require(command_.find("{}") != std::string::npos,
          ErrorKind::kConfig,
          "data.shards: expected {{}} in the command, for the path of a shard, found '{}'",
          shards);
}

std::string ShardSource::of(const std::string& shard) const {
  if (command_.empty())
    return (folder_ / shard).string();
  std::string command = command_;
  const std::string word = quoted(shard);
  for (std::size_t at = 0; (at = command.find("{}", at)) != std::string::npos; at += word.size())
    command.replace(at, 2, word);
  return command;
}

ShardStream::ShardStream(std::string source) : source_(std::move(source)) {
  if (is_command(source_)) {
    run(source_.substr(kPipe.size()));
    return;
  }
  descriptor_ = ::open(source_.c_str(), O_RDONLY | O_CLOEXEC);
  require(descriptor_ >= 0,
          ErrorKind::kIo,
          "{}: cannot read the shard: {}",
          source_,
          std::strerror(errno));
}

ShardStream::~ShardStream() {
  close();
}

void ShardStream::run(const std::string& command) {
  int ends[2];
  require(::pipe2(ends, O_CLOEXEC) == 0,
          ErrorKind::kIo,
          "{}: cannot make a pipe: {}",
          source_,
          std::strerror(errno));
  descriptor_ = ends[0];
  ::fcntl(descriptor_, F_SETPIPE_SZ, 1 << 20);  // As far as the system allows.
  std::string words[] = {"sh", "-c", command};
  char* const arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  const SpawnSettings settings(ends[1]);
  const int error = ::posix_spawn(
      &command_, "/bin/sh", settings.actions(), settings.attributes(), arguments, environ);
  ::close(ends[1]);
  if (error != 0) {
    command_ = 0;
    close();
    fail(ErrorKind::kIo, "{}: cannot run the command: {}", source_, std::strerror(error));
  }
}

std::string ShardStream::read(std::int64_t offset,
                              std::int64_t count,
                              const std::string& where,
                              std::stop_token stop) {
  skip_to(offset, where, stop);
  std::string bytes(static_cast<std::size_t>(count), '\0');
  std::size_t done = 0;
  while (done < bytes.size() && !stop.stop_requested()) {
    const std::size_t some = read_some(bytes.data() + done, bytes.size() - done, where, stop);
    if (some == 0 && !stop.stop_requested())
      fail(ErrorKind::kIo,
           "{}: expected {} bytes at offset {}, found the end after {}: {}",
           where,
           count,
           offset,
           done,
           end_of_command(stop));
    done += some;
  }
  return bytes;
}

/// 0 at the end, and once a stop is requested.
std::size_t ShardStream::read_some(char* bytes,
                                   std::size_t count,
                                   const std::string& where,
                                   const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd ready{descriptor_, POLLIN, 0};
    if (command_ != 0 && ::poll(&ready, 1, kPatienceMs) == 0)
      continue;
    const ssize_t some = ::read(descriptor_, bytes, count);
    if (some < 0 && errno == EINTR)
      continue;
    require(
        some >= 0, ErrorKind::kIo, "{}: cannot read the shard: {}", where, std::strerror(errno));
    position_ += some;
    return static_cast<std::size_t>(some);
  }
  return 0;
}

void ShardStream::skip_to(std::int64_t offset,
                          const std::string& where,
                          const std::stop_token& stop) {
  if (command_ == 0) {
    ::lseek(descriptor_, offset, SEEK_SET);
    position_ = offset;
    return;
  }
  std::string skipped(1 << 16, '\0');
  while (position_ < offset && !stop.stop_requested()) {
    const auto left = std::min<std::int64_t>(offset - position_, std::ssize(skipped));
    const std::size_t some = read_some(skipped.data(), static_cast<std::size_t>(left), where, stop);
    if (some == 0 && !stop.stop_requested())
      fail(ErrorKind::kIo,
           "{}: expected the clip at offset {}, found the end at {}: {}",
           where,
           offset,
           position_,
           end_of_command(stop));
  }
}

void ShardStream::finish(std::stop_token stop) {
  if (command_ == 0)
    return;
  std::string rest(1 << 16, '\0');  // Room for the empty blocks at the end of a tar file.
  std::size_t done = 0;
  while (const std::size_t some =
             read_some(rest.data() + done, rest.size() - done, source_, stop)) {
    done += some;
    if (done == rest.size())
      return;
  }
  const std::optional<int> status = wait_for_command(stop);
  require(!status || *status == 0 || stop.stop_requested(),
          ErrorKind::kIo,
          "{}: expected success, but {}",
          source_,
          describe_end(status.value_or(0)));
}

/// After the last byte was read. The status as waitpid() has it; nothing when stopped before.
std::optional<int> ShardStream::wait_for_command(const std::stop_token& stop) {
  int status = 0;
  while (::waitpid(command_, &status, WNOHANG) == 0) {
    if (stop.stop_requested())
      return std::nullopt;
    ::poll(nullptr, 0, /*timeout=*/5);
  }
  command_ = 0;
  return status;
}

/// Why there are no more bytes.
std::string ShardStream::end_of_command(const std::stop_token& stop) {
  if (command_ == 0)
    return "the file was cut short or is another one";
  const std::optional<int> status = wait_for_command(stop);
  return status ? describe_end(*status) : "the command was stopped";
}

void ShardStream::close() {
  if (command_ != 0) {
    ::kill(-command_, SIGKILL);
    ::waitpid(std::exchange(command_, 0), nullptr, 0);
  }
  if (descriptor_ >= 0)
    ::close(std::exchange(descriptor_, -1));
}

}  // namespace lipsound2::data
