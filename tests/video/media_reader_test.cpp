#include "media_reader.h"

#include <array>
#include <cmath>
#include <cstring>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "clip_sound.h"
#include "frame_converter.h"
#include "movies.h"
#include "support/temporary_folder.h"

namespace lipsound2::video {
namespace {

using testing::TemporaryFolder;

// Gray level of each picture of a movie brought to 25 per second.
std::vector<int> levels_at_25(const std::filesystem::path& file) {
  MediaReader reader(file, MediaReader::Sound::kSkip);
  SteadyPictures pictures(reader, 25);
  FrameConverter converter;
  std::vector<int> levels;
  while (const AVFrame* picture = pictures.next())
    levels.push_back(converter.scale(*picture, 120, 1).pixels[20 * 160 + 80]);
  return levels;
}

TEST(MediaReader, ReadsAContainerInMemoryAsItReadsAFile) {
  const TemporaryFolder folder;
  for (const char* name : {"a.mpg", "a.mp4"}) {
    write_movie(folder / name, {});
    const auto bytes = std::make_shared<const std::string>(read_file(folder / name));
    MediaReader from_file(folder / name, MediaReader::Sound::kDecode);
    MediaReader from_memory({"x.zip: a", bytes}, MediaReader::Sound::kDecode);

    for (FramePtr picture = from_file.next_picture(); picture; picture = from_file.next_picture()) {
      const FramePtr same = from_memory.next_picture();
      ASSERT_TRUE(same);
      EXPECT_EQ(from_memory.start_of(*same), from_file.start_of(*picture));
      EXPECT_EQ(std::memcmp(same->data[0], picture->data[0], 160), 0);
    }
    EXPECT_FALSE(from_memory.next_picture());
    EXPECT_EQ(from_memory.pictures(), 75);
    EXPECT_EQ(from_memory.sound().wave.samples, from_file.sound().wave.samples);
  }
}

TEST(MediaReader, NamesBytesThatAreNoVideo) {
  for (const std::string& bytes : {std::string(), std::string(5000, 'x')}) {
    try {
      const MediaReader reader({"x.zip: a.mp4", std::make_shared<const std::string>(bytes)},
                               MediaReader::Sound::kSkip);
      FAIL() << "expected an error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      EXPECT_THAT(
          error.what(),
          ::testing::HasSubstr(
              bytes.empty() ? "x.zip: a.mp4: expected a video (MPEG, MP4, Matroska, AVI...), "
                              "found an empty file"
                            : "found 5000 bytes that are none"));
    }
  }
}

class SteadyPicturesAtEveryRate : public ::testing::TestWithParam<int> {};

TEST_P(SteadyPicturesAtEveryRate, TakesThePictureThatIsShownAtEachMoment) {
  const int fps = GetParam();
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {.pictures = 3 * fps, .fps = fps});

  const std::vector<int> levels = levels_at_25(folder.path() / "a.mpg");

  ASSERT_EQ(levels.size(), 75U);
  for (int n = 0; n < 75; ++n)
    EXPECT_NEAR(levels[static_cast<std::size_t>(n)], level_of(n * fps / 25), 12) << n;
}

INSTANTIATE_TEST_SUITE_P(Rates, SteadyPicturesAtEveryRate, ::testing::Values(24, 25, 30, 50, 60));

TEST(SteadyPictures, HoldTheLastPictureForASecondWhateverTheFileSays) {
  const TemporaryFolder
      folder;  // one picture of 68 years; the two bytes before it are the fuzzer's
  const std::string seed =
      read_file(LIPSOUND2_SOURCE_DIR "/tests/fuzz/corpus/container/endless_picture");
  write_file(folder / "a.avi", seed.substr(2));

  EXPECT_EQ(levels_at_25(folder / "a.avi").size(), 25U);
}

// A flash of three pictures every second in a movie of 29.97 pictures a second, with a click at its
// start.
void write_flashes(const TemporaryFolder& folder) {
  constexpr int kSeconds = 8;
  const MovieWriter::Format format{.width = 160, .height = 120, .fps = 30000, .seconds = 1001};
  MovieWriter movie(folder / "flash.mp4", format);
  audio::Waveform clicks{std::vector<float>(48000 * kSeconds), 48000};
  double due = 0.5;
  int lit = 0;
  for (int i = 0; i * 1.001 / 30 < kSeconds; ++i) {
    const double time = i * 1.001 / 30;
    const bool flash = time >= due;
    lit = flash ? 3 : lit - 1;
    const std::uint8_t level = lit > 0 ? 230 : 40;
    movie.write(Canvas(160, 120, {level, level, level}).image());
    if (!flash)
      continue;
    due += 1;
    for (int n = 0; n < 480; ++n)  // 10 ms
      clicks.samples[static_cast<std::size_t>(std::lround(time * 48000)) + n] =
          n % 8 < 4 ? 0.8F : -0.8F;
  }
  movie.finish(clicks);
}

