#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace lipsound2::video {

/// A stretch of a recording, [start, end) in seconds on its container's clock, whose first picture
/// need not be at zero.
struct Span {
  double start = 0;
  double end = 0;
};

/// A file on disk, or one that lies in memory, as a member of an archive does.
struct MediaFile {
  std::filesystem::path path;                ///< with bytes, what messages call them
  std::shared_ptr<const std::string> bytes;  ///< the whole file; null: it lies on disk

  MediaFile() = default;
  /// Not explicit: most files lie on disk.
  MediaFile(std::filesystem::path on_disk) : path(std::move(on_disk)) {}
  MediaFile(std::filesystem::path name, std::shared_ptr<const std::string> in_memory)
      : path(std::move(name)), bytes(std::move(in_memory)) {}

  bool empty() const { return path.empty(); }
  std::string string() const { return path.string(); }
};

/// Where the pictures and the sound of a clip lie.
struct Footage {
  MediaFile video = {};
  MediaFile sound = {};           ///< begins with the clip; empty: the video's own track
  std::optional<Span> part = {};  ///< of a longer recording; nothing: the whole
};

}  // namespace lipsound2::video
