#include "picture_decoder.h"

#include <algorithm>
#include <optional>

#include <ATen/ops/empty.h>

#include "lipsound2/core/vectorized.h"

#include "jpeg_decoder.h"
#include "resizer.h"

namespace lipsound2::data {

Tensor decode_pictures(const std::vector<std::string_view>& jpegs,
                       const FaceInputConfig& config,
                       const std::string& name) {
  const auto side = static_cast<int>(config.resize_to);
  const int channels = config.channels();
  const std::int64_t square = config.resize_to * config.resize_to;
  const std::int64_t plane = std::ssize(jpegs) * square;
  const Tensor pictures = at::empty({channels, std::ssize(jpegs), side, side}, at::kByte);
  auto* pixels = pictures.mutable_data_ptr<std::uint8_t>();
  JpegDecoder decoder(name);
  std::optional<Resizer> resizer;
  std::vector<std::uint8_t> decoded;
  for (std::size_t t = 0; t < jpegs.size(); ++t, pixels += square) {
    const PictureSize size = decoder.begin({.bytes = jpegs[t],
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