TEST(SteadyPictures, KeepSoundInStepAt29Point97PicturesASecond) {
  const TemporaryFolder folder;
  write_flashes(folder);
  MediaReader reader(folder / "flash.mp4", MediaReader::Sound::kDecode);
  EXPECT_NEAR(reader.fps(), 29.97, 0.001);
  SteadyPictures pictures(reader, 25);
  FrameConverter converter;
  std::vector<double> flashes;
  int count = 0;
  for (bool was_dark = true; const AVFrame* picture = pictures.next(); ++count) {
    const bool dark = converter.scale(*picture, 120, 1).pixels[20 * 160 + 80] < 135;
    if (was_dark && !dark)
      flashes.push_back(count / 25.0);
    was_dark = dark;
  }
  const ClipSound sound =
      fit_sound(reader.sound(), {"flash.mp4", pictures.start(), 640 * count, 16000});
  std::vector<double> clicks;
  for (std::size_t i = 0; i < sound.wave.samples.size(); ++i)
    if (std::abs(sound.wave.samples[i]) > 0.3F &&
        (clicks.empty() || i / 16e3 > clicks.back() + 0.5))
      clicks.push_back(static_cast<double>(i) / 16000);

  EXPECT_EQ(count, 201);  // 240 pictures last 8.008 s
  ASSERT_EQ(flashes.size(), 8U);
  ASSERT_EQ(clicks.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    // A picture shows at the first tick of 40 ms after its time; its sound keeps its own.
    EXPECT_GE(flashes[i], clicks[i] - 0.003) << i;
    EXPECT_LT(flashes[i], clicks[i] + 0.043) << i;
    EXPECT_NEAR(clicks[i], 0.5 + static_cast<double>(i), 0.04) << i;
  }
}

// An upright picture of 40 x 60: red above, blue below, with a white spot at the right of the red.
Image upright_flag() {
  Image image{40, 60, 3, std::vector<std::uint8_t>(40 * 60 * 3)};
  for (int y = 0; y < 60; ++y)
    for (int x = 0; x < 40; ++x) {
      std::uint8_t* pixel = &image.pixels[3 * (y * 40 + x)];
      pixel[y < 30 ? 0 : 2] = 200;
      if (x >= 20 && y < 20)
        pixel[0] = pixel[1] = pixel[2] = 200;
    }
  return image;
}

// The flag as a camera stores it that must be turned clockwise so often to be upright.
FramePtr stored_flag(int turns) {
  const Image flag = upright_flag();
  FramePtr frame = make_frame();
  frame->format = AV_PIX_FMT_RGB24;
  frame->width = turns % 2 ? 60 : 40;
  frame->height = turns % 2 ? 40 : 60;
  av_frame_get_buffer(frame.get(), 0);
  for (int y = 0; y < 60; ++y)
    for (int x = 0; x < 40; ++x) {
      const std::array<std::pair<int, int>, 4> places{
          {{x, y}, {y, 39 - x}, {39 - x, 59 - y}, {59 - y, x}}};
      const auto [to_x, to_y] = places[static_cast<std::size_t>(turns)];
      std::copy_n(
          &flag.pixels[3 * (y * 40 + x)], 3, frame->data[0] + to_y * frame->linesize[0] + 3 * to_x);
    }
  auto* matrix =
      av_frame_new_side_data(frame.get(), AV_FRAME_DATA_DISPLAYMATRIX, 9 * sizeof(std::int32_t));
  av_display_rotation_set(reinterpret_cast<std::int32_t*>(matrix->data), 90.0 * turns);
  return frame;
}

class TurnedFrames : public ::testing::TestWithParam<int> {};

