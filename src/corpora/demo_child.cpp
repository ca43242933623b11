#include "demo_child.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lipsound2/core/error.h"

namespace lipsound2::corpora::demo {

namespace {

/// What the child writes first: that all went well, or otherwise the kind of its Error.
constexpr char kWorkDone = 'w';
constexpr char kFirstErrorKind = 'A';

class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor() { close(); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int number() const { return number_; }
  void close() {
    if (number_ >= 0)
      ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR)
      return false;
    bytes.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  return true;
}

std::string read_all(int file) {
  std::string bytes;
  std::array<char, 1 << 16> block;
  for (;;) {
    const ssize_t count = ::read(file, block.data(), block.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return bytes;
    bytes.append(block.data(), static_cast<std::size_t>(count));
  }
}

std::string answer_of(const std::function<std::string()>& work) {
  try {
    return kWorkDone + work();
  } catch (const Error& error) {
    return static_cast<char>(kFirstErrorKind + static_cast<int>(error.kind())) +
           std::string(error.what());
  }
}

/// Ends the process without running what the parent has registered to run at its own end.
[[noreturn]] void serve_as_child(int pipe, const std::function<std::string()>& work) {
  try {
    ::_exit(write_all(pipe, answer_of(work)) ? 0 : 1);
  } catch (...) {
    ::_exit(1);
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string run_in_child(const std::string& what, const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  require(::pipe2(ends.data(), O_CLOEXEC) == 0,
          ErrorKind::kIo,
          "{}: expected a pipe, found: {}",
          what,
          std::strerror(errno));
  FileDescriptor from_child(ends[0]);
  FileDescriptor to_parent(ends[1]);
  const pid_t child = ::fork();
  require(child >= 0,
          ErrorKind::kIo,
          "{}: expected a child process, found: {}",
          what,
          std::strerror(errno));
  if (child == 0)
    serve_as_child(to_parent.number(), work);
  to_parent.close();
  std::string answer = read_all(from_child.number());
  const int status = wait_for(child);
  require(status == 0 && !answer.empty(),
          ErrorKind::kIo,
          "{}: expected an answer of its child process, found an early end (status {})",
          what,
          status);
  if (answer.front() != kWorkDone)
    throw Error(static_cast<ErrorKind>(answer.front() - kFirstErrorKind), answer.substr(1));
  return answer.substr(1);
}

}  // namespace lipsound2::corpora::demo
