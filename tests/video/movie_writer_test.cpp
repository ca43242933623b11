#include "lipsound2/video/movie_writer.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "clip_sound.h"
#include "frame_converter.h"
#include "media_reader.h"
#include "movies.h"
#include "support/temporary_folder.h"

namespace lipsound2::video {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::vector<Image> pictures_of(const std::filesystem::path& file) {
  MediaReader reader(file, MediaReader::Sound::kSkip);
  FrameConverter converter;
  std::vector<Image> images;
  while (const FramePtr picture = reader.next_picture())
    images.push_back(converter.scale(*picture, picture->height, 3));
  return images;
}

// Where the sound of a file is loudest, in seconds after its first picture.
double loudest(const std::filesystem::path& file) {
  MediaReader reader(file, MediaReader::Sound::kDecode);
  SteadyPictures pictures(reader, 25);
  while (pictures.next()) {
  }
  const ClipSound sound =
      fit_sound(reader.sound(), {file.string(), pictures.start(), 48000, 16000});
  const auto& samples = sound.wave.samples;
  const auto peak = std::ranges::max_element(samples, {}, [](float x) { return std::abs(x); });
  return static_cast<double>(peak - samples.begin()) / 16000;
}

audio::Waveform click_at_one_second() {
  audio::Waveform sound{std::vector<float>(48000, 0.0F), 16000};
  for (int i = 0; i < 16; ++i)  // half a period of 500 Hz
    sound.samples[static_cast<std::size_t>(16000 - 8 + i)] =
        0.8F * static_cast<float>(std::sin(std::numbers::pi * i / 16));
  return sound;
}

TEST(MovieWriter, GivesItsPicturesBack) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {.pictures = 20, .sound = tone(0.8)});

  const std::vector<Image> pictures = pictures_of(folder.path() / "a.mpg");

  ASSERT_EQ(pictures.size(), 20U);
  for (int i = 0; i < 20; ++i) {
    const Image& picture = pictures[static_cast<std::size_t>(i)];
    ASSERT_EQ(picture.width, 160);
    ASSERT_EQ(picture.height, 120);
    EXPECT_NEAR(picture.pixels[std::size_t{3} * (20 * 160 + 80)], level_of(i), 8) << i;
  }
}

TEST(MovieWriter, WritesTheFormatOfGrid) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {});

  MediaReader reader(folder.path() / "a.mpg", MediaReader::Sound::kDecode);
  while (reader.next_picture()) {
  }

  EXPECT_EQ(read_file(folder.path() / "a.mpg").substr(0, 4), std::string("\0\0\1\xBA", 4));
  EXPECT_EQ(reader.fps(), 25);
  EXPECT_EQ(reader.pictures(), 75);
  EXPECT_EQ(reader.sound().wave.rate, 44100);
  EXPECT_EQ(reader.sound().channels, 2);
  EXPECT_EQ(reader.faults().concealed + reader.faults().refused, 0);
}

TEST(MovieWriter, KeepsSoundAndPicturesTogether) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {.sound = click_at_one_second()});

  EXPECT_NEAR(loudest(folder.path() / "a.mpg"), 1.0, 0.0005);
}

TEST(MovieWriter, LeavesTheSoundTrackOutWhenThereIsNoSound) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {.sound = {}});

  MediaReader reader(folder.path() / "a.mpg", MediaReader::Sound::kDecode);
  while (reader.next_picture()) {
  }

  EXPECT_EQ(reader.pictures(), 75);
  EXPECT_EQ(reader.sound().channels, 0);
}

TEST(MovieWriter, LeavesNoFileBehindUnlessFinished) {
  const TemporaryFolder folder;
  {
    MovieWriter movie(folder.path() / "a.mpg", {});
    movie.write(Canvas(360, 288, {9, 9, 9}).image());
  }

  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(MovieWriter, RefusesPicturesOfAnotherSize) {
  const TemporaryFolder folder;
  MovieWriter movie(folder.path() / "a.mpg", {});

  EXPECT_THROW(movie.write(Canvas(100, 288, {9, 9, 9}).image()), std::invalid_argument);
}

TEST(MovieWriterFault, NamesTheFolderThatIsMissing) {
  try {
    write_movie("/nowhere/a.mpg", {.pictures = 5});
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/a.mpg"));
  }
}

TEST(Mux, KeepsEveryPictureAndBringsTheNewSound) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {});

  audio::write_wav(folder / "click.wav", click_at_one_second());

  mux(folder / "a.mpg", folder / "click.wav", folder / "a.mp4");

  const std::vector<Image> before = pictures_of(folder.path() / "a.mpg");
  const std::vector<Image> after = pictures_of(folder.path() / "a.mp4");
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_EQ(after[i].pixels, before[i].pixels) << i;
  EXPECT_NEAR(loudest(folder.path() / "a.mp4"), 1.0, 0.001);
}

TEST(Mux, TakesSoundAtARateThatAacLacks) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {});
  audio::Waveform sound = tone(3);
  sound.rate = 15000;
  audio::write_wav(folder / "tone.wav", sound);

  mux(folder / "a.mpg", folder / "tone.wav", folder / "a.mp4");

  MediaReader reader(folder.path() / "a.mp4", MediaReader::Sound::kDecode);
  while (reader.next_picture()) {
  }
  EXPECT_EQ(reader.sound().wave.rate, 48000);
  EXPECT_NEAR(reader.sound().wave.seconds(), 3.2, 0.03);  // 48000 samples at 15 kHz
}

TEST(MuxFault, LeavesNothingBehindWhenTheVideoIsNone) {
  const TemporaryFolder folder;
  write_file(folder.path() / "text.mpg", "this is not a movie\n");
  audio::write_wav(folder / "tone.wav", tone(1));

  EXPECT_THROW(mux(folder / "text.mpg", folder / "tone.wav", folder / "a.mp4"), Error);
  EXPECT_THROW(require_muxable(folder / "text.mpg", folder / "a.mp4"), Error);

  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a.mp4"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a.mp4.part"));
}

}  // namespace
}  // namespace lipsound2::video
