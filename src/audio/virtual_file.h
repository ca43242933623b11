#pragma once

#include <memory>
#include <streambuf>
#include <string>

#include <sndfile.h>

namespace lipsound2::audio {

using SoundHandle = std::unique_ptr<SNDFILE, int (*)(SNDFILE*)>;

/// A stream buffer as libsndfile sees a file. As in files, seeking beyond the end is allowed, and
/// nothing can be read there.
class VirtualFile {
 public:
  explicit VirtualFile(std::streambuf& bytes);

  /// Reads from or writes to this file, which must outlive the handle. Null when libsndfile
  /// refuses; sf_strerror(nullptr) then says why. `mode` and `info` are those of sf_open().
  SoundHandle open(int mode, SF_INFO& info);
  /// `count` bytes from `position` on, fewer at the end.
  std::string bytes_at(sf_count_t position, sf_count_t count);

  sf_count_t size() const { return size_; }
  sf_count_t position() const { return position_; }
  /// The new position, or -1, which changes nothing, for one that no file has.
  sf_count_t seek(sf_count_t offset, int whence);
  /// Both return how many bytes they could handle.
  sf_count_t read(char* to, sf_count_t count);
  sf_count_t write(const char* from, sf_count_t count);

 private:
  std::streambuf& bytes_;
  sf_count_t size_;
  sf_count_t position_ = 0;
};

}  // namespace lipsound2::audio
