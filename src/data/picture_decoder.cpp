#include "picture_decoder.h"

#include <algorithm>
#include <optional>

#include "lipsound2/core/vectorized.h"

#include "jpeg_decoder.h"
#include "luma_decoder.h"
#include "resizer.h"

namespace lipsound2::data {
namespace {

/// Of the picture that follows in memory, as the pictures of a clip do in a shard.
std::size_t bytes_behind(const std::vector<std::string_view>& jpegs, std::size_t t) {
  const bool adjacent =
      t + 1 < jpegs.size() && jpegs[t].data() + jpegs[t].size() == jpegs[t + 1].data();
  return adjacent ? jpegs[t + 1].size() : 0;
}

/// Decodes one picture after another by whichever decoder is faster at it.
class AnyDecoder {
 public:
  explicit AnyDecoder(const std::string& name) : turbo_(name) {}

  PictureSize begin(const JpegTask& task) {
    task_ = task;
    const auto size = task.channels == 1 ? luma_.begin(task.bytes) : std::nullopt;
    by_luma_ = size && std::min(size->width, size->height) < 2 * task.least_side;
    return by_luma_ ? *size : turbo_.begin(task);
  }

  void finish(std::uint8_t* pixels, std::int64_t plane) {
    if (by_luma_ && luma_.finish(pixels))
      return;
    if (by_luma_)
      turbo_.begin(task_);
    turbo_.finish(pixels, plane);
  }

 private:
  JpegTask task_;
  bool by_luma_ = false;
  LumaDecoder luma_;
  JpegDecoder turbo_;
};

}  // namespace

Tensor decode_pictures(const std::vector<std::string_view>& jpegs,
                       const FaceInputConfig& config,
                       const std::string& name,
                       const TensorPool& pool) {
  const auto side = static_cast<int>(config.resize_to);
  const int channels = config.channels();
  const std::int64_t square = config.resize_to * config.resize_to;
  const std::int64_t plane = std::ssize(jpegs) * square;
  const Tensor pictures = pool.take({channels, std::ssize(jpegs), side, side});
  auto* pixels = pictures.mutable_data_ptr<std::uint8_t>();
  AnyDecoder decoder(name);
  std::optional<Resizer> resizer;
  std::vector<std::uint8_t> decoded;
  for (std::size_t t = 0; t < jpegs.size(); ++t, pixels += square) {
    const PictureSize size = decoder.begin({.bytes = jpegs[t],
                                            .readable_behind = bytes_behind(jpegs, t),
                                            .channels = channels,
                                            .layout = PixelLayout::kPlanes,
                                            .least_side = side,
                                            .number = t + 1});
    if (size == PictureSize{side, side}) {
      decoder.finish(pixels, plane);
      continue;
    }
    if (!resizer || resizer->from() != size)
      resizer.emplace(size, PictureSize{side, side});
    const std::int64_t area = std::int64_t{size.width} * size.height;
    decoded.resize(static_cast<std::size_t>(area * channels));
    decoder.finish(decoded.data(), area);
    for (int c = 0; c < channels; ++c)
      (*resizer)(decoded.data() + c * area, pixels + c * plane);
  }
  return pictures;
}

std::array<double, 3> channel_means(const Tensor& pictures) {
  constexpr std::int64_t kBlock = 1024;
  const std::int64_t count = pictures.numel() / pictures.size(0);
  std::array<double, 3> means{};
  for (std::int64_t c = 0; c < pictures.size(0); ++c) {
    const std::uint8_t* const pixels = pictures.const_data_ptr<std::uint8_t>() + c * count;
    std::uint64_t sum = 0;
    run_vectorized([=, &sum]() __attribute__((always_inline)) {
      for (std::int64_t first = 0; first < count; first += kBlock) {
        std::uint32_t part = 0;
        for (std::int64_t i = first; i < std::min(first + kBlock, count); ++i)
          part += pixels[i];
        sum += part;
      }
    });
    means.at(static_cast<std::size_t>(c)) = static_cast<double>(sum) / static_cast<double>(count);
  }
  return means;
}

}  // namespace lipsound2::data
