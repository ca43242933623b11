#include "luma_decoder.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"
#include "lipsound2/data/jpeg.h"

#include "support/toy_corpus.h"

namespace lipsound2::data {
namespace {

using Pixels = std::vector<std::uint8_t>;

/// Nothing for what is left to libjpeg.
std::optional<Pixels> decode(LumaDecoder& decoder, std::string_view bytes) {
  const std::optional<PictureSize> size = decoder.begin(bytes);
  if (!size)
    return std::nullopt;
  Pixels pixels(static_cast<std::size_t>(size->width) * size->height);
  return decoder.finish(pixels.data()) ? std::optional(pixels) : std::nullopt;
}

std::optional<Pixels> by_libjpeg(std::string_view bytes) {
  try {
    return decode_jpeg(bytes, 1, "x").pixels;
  } catch (const Error&) {
    return std::nullopt;
  }
}

Picture noise(int side, int channels) {
  Rng rng(3);
  Picture picture{side, side, channels, {}};
  for (int i = 0; i < side * side * channels; ++i)
    picture.pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
  return picture;
}

TEST(LumaDecoder, GivesThePixelsOfLibjpegInAnyQuality) {
  LumaDecoder decoder;
  for (const int quality : {100, 92, 75, 40, 5})
    for (const int channels : {1, 3})
      for (const int side : {112, 16, 48}) {
        const std::string bytes = encode_jpeg(testing::toy_picture(0.4, side, channels), quality);
        EXPECT_EQ(decode(decoder, bytes), decode_jpeg(bytes, 1, "x").pixels)
            << quality << ", " << channels << " channels, " << side;
      }
}

TEST(LumaDecoder, GivesThePixelsOfLibjpegOrNoneForNoise) {
  LumaDecoder decoder;
  for (const int quality : {100, 92, 50}) {
    const std::string bytes = encode_jpeg(noise(64, 3), quality);
    const std::optional<Pixels> pixels = decode(decoder, bytes);
    EXPECT_TRUE(!pixels || *pixels == decode_jpeg(bytes, 1, "x").pixels) << quality;
  }
}

TEST(LumaDecoder, LeavesPicturesThatEndWithinAGroupToLibjpeg) {
  LumaDecoder decoder;

  EXPECT_FALSE(decoder.begin(encode_jpeg(testing::toy_picture(0.4, 50, 3), 90)));
  EXPECT_FALSE(decoder.begin(encode_jpeg(testing::toy_picture(0.4, 50, 1), 90)));
}

TEST(LumaDecoderFault, LeavesWhatIsCutShortToLibjpeg) {
  const std::string bytes = encode_jpeg(testing::toy_picture(0.5, 112, 3), 90);
  LumaDecoder decoder;

  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode(decoder, bytes.substr(0, size))) << size;
}

TEST(LumaDecoderFault, NeverTakesAnEditedPictureThatLibjpegTakesOtherwise) {
  const std::string bytes = encode_jpeg(testing::toy_picture(0.5, 48, 3), 90);
  LumaDecoder decoder;
  int taken = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const int change : {0xFF, 0x01, 0x80, 0x10}) {
      std::string edited = bytes;
      edited[i] = static_cast<char>(edited[i] ^ change);
      const std::optional<Pixels> pixels = decode(decoder, edited);
      taken += pixels ? 1 : 0;
      ASSERT_TRUE(!pixels || pixels == by_libjpeg(edited)) << i << ": " << change;
    }

  EXPECT_GT(taken, 100);
}

}  // namespace
}  // namespace lipsound2::data
