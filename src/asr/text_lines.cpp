#include "text_lines.h"

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include <zlib.h>

#include "lipsound2/core/error.h"

namespace lipsound2::asr {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;
constexpr unsigned kInputBytes = 1U << 17;  // less than half of it: plain text is not copied twice
constexpr std::int64_t kLargestDeflateRatio = 1032;

}  // namespace

struct TextLines::File {
  gzFile handle;

  explicit File(const std::filesystem::path& path) : handle(gzopen(path.c_str(), "rb")) {
    require(handle != nullptr,
            ErrorKind::kIo,
            "{}: cannot be opened: {}",
            path.string(),
            std::strerror(errno));
    gzbuffer(handle, kInputBytes);
  }
  ~File() { gzclose(handle); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  /// At most `count` bytes into `to`; 0 at the end.
  std::size_t read(char* to, std::size_t count, const std::string& name) {
    const int got = gzread(handle, to, static_cast<unsigned>(count));
    int status = Z_OK;
    const char* message = gzerror(handle, &status);
    require(status != Z_ERRNO, ErrorKind::kIo, "{}: cannot be read: {}", name, message);
    require(got >= 0 && (status == Z_OK || status == Z_STREAM_END),
            ErrorKind::kData,
            "{}: expected whole gzip data, found {}",
            name,
            status == Z_BUF_ERROR ? "its end inside of it" : message);
    return static_cast<std::size_t>(got);
  }
};

TextLines::TextLines(const std::filesystem::path& file)
    : name_(file.string()), file_(std::make_unique<File>(file)) {
  std::error_code ignored;
  const auto bytes = std::filesystem::file_size(file, ignored);
  refill();
  constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::max() / kLargestDeflateRatio;
  largest_size_ = ignored ? kUnknown : static_cast<std::int64_t>(bytes);
  if (gzdirect(file_->handle) == 0)
    largest_size_ *= kLargestDeflateRatio;
}

TextLines::TextLines(std::string text, std::string name)
    : name_(std::move(name)),
      buffer_(std::move(text)),
      end_(buffer_.size()),
      largest_size_(static_cast<std::int64_t>(buffer_.size())) {}

TextLines::~TextLines() = default;

// Moves what is left to the front and reads on behind it.
bool TextLines::refill() {
  if (file_ == nullptr)
    return false;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (buffer_.size() < end_ + kReadBytes)
    buffer_.resize(2 * end_ + kReadBytes);
  const std::size_t got = file_->read(buffer_.data() + end_, kReadBytes, name_);
  end_ += got;
  return got > 0;
}

std::optional<std::string_view> TextLines::next() {
  std::size_t searched = 0;
  while (true) {
    const char* from = buffer_.data() + begin_;
    const std::size_t left = end_ - begin_;
    const void* found =
        left > searched ? std::memchr(from + searched, '\n', left - searched) : nullptr;
    if (found == nullptr) {
      searched = left;
      if (refill())
        continue;
      if (left == 0)
        return std::nullopt;
    }
    from = buffer_.data() + begin_;
    const std::size_t size =
        found == nullptr ? left : static_cast<std::size_t>(static_cast<const char*>(found) - from);
    begin_ += found == nullptr ? size : size + 1;
    ++number_;
    std::string_view line(from, size);
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    return line;
  }
}

}  // namespace lipsound2::asr
