#include "lipsound2/video/media_look.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"

#include "movies.h"
#include "support/temporary_folder.h"

namespace lipsound2::video {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

TEST(MediaLook, TellsHeadersAndLoudness) {
  const TemporaryFolder folder;
  write_movie(folder / "a.mpg", {.pictures = 50, .sound = tone(2)});

  const MediaLook look = look_at({.video = folder / "a.mpg"});

  EXPECT_EQ(look.container, "mpeg");
  EXPECT_EQ(look.picture_codec, "mpeg1video");
  EXPECT_EQ(look.sound_codec, "mp2");
  EXPECT_EQ(look.width, 160);
  EXPECT_EQ(look.height, 120);
  EXPECT_EQ(look.fps, 25);
  EXPECT_NEAR(look.picture_seconds, 2, 0.05);
  EXPECT_EQ(look.sound_rate, 44100);
  EXPECT_EQ(look.sound_channels, 2);
  EXPECT_NEAR(look.sound_seconds, 2, 0.08);
  EXPECT_NEAR(look.peak, 0.5F, 0.05F);
  EXPECT_NEAR(look.rms, 0.354F, 0.02F);  // of a sine of amplitude 0.5
  EXPECT_EQ(look.clipped, 0);
}

TEST(MediaLook, TakesTheSoundOfAnotherFile) {
  const TemporaryFolder folder;
  write_movie(folder / "a.mpg", {.pictures = 50, .sound = tone(2)});
  audio::Waveform loud = tone(1.5);
  for (float& x : loud.samples)
    x = std::clamp(4 * x, -1.0F, 1.0F);
  audio::write_wav(folder / "a.wav", loud);

  const MediaLook look = look_at({.video = folder / "a.mpg", .sound = folder / "a.wav"});

  EXPECT_NEAR(look.sound_seconds, 1.5, 1e-6);
  EXPECT_EQ(look.sound_start, look.picture_start);
  EXPECT_EQ(look.peak, 1);
  EXPECT_EQ(look.clipped, 1320);  // each half period of 440 Hz in 1.5 s
}

TEST(MediaLook, HearsOnlyAPart) {
  const TemporaryFolder folder;
  audio::Waveform sound = tone(3);
  for (std::size_t i = 16000; i < 32000; ++i)
    sound.samples[i] = 0;
  write_movie(folder / "a.mpg", {.pictures = 75, .sound = sound});
  const double start = look_at({.video = folder / "a.mpg"}).sound_start;

  const MediaLook look =
      look_at({.video = folder / "a.mpg", .part = Span{start + 1.2, start + 1.8}});

  EXPECT_NEAR(look.picture_seconds, 0.6, 1e-6);
  EXPECT_NEAR(look.sound_seconds, 0.6, 1e-3);
  EXPECT_LT(look.peak, 0.02F);
}

TEST(MediaLook, RefusesWhatIsNoMovie) {
  const TemporaryFolder folder;
  folder.write("a.mpg", "this is no movie at all");

  try {
    look_at({.video = folder / "a.mpg"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("a.mpg: expected a video"));
  }
}

}  // namespace
}  // namespace lipsound2::video
