#include "lipsound2/data/jpeg.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

#include "data/resized.h"
#include "jpeg_decoder.h"
#include "support/toy_corpus.h"

namespace lipsound2::data {
namespace {

using ::testing::HasSubstr;

double mean_difference(const Picture& a, const Picture& b) {
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i)
    sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

Picture filled(int width, int height, std::vector<std::uint8_t> color) {
  Picture picture{width, height, static_cast<int>(color.size()), {}};
  for (int i = 0; i < width * height; ++i)
    picture.pixels.insert(picture.pixels.end(), color.begin(), color.end());
  return picture;
}

TEST(Jpeg, ComesBackCloseInGrayAndColor) {
  for (const int channels : {1, 3}) {
    const Picture picture = testing::toy_picture(0.3, 112, channels);
    const Picture back = decode_jpeg(encode_jpeg(picture, 90), channels, "x");

    EXPECT_EQ(back.width, 112);
    EXPECT_EQ(back.height, 112);
    EXPECT_EQ(back.channels, channels);
    EXPECT_LT(mean_difference(picture, back), 2.0) << channels << " channels";
  }
}

TEST(Jpeg, GivesTheSameBytesForTheSamePicture) {
  const Picture picture = testing::toy_picture(0.7);

  EXPECT_EQ(encode_jpeg(picture, 90), encode_jpeg(picture, 90));
  EXPECT_GT(encode_jpeg(picture, 95).size(), encode_jpeg(picture, 30).size());
}

TEST(Jpeg, DecodesColorToGrayByLuma) {
  // ITU-R BT.601: Y = 0.299 R + 0.587 G + 0.114 B = 119.15 for (200, 100, 6).
  const std::string bytes = encode_jpeg(filled(32, 32, {200, 100, 6}), 95);

  const Picture gray = decode_jpeg(bytes, 1, "x");

  EXPECT_NEAR(gray.pixels.at(500), 119, 2);
}

TEST(Jpeg, DecodesGrayToEqualChannels) {
  const Picture color = decode_jpeg(encode_jpeg(filled(16, 16, {77}), 95), 3, "x");

  EXPECT_EQ(color.channels, 3);
  EXPECT_EQ(color.pixels, std::vector<std::uint8_t>(16 * 16 * 3, color.pixels[0]));
}

TEST(JpegFault, GarbageAndNothingAreNamed) {
  for (const std::string& bytes : {std::string("this is no picture"), std::string()}) {
    try {
      decode_jpeg(bytes, 1, "clip 's1/x', picture 3");
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      EXPECT_THAT(error.what(), HasSubstr("clip 's1/x', picture 3: expected a"));
    }
  }
}

TEST(JpegFault, EveryTruncationIsNoticed) {
  const std::string bytes = encode_jpeg(testing::toy_picture(0.5), 90);

  for (std::size_t size = 1; size + 2 < bytes.size(); size += 13)
    EXPECT_THROW(decode_jpeg(bytes.substr(0, size), 1, "x"), Error) << size;
}

TEST(JpegFault, EditedBytesNeverCrash) {
  const std::string bytes = encode_jpeg(testing::toy_picture(0.5, 112, 3), 90);
  int noticed = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    std::string edited = bytes;
    edited[i] = static_cast<char>(~edited[i]);
    try {
      decode_jpeg(edited, 3, "x");
    } catch (const Error&) {
      ++noticed;
    }
  }