TEST_P(TurnedFrames, AreScaledUpright) {
  const FramePtr frame = stored_flag(GetParam());

  EXPECT_EQ(upright_size(*frame), (std::pair(40, 60)));
  const Image image = FrameConverter().scale(*frame, 60, 3);

  ASSERT_EQ(image.width, 40);
  ASSERT_EQ(image.height, 60);
  const Image flag = upright_flag();
  for (const auto& [x, y] : {std::pair(5, 5), {30, 5}, {5, 50}, {30, 50}, {30, 25}})
    for (int c = 0; c < 3; ++c)
      EXPECT_NEAR(image.pixels[3 * (y * 40 + x) + c], flag.pixels[3 * (y * 40 + x) + c], 3)
          << x << " " << y;
}

TEST_P(TurnedFrames, AreCroppedUpright) {
  const FramePtr frame = stored_flag(GetParam());

  const Image crop = FrameConverter().crop(*frame, {10, 4, 20}, 20);

  const Image flag = upright_flag();
  for (const auto& [x, y] : {std::pair(2, 2), {17, 2}, {2, 13}, {17, 13}, {17, 19}})
    for (int c = 0; c < 3; ++c)
      EXPECT_NEAR(
          crop.pixels[3 * (y * 20 + x) + c], flag.pixels[3 * ((y + 4) * 40 + x + 10) + c], 3)
          << x << " " << y;
}

INSTANTIATE_TEST_SUITE_P(Quarters, TurnedFrames, ::testing::Values(0, 1, 2, 3));

TEST(MediaReader, GivesPicturesTheTurnOfTheirContainer) {
  const TemporaryFolder folder;
  write_movie(folder / "a.mp4", {.pictures = 25, .sound = tone(1)});
  std::string bytes = read_file(folder / "a.mp4");
  // The matrix of the track header (ISO/IEC 14496-12, 8.3.2), as a telephone held upright writes
  // it.
  const std::string turn("\0\0\0\0\0\1\0\0\0\0\0\0\xff\xff\0\0\0\0\0\0", 20);
  bytes.replace(bytes.find("tkhd") + 44, turn.size(), turn);
  write_file(folder / "a.mp4", bytes);

  MediaReader reader(folder / "a.mp4", MediaReader::Sound::kSkip);

  for (FramePtr picture = reader.next_picture(); picture; picture = reader.next_picture())
    ASSERT_EQ(upright_size(*picture), (std::pair(120, 160)));
  EXPECT_EQ(reader.pictures(), 25);
}

TEST(FrameConverter, RepeatsTheEdgeBeyondTheBorder) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {.pictures = 3});
  MediaReader reader(folder.path() / "a.mpg", MediaReader::Sound::kSkip);
  const FramePtr picture = reader.next_picture();
  FrameConverter converter;

  const Image crop = converter.crop(*picture, {-20, -20, 60}, 60);

  ASSERT_EQ(crop.pixels.size(), 60U * 60 * 3);
  EXPECT_NEAR(crop.pixels[0], level_of(0), 8);
  EXPECT_NEAR(crop.pixels[3 * (10 * 60 + 30)], level_of(0), 8);
}

TEST(FrameConverter, CutsTheSquareThatWasAskedFor) {
  const TemporaryFolder folder;
  MovieWriter movie(folder.path() / "a.mpg", {.width = 160, .height = 120});
  Canvas canvas(160, 120, {20, 20, 20});
  const Point square[] = {{64, 48}, {95, 48}, {95, 79}, {64, 79}};
  canvas.fill_polygon(square, {220, 30, 60});
  movie.write(canvas.image());
  movie.finish({});
  MediaReader reader(folder.path() / "a.mpg", MediaReader::Sound::kSkip);
  const FramePtr picture = reader.next_picture();
  FrameConverter converter;

  const Image crop = converter.crop(*picture, {48, 32, 64}, 32);

  const auto at = [&](int x, int y, int c) {
    return crop.pixels[std::size_t{3} * (y * 32 + x) + c];
  };
  EXPECT_NEAR(at(16, 16, 0), 220, 12);  // red, green, blue in this order
  EXPECT_NEAR(at(16, 16, 1), 30, 12);
  EXPECT_NEAR(at(16, 16, 2), 60, 12);
  EXPECT_NEAR(at(2, 16, 0), 20, 12);
  EXPECT_NEAR(at(29, 16, 0), 20, 12);
  EXPECT_NEAR(at(16, 2, 0), 20, 12);
}

}  // namespace
}  // namespace lipsound2::video
