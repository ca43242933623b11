#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lipsound2::data {

struct PictureSize {
  int width = 0;
  int height = 0;
  bool operator==(const PictureSize&) const = default;
};

/// Pixel after pixel, or channel after channel.
enum class PixelLayout { kInterleaved, kPlanes };

/// What to decode.
struct JpegTask {
  std::string_view bytes;
  /// So many bytes behind them may be read too. libjpeg decodes faster while it sees thousands to
  /// come; a picture that does not end within its own is an error all the same.
  std::size_t readable_behind = 0;
  int channels = 1;  ///< 1 (gray) or 3 (RGB)
  PixelLayout layout = PixelLayout::kInterleaved;
  /// When not 0, a picture may come out at 1/2, 1/4 or 1/8 of its size, as long as no side falls
  /// below this; libjpeg then transforms fewer frequencies.
  int least_side = 0;
  std::size_t number = 0;  ///< of the picture in what `name` names, from 1; 0: the only one
};

/// Decodes pictures one after another; cheaper than a decoder for each. Errors (kData) begin with
/// `name`, and end the use of a decoder. For one thread.
class JpegDecoder {
 public:
  explicit JpegDecoder(const std::string& name);
  ~JpegDecoder();

  /// Begins a picture and tells its size.
  PictureSize begin(const JpegTask& task);
  /// Writes it there: rows from the top; channels, when it is in planes, `plane` bytes apart.
  void finish(std::uint8_t* pixels, std::int64_t plane = 0);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lipsound2::data
