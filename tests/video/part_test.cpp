#include <cmath>
#include <numbers>

#include <gmock/gmock.h>

#include "lipsound2/core/file.h"
#include "lipsound2/video/recording.h"

#include "clip_sound.h"
#include "frame_converter.h"
#include "movies.h"
#include "support/temporary_folder.h"

namespace lipsound2::video {
namespace {

using testing::TemporaryFolder;

constexpr int kLongSeconds = 40;

// A tone that rises by 20 Hz a second, so that every moment sounds different.
audio::Waveform rising_tone(double seconds) {
  audio::Waveform sound{std::vector<float>(static_cast<std::size_t>(seconds * 16000)), 16000};
  double phase = 0;
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    phase += 2 * std::numbers::pi * (100 + 20 * static_cast<double>(i) / 16000) / 16000;
    sound.samples[i] = 0.5F * static_cast<float>(std::sin(phase));
  }
  return sound;
}

// One movie of 40 s as a program stream, which has no index, and as an MP4, which has one.
class Parts : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    for (const char* name : {"long.mpg", "long.mp4"})
      write_movie(*folder_ / name,
                  {.pictures = 25 * kLongSeconds, .sound = rising_tone(kLongSeconds)});
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::filesystem::path movie() { return *folder_ / GetParam(); }

  static TemporaryFolder* folder_;
};

TemporaryFolder* Parts::folder_ = nullptr;

struct Heard {
  std::vector<int> levels;  ///< gray level of each picture
  ClipSound sound;
  std::int64_t pictures = 0;
};

Heard read_part(const std::filesystem::path& file, std::optional<Span> part) {
  MediaReader reader(file, MediaReader::Sound::kDecode, part);
  SteadyPictures pictures(reader, 25);
  FrameConverter converter;
  Heard heard;
  while (const AVFrame* picture = pictures.next())
    heard.levels.push_back(converter.scale(*picture, 120, 1).pixels[20 * 160 + 80]);
  heard.sound = fit_sound(reader.sound(),
                          {.file = file.string(),
                           .start = pictures.start(),
                           .samples = 640 * std::ssize(heard.levels),
                           .rate = 16000,
                           .part = part.has_value()});
  heard.pictures = reader.pictures();
  return heard;
}

// Decibels of the difference below the whole.
double agreement(const std::vector<float>& part, const float* whole) {
  double signal = 0;
  double noise = 0;
  for (std::size_t i = 0; i < part.size(); ++i) {
    signal += whole[i] * whole[i];
    noise += (part[i] - whole[i]) * (part[i] - whole[i]);
  }
  return 10 * std::log10(signal / noise);
}

TEST_P(Parts, AreWhatTheWholeShowsAndSoundsAtThatTime) {
  const double start = open_recording(movie()).start;
  const Heard whole = read_part(movie(), std::nullopt);
  ASSERT_EQ(whole.levels.size(), 25U * kLongSeconds);
  for (int i = 0; i < 25 * kLongSeconds; ++i)
    EXPECT_NEAR(whole.levels[i], level_of(i), 12) << i;

  for (const int first : {0, 1, 12, 60, 333, 500, 737, 950}) {
    const double begin = start + first / 25.0;
    const Heard part = read_part(movie(), Span{begin, begin + 2});

    ASSERT_EQ(part.levels.size(), 50U) << first;
    EXPECT_TRUE(part.sound.notes.empty()) << first;
    for (int i = 0; i < 50; ++i)
      EXPECT_NEAR(part.levels[i], whole.levels[first + i], 6) << first << " " << i;
    // Half a sample of 16 kHz, the finest step, is 15 dB at 900 Hz.
    EXPECT_GT(agreement(part.sound.wave.samples, &whole.sound.wave.samples[640 * first]), 14)
        << first;
  }
}

TEST_P(Parts, CountOnlyTheirOwnPictures) {
  EXPECT_NEAR(read_part(movie(), Span{20, 22}).pictures, 50, 1);
}

TEST_P(Parts, EndWithTheRecording) {
  const double start = open_recording(movie()).start;

  const Heard part = read_part(movie(), Span{start + kLongSeconds - 1, start + kLongSeconds + 5});

  EXPECT_EQ(part.levels.size(), 25U);
}

TEST_P(Parts, AreReadWithoutWhatLiesFarBeforeThem) {
  const TemporaryFolder folder;
  std::string bytes = read_file(movie());
  const auto damaged = folder / GetParam();
  for (std::size_t i = bytes.size() / 20; i < bytes.size() / 2; ++i)
    bytes[i] = static_cast<char>(i * 7);
  write_file(damaged, bytes);
  const double start = open_recording(damaged).start;

  const Heard part = read_part(damaged, Span{start + 30, start + 32});

  ASSERT_EQ(part.levels.size(), 50U);
  for (int i = 0; i < 50; ++i)
    EXPECT_NEAR(part.levels[i], level_of(750 + i), 12) << i;
}

INSTANTIATE_TEST_SUITE_P(Containers,
                         Parts,
                         ::testing::Values("long.mpg", "long.mp4"),
                         [](const auto& info) { return std::string(info.param).substr(5); });

TEST(Recording, SaysHowLongItIs) {
  const TemporaryFolder folder;
  write_movie(folder / "a.mpg", {.pictures = 100, .sound = tone(4)});

  EXPECT_NEAR(open_recording(folder / "a.mpg").seconds, 4, 0.1);
}

TEST(SoundLevels, FollowTheLoudness) {
  const TemporaryFolder folder;
  audio::Waveform sound = tone(6);
  for (std::size_t i = 32000; i < 64000; ++i)
    sound.samples[i] = 0;  // from 2 s to 4 s
  write_movie(folder / "a.mpg", {.pictures = 150, .sound = sound});
  double last = 0;

  const SoundLevels levels =
      measure_sound_levels(folder / "a.mpg", [&](double seconds) { last = seconds; });

  const auto at = [&](double seconds) {
    return levels.rms.at(static_cast<std::size_t>(std::lround(seconds / SoundLevels::kStep)));
  };
  EXPECT_NEAR(last, 6, 0.1);
  EXPECT_NEAR(levels.end() - levels.start, 6, 0.1);
  EXPECT_NEAR(at(1), 0.5 / std::numbers::sqrt2, 0.02);
  EXPECT_NEAR(at(5), 0.5 / std::numbers::sqrt2, 0.02);
  EXPECT_LT(at(2.1), 0.01);
  EXPECT_LT(at(3.9), 0.01);
}

TEST(SoundLevels, AreNoneWithoutSound) {
  const TemporaryFolder folder;
  write_movie(folder / "a.mpg", {.pictures = 50, .sound = {}});

  EXPECT_THAT(measure_sound_levels(folder / "a.mpg", [](double) {}).rms, ::testing::IsEmpty());
}

}  // namespace
}  // namespace lipsound2::video
