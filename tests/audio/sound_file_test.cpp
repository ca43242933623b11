#include "lipsound2/audio/sound_file.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "lipsound2/audio/resample.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

namespace lipsound2::audio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Waveform tone(int rate, std::size_t samples, double hz) {
  Waveform sound{std::vector<float>(samples), rate};
  for (std::size_t i = 0; i < samples; ++i)
    sound.samples[i] =
        static_cast<float>(0.5 * std::sin(2 * M_PI * hz * static_cast<double>(i) / rate));
  return sound;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float largest = a.size() == b.size() ? 0 : std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

std::filesystem::path sound_path(const std::string& name) {
  return std::filesystem::path(::testing::TempDir()) / name;
}

/// A WAV of 32-bit floats, written byte by byte after the RIFF layout (format tag 3: IEEE float).
std::string float_wav(const std::vector<float>& interleaved,
                      std::uint16_t channels,
                      std::uint32_t rate = 16000) {
  const auto number = [](std::uint32_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i)
      text += static_cast<char>(value >> 8 * i & 255);
    return text;
  };
  const auto size = static_cast<std::uint32_t>(interleaved.size() * sizeof(float));
  std::string bytes = "RIFF" + number(36 + size, 4) + "WAVEfmt " + number(16, 4) + number(3, 2) +
                      number(channels, 2) + number(rate, 4) + number(rate * 4 * channels, 4) +
                      number(4U * channels, 2) + number(32, 2) + "data" + number(size, 4);
  bytes.append(reinterpret_cast<const char*>(interleaved.data()), size);
  return bytes;
}

template <class Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::kUsage, "no error was thrown"};
}

TEST(SoundFile, ReadsBackAWavToHalfAStep) {
  const Waveform sound = tone(16000, 1000, 440);

  write_wav(sound_path("tone.wav"), sound);
  const Waveform read = read_sound(sound_path("tone.wav"));

  EXPECT_EQ(read.rate, 16000);
  EXPECT_LE(largest_difference(read.samples, sound.samples), 0.5 / 32768 + 1e-7);
}

TEST(SoundFile, ReadsBackFlacToHalfAStepAndSmaller) {
  const Waveform sound = tone(16000, 48000, 440);

  const std::string flac = encode_flac(sound);
  const Waveform read = decode_sound(flac, "tone");

  EXPECT_EQ(read.rate, 16000);
  EXPECT_LE(largest_difference(read.samples, sound.samples), 0.5 / 32768 + 1e-7);
  EXPECT_LT(flac.size(), encode_wav(sound).size() / 2);
}

TEST(SoundFile, ClipsSamplesOutsideOfOne) {
  const Waveform read = decode_sound(encode_wav({{2.0F, -2.0F}, 8000}), "loud");

  EXPECT_FLOAT_EQ(read.samples.at(0), 32767.0F / 32768);
  EXPECT_FLOAT_EQ(read.samples.at(1), -1.0F);
}

TEST(SoundFile, AveragesChannels) {
  const Waveform read = decode_sound(float_wav({0.5F, 0.25F, -1.0F, 1.0F}, 2), "stereo");

  EXPECT_THAT(read.samples, ::testing::ElementsAre(0.375F, 0.0F));
}

TEST(SoundFile, NamesAMissingFile) {
  const Error error = error_of([] { read_sound(sound_path("missing.wav")); });

  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_THAT(error.what(), HasSubstr("missing.wav: cannot read: No such file"));
}

TEST(SoundFile, RefusesATextNamedWav) {
  write_file(sound_path("text.wav"), "bin blue at f two now\n");

  const Error error = error_of([] { read_sound(sound_path("text.wav")); });

  EXPECT_EQ(error.kind(), ErrorKind::kData);
  EXPECT_THAT(error.what(), HasSubstr("text.wav: expected a sound file, found something else"));
}

TEST(SoundFile, RefusesAnEmptyFile) {
  write_file(sound_path("empty.wav"), "");

  const Error error = error_of([] { read_sound(sound_path("empty.wav")); });

  EXPECT_EQ(error.kind(), ErrorKind::kData);
  EXPECT_THAT(error.what(), HasSubstr("empty.wav: expected a sound file, found 0 bytes"));
}

TEST(SoundFile, RefusesAWavWithoutSamples) {
  const Error error = error_of([] { decode_sound(encode_wav({{}, 16000}), "a.wav"); });

  EXPECT_EQ(error.kind(), ErrorKind::kData);
  EXPECT_THAT(error.what(), HasSubstr("a.wav: expected sound, found no samples"));
}

TEST(SoundFile, RefusesATruncatedWavAndSaysWhatIsMissing) {
  const std::string whole = encode_wav(tone(16000, 1000, 440));
  write_file(sound_path("short.wav"), whole.substr(0, whole.size() - 500));

  const Error error = error_of([] { read_sound(sound_path("short.wav")); });

  EXPECT_EQ(error.kind(), ErrorKind::kData);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("short.wav: expected 2000 bytes of samples, found 1500"),
                    HasSubstr("cut short")));
}

TEST(SoundFile, RefusesEveryTruncationOfAFlac) {
  const std::string whole = encode_flac(tone(16000, 20000, 440));

  for (std::size_t size = 0; size < whole.size(); size += 997)
    EXPECT_EQ(error_of([&] { decode_sound(whole.substr(0, size), "a.flac"); }).kind(),
              ErrorKind::kData)
        << size << " bytes";
}