  EXPECT_GT(noticed, 10);
}

/// What a decoder gives that may choose a smaller size.
Picture decode_small(const std::string& bytes, int channels, int least_side) {
  JpegDecoder decoder("x");
  const PictureSize size =
      decoder.begin({.bytes = bytes, .channels = channels, .least_side = least_side});
  Picture picture{size.width, size.height, channels, {}};
  picture.pixels.resize(static_cast<std::size_t>(size.width) * size.height * channels);
  decoder.finish(picture.pixels.data());
  return picture;
}

TEST(JpegDecoder, ChoosesTheSmallestSizeThatIsLargeEnough) {
  const std::string bytes = encode_jpeg(testing::toy_picture(0.4, 112, 3), 90);
  for (const auto& [least, side] :
       {std::pair{0, 112}, {57, 112}, {56, 56}, {29, 56}, {28, 28}, {14, 14}, {3, 14}})
    EXPECT_EQ(decode_small(bytes, 3, least).width, side) << least;
}

TEST(JpegDecoder, GivesAtHalfSizeWhatAResizeGives) {
  const std::string bytes = encode_jpeg(testing::toy_picture(0.4), 90);

  EXPECT_LT(
      mean_difference(decode_small(bytes, 1, 56), resized(decode_jpeg(bytes, 1, "x"), {56, 56})),
      1.5);
}

TEST(JpegDecoder, GivesTheSamePicturesOneAfterAnother) {
  JpegDecoder decoder("x");
  for (const int channels : {3, 1, 3})
    for (const double height : {0.1, 0.9}) {
      const std::string bytes = encode_jpeg(testing::toy_picture(height, 64, 3), 90);
      Picture picture{64, 64, channels, {}};
      picture.pixels.resize(static_cast<std::size_t>(64 * 64 * channels));
      decoder.begin({.bytes = bytes, .channels = channels});
      decoder.finish(picture.pixels.data());
      EXPECT_EQ(picture.pixels, decode_jpeg(bytes, channels, "x").pixels);
    }
}

TEST(JpegDecoder, GivesTheSamePixelsInPlanes) {
  const std::string bytes = encode_jpeg(testing::toy_picture(0.3, 50, 3), 90);
  const Picture expected = decode_jpeg(bytes, 3, "x");
  constexpr std::int64_t kPlane = 3000;
  std::vector<std::uint8_t> planes(3 * kPlane);
  JpegDecoder decoder("x");
  decoder.begin({.bytes = bytes, .channels = 3, .layout = PixelLayout::kPlanes});
  decoder.finish(planes.data(), kPlane);

  for (std::size_t i = 0; i < expected.pixels.size(); ++i)
    ASSERT_EQ(planes[i % 3 * kPlane + i / 3], expected.pixels[i]) << i;
  EXPECT_EQ(planes[2500], 0);
}

TEST(JpegDecoder, MayLookAtTheBytesBehindAPicture) {
  const std::string bytes = encode_jpeg(testing::toy_picture(0.3), 90);
  const Picture expected = decode_jpeg(bytes, 1, "x");
  const std::string twice = bytes + bytes;
  std::vector<std::uint8_t> pixels(expected.pixels.size());
  JpegDecoder decoder("x");
  decoder.begin(
      {.bytes = std::string_view(twice).substr(0, bytes.size()), .readable_behind = bytes.size()});
  decoder.finish(pixels.data());

  EXPECT_EQ(pixels, expected.pixels);
}

TEST(JpegDecoder, NoticesAPictureThatEndsInTheBytesBehindIt) {
  const std::string bytes = encode_jpeg(testing::toy_picture(0.3), 90);
  std::vector<std::uint8_t> pixels(decode_jpeg(bytes, 1, "x").pixels.size());

  for (const std::size_t missing : {1, 2, 3, 500}) {
    JpegDecoder decoder("x");
    decoder.begin({.bytes = std::string_view(bytes).substr(0, bytes.size() - missing),
                   .readable_behind = missing});
    EXPECT_THAT([&] { decoder.finish(pixels.data()); },
                ::testing::ThrowsMessage<Error>(HasSubstr("one that does not end")))
        << missing;
  }
}

TEST(JpegDecoder, NamesThePictureOfAClip) {
  EXPECT_THAT([] { JpegDecoder("clip 'x'").begin({.bytes = "no", .number = 4}); },
              ::testing::ThrowsMessage<Error>(HasSubstr("clip 'x', picture 4: expected a whole")));
}

}  // namespace
}  // namespace lipsound2::data
