// Any bytes as a JPEG picture: decoded whole, and as the network sees it.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lipsound2/core/error.h"
#include "lipsound2/data/face_input.h"
#include "lipsound2/data/jpeg.h"

#include "fuzz/expect.h"
#include "luma_decoder.h"

namespace lipsound2::fuzz {
namespace {

constexpr std::int64_t kSize = 48;

/// What the decoder of luminance does not leave to libjpeg, libjpeg decodes to the same pixels.
void compare_luma(std::string_view bytes) {
  data::LumaDecoder decoder;
  const std::optional<data::PictureSize> size = decoder.begin(bytes);
  if (!size)
    return;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(size->width) * size->height);
  if (!decoder.finish(pixels.data()))
    return;
  const auto picture =
      read_or_refuse({ErrorKind::kData}, [&] { return data::decode_jpeg(bytes, 1, "fuzz"); });
  expect(picture && picture->pixels == pixels, "both decoders give the same pixels");
}

void decode(std::string_view bytes) {
  compare_luma(bytes);
  for (const int channels : {1, 3})
    read_or_refuse({ErrorKind::kData}, [&] {
      const data::Picture picture = data::decode_jpeg(bytes, channels, "fuzz");
      expect(picture.width > 0 && picture.height > 0, "a picture has pixels");
      expect(picture.pixels.size() ==
                 static_cast<std::size_t>(picture.width) * picture.height * channels,
             "all pixels are there");
      return picture;
    });
  for (const bool color : {false, true})
    read_or_refuse({ErrorKind::kData}, [&] {
      const Tensor face = data::centered_face(
          bytes, {.size = kSize, .resize_to = kSize + 8, .color = color}, "fuzz");
      expect(face.sizes() == at::IntArrayRef({color ? 3 : 1, kSize, kSize}),
             "a face has the size that was asked for");
      return face;
    });
}

}  // namespace
}  // namespace lipsound2::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lipsound2::fuzz::decode({reinterpret_cast<const char*>(data), size});
  return 0;
}
