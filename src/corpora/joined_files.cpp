#include "joined_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "lipsound2/core/error.h"

namespace lipsound2::corpora {

JoinedFiles::JoinedFiles(const std::vector<std::filesystem::path>& files) {
  std::uint64_t begin = 0;
  parts_.reserve(files.size());
  for (const std::filesystem::path& file : files) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    require(descriptor >= 0,
            ErrorKind::kIo,
            "{}: cannot read: {}",
            file.string(),
            std::strerror(errno));
    const off_t bytes = ::lseek(descriptor, 0, SEEK_END);
    parts_.push_back({.path = file,
                      .begin = begin,
                      .bytes = static_cast<std::uint64_t>(std::max<off_t>(0, bytes)),
                      .descriptor = descriptor});
    begin += parts_.back().bytes;
  }
}

JoinedFiles::~JoinedFiles() {
  for (const Part& part : parts_)
    ::close(part.descriptor);
}

std::uint64_t JoinedFiles::size() const {
  return parts_.empty() ? 0 : parts_.back().begin + parts_.back().bytes;
}

std::uint64_t JoinedFiles::read(std::uint64_t position, char* to, std::uint64_t count) const {
  const std::uint64_t end = std::min(size(), position + count);
  std::uint64_t at = position;
  for (const Part& part : parts_) {
    while (at < end && at >= part.begin && at < part.begin + part.bytes) {
      const std::uint64_t wanted = std::min(end, part.begin + part.bytes) - at;
      const ssize_t got = ::pread(
          part.descriptor, to + (at - position), wanted, static_cast<off_t>(at - part.begin));
      if (got < 0 && errno == EINTR)
        continue;
      require(got > 0,
              ErrorKind::kIo,
              "{}: cannot read byte {}: {}",
              part.path.string(),
              at - part.begin,
              got == 0 ? "the file has become shorter" : std::strerror(errno));
      at += static_cast<std::uint64_t>(got);
    }
  }
  return std::max(at, position) - position;
}

}  // namespace lipsound2::corpora