TEST(SoundFile, ReadsAWavOfUnknownLengthFromAPipe) {
  std::string bytes = encode_wav(tone(16000, 1000, 440));
  const std::size_t length_field = bytes.find("data") + 4;
  bytes.replace(length_field, 4, "\xff\xff\xff\xff");

  EXPECT_EQ(decode_sound(bytes, "pipe").samples.size(), 1000U);
}

TEST(SoundFile, RefusesRatesThatNoSoundHas) {
  for (const std::uint32_t rate : {1U, 999U, 768001U, 2147483647U})
    EXPECT_THAT(error_of([&] { decode_sound(float_wav({0.5F}, 1, rate), "a.wav"); }).what(),
                HasSubstr("a.wav: expected a sample rate of 1000 to 768000 Hz, found " +
                          std::to_string(rate)));
  for (const std::uint32_t rate : {1000U, 768000U})
    EXPECT_EQ(decode_sound(float_wav({0.5F}, 1, rate), "a.wav").rate, static_cast<int>(rate));
  EXPECT_EQ(error_of([&] { decode_sound(float_wav({0.5F}, 1, 0), "a.wav"); }).kind(),
            ErrorKind::kData);
}

TEST(SoundFile, AveragesAsManyChannelsAsLibsndfileReads) {
  std::vector<float> interleaved(2 * 1024, 0.25F);
  interleaved[0] = 1.25F;

  EXPECT_THAT(decode_sound(float_wav(interleaved, 1024), "wide").samples,
              ::testing::ElementsAre(0.25F + 1.0F / 1024, 0.25F));
  EXPECT_EQ(error_of([&] { decode_sound(float_wav(interleaved, 1025), "wide"); }).kind(),
            ErrorKind::kData);
}

TEST(SoundFile, RefusesNanAndInfiniteSamples) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    const Error error = error_of([&] { decode_sound(float_wav({0.5F, 0.0F, bad}, 1), "bad.wav"); });

    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("bad.wav: expected finite samples"), HasSubstr("at 2")));
  }
}

TEST(SoundFile, RefusesToWriteNanAndLeavesNoFile) {
  const auto path = sound_path("nan.wav");

  const Error error = error_of([&] { write_wav(path, {{std::nanf("")}, 16000}); });

  EXPECT_EQ(error.kind(), ErrorKind::kNumeric);
  EXPECT_THAT(error.what(), HasSubstr("nan.wav"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Resample, KeepsATone) {
  for (const int rate : {8000, 10000, 22050, 44100}) {
    const Waveform result = resample(tone(16000, 16000, 440), rate);
    const Waveform expected = tone(rate, static_cast<std::size_t>(rate), 440);

    ASSERT_EQ(result.samples.size(), expected.samples.size());
    const auto tenth = static_cast<std::ptrdiff_t>(rate / 10);  // the edges ring
    EXPECT_LT(
        largest_difference({result.samples.begin() + tenth, result.samples.end() - tenth},
                           {expected.samples.begin() + tenth, expected.samples.end() - tenth}),
        2e-4)
        << rate;
  }
}

TEST(Resample, RemovesWhatTheNewRateCannotHold) {
  const Waveform result = resample(tone(16000, 16000, 6000), 8000);

  for (std::size_t i = 800; i < 7200; ++i)
    ASSERT_LT(std::abs(result.samples[i]), 1e-4) << i;
}

TEST(Resample, RefusesRatesThatNoSoundHas) {
  for (const auto& [from, to] : {std::pair{1, 16000}, {16000, 999}, {768001, 16000}, {0, 16000}})
    EXPECT_THAT(error_of([&] { resample({{0.5F}, from}, to); }).what(),
                HasSubstr("resampling: expected sample rates of 1000 to 768000 Hz, found "));
}

TEST(Resample, BridgesTheOutermostRates) {
  EXPECT_EQ(resample(tone(1000, 3, 100), 768000).samples.size(), 2304U);
  EXPECT_EQ(resample(tone(768000, 2304, 100), 1000).samples.size(), 3U);
  EXPECT_EQ(resample(tone(767999, 1, 100), 1000).samples.size(), 0U);
}

// soxr_oneshot() leaves out up to a thousand samples at some lengths.
TEST(Resample, KeepsTheEnd) {
  for (const std::size_t samples : {200, 1000, 3000, 10000, 144001})
    for (const int from : {22050, 44100, 48000, 192000})
      for (const int to : {1000, 8000, 16000, 96000}) {
        const Waveform flat{std::vector<float>(samples, 0.5F), from};

        const Waveform result = resample(flat, to);

        ASSERT_FALSE(result.samples.empty());
        EXPECT_GT(result.samples.back(), 0.01F) << samples << " from " << from << " to " << to;
      }
}

TEST(Resample, RoundsTheLength) {
  EXPECT_EQ(resample(tone(44100, 1000, 440), 16000).samples.size(), 363U);  // 362.8
  EXPECT_EQ(resample(tone(44100, 1, 440), 16000).samples.size(), 0U);
  EXPECT_EQ(resample(tone(16000, 7, 440), 16000).samples.size(), 7U);
  EXPECT_EQ(resample({{}, 16000}, 8000).samples.size(), 0U);
}

}  // namespace
}  // namespace lipsound2::audio
