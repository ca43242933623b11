#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lipsound2::asr {

/// The lines of a text one by one, in constant memory; a gzip file is unpacked on the way. For one
/// thread.
class TextLines {
 public:
  /// Throws kIo when the file cannot be opened.
  explicit TextLines(const std::filesystem::path& file);
  /// Of a text in memory; `name` is what errors call it.
  TextLines(std::string text, std::string name);
  ~TextLines();

  /// The next line without its end ("\n" or "\r\n"), valid until the next call; nothing at the end
  /// of the text. Throws kIo when reading fails, kData when gzip data is damaged or cut short.
  std::optional<std::string_view> next();
  /// Of the last line that next() gave out, from 1.
  std::int64_t number() const { return number_; }
  const std::string& name() const { return name_; }
  /// A bound on the bytes of the whole text, known from the start: deflate shrinks at most 1032
  /// times (zlib's technical details).
  std::int64_t largest_size() const { return largest_size_; }

 private:
  struct File;

  bool refill();

  std::string name_;
  std::unique_ptr<File> file_;  ///< none for a text in memory
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of what next() has not given out yet
  std::size_t end_ = 0;
  std::int64_t number_ = 0;
  std::int64_t largest_size_ = 0;
};

}  // namespace lipsound2::asr
