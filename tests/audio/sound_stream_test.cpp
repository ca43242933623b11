#include "lipsound2/audio/sound_stream.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "support/temporary_folder.h"

namespace lipsound2::audio {
namespace {

using lipsound2::testing::TemporaryFolder;
using ::testing::HasSubstr;

std::vector<float> ramp(std::size_t count) {
  std::vector<float> samples(count);
  for (std::size_t i = 0; i < count; ++i)
    samples[i] = static_cast<float>(static_cast<int>(i % 2000) - 1000) / 1024;
  return samples;
}

std::vector<float> read_in_pieces(SoundReader& reader, std::int64_t count) {
  std::vector<float> samples;
  for (auto piece = reader.read(count); !piece.empty(); piece = reader.read(count))
    samples.insert(samples.end(), piece.begin(), piece.end());
  return samples;
}

TEST(SoundStream, PiecesMakeTheFileThatTheWholeMakes) {
  const TemporaryFolder folder;
  const std::vector<float> samples = ramp(10000);
  write_wav(folder / "whole.wav", {samples, 16000});

  WavWriter writer(folder / "pieces.wav", 16000);
  for (std::size_t first = 0; first < samples.size(); first += 3000)
    writer.write(std::span(samples).subspan(first, std::min<std::size_t>(3000, 10000 - first)));
  writer.commit();

  EXPECT_EQ(read_file(folder / "pieces.wav"), read_file(folder / "whole.wav"));
  EXPECT_DOUBLE_EQ(writer.seconds(), 0.625);
}

TEST(SoundStream, ReadsInPiecesWhatIsReadWhole) {
  const TemporaryFolder folder;
  write_wav(folder / "a.wav", {ramp(10000), 22050});

  SoundReader reader(folder / "a.wav");
  const std::vector<float> samples = read_in_pieces(reader, 3000);

  EXPECT_EQ(reader.rate(), 22050);
  EXPECT_EQ(reader.channels(), 1);
  EXPECT_EQ(samples, read_sound(folder / "a.wav").samples);
}

TEST(SoundStream, ReadsFromMemoryWhatIsReadFromTheFile) {
  const TemporaryFolder folder;
  write_wav(folder / "a.wav", {ramp(10000), 22050});

  SoundReader reader(read_file(folder / "a.wav"), "memory");
  const std::vector<float> first = reader.read(7);
  const Waveform rest = reader.read_rest();

  EXPECT_EQ(first.size(), 7U);
  EXPECT_EQ(rest.rate, 22050);
  EXPECT_EQ(rest.samples.size(), 9993U);
  EXPECT_EQ(rest.samples.back(), read_sound(folder / "a.wav").samples.back());
  EXPECT_TRUE(reader.read(7).empty());
}

TEST(SoundStream, ReadsAPipe) {
  const TemporaryFolder folder;
  const std::string wav = encode_wav({ramp(1000), 16000});
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::jthread writer([&] { std::ofstream(folder / "pipe", std::ios::binary) << wav; });

  EXPECT_EQ(read_sound(folder / "pipe").samples.size(), 1000U);
}

TEST(SoundStream, LeavesTheOldFileWithoutCommit) {
  const TemporaryFolder folder;
  folder.write("a.wav", "old");
  {
    WavWriter writer(folder / "a.wav", 16000);
    writer.write(ramp(5000));
  }

  EXPECT_EQ(read_file(folder / "a.wav"), "old");
  EXPECT_EQ(lipsound2::testing::files_below(folder.path()).size(), 1U);
}

TEST(SoundStreamFault, NamesASampleThatIsNotFinite) {
  const TemporaryFolder folder;
  WavWriter writer(folder / "a.wav", 16000);
  writer.write(ramp(10));
  try {
    writer.write(std::vector<float>{0, std::numeric_limits<float>::infinity()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNumeric);
    EXPECT_THAT(error.what(), HasSubstr("a.wav: expected finite samples, found inf at 11"));
  }
}

TEST(SoundStreamFault, NamesTheEndOfADamagedSound) {
  const std::string flac = encode_flac({ramp(20000), 16000});

  SoundReader reader(flac.substr(0, flac.size() / 2), "a.flac");
  try {
    while (!reader.read(1000).empty()) {
    }
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("a.flac: expected 20000 samples, found "));
  }
}

/// The samples in words, or the error.
std::string outcome(SoundReader&& reader, std::int64_t count) {
  try {
    return ::testing::PrintToString(read_in_pieces(reader, count));
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(SoundStreamFault, FindsTheSameDamageInPieces) {
  const std::string mp3 =
      read_file(LIPSOUND2_SOURCE_DIR "/tests/fuzz/corpus/sound_reader/damaged_layer_1");

  const std::string whole = outcome({mp3, "a.mp3"}, std::numeric_limits<std::int64_t>::max());

  for (const std::int64_t count : {1, 777, 4096})
    EXPECT_EQ(outcome({mp3, "a.mp3"}, count), whole);
}

TEST(SoundStreamFault, RefusesTruncatedWavsBeforeTheFirstSample) {
  const TemporaryFolder folder;
  const std::string wav = encode_wav({ramp(1000), 16000});
  folder.write("short.wav", wav.substr(0, wav.size() - 500));

  EXPECT_THROW(SoundReader(folder / "short.wav"), Error);
}

TEST(SoundStreamFault, TellsAMissingFileFromOneThatIsNoSound) {
  const TemporaryFolder folder;
  folder.write("text.wav", "no sound");
  const auto kind_of = [&](const std::string& name) {
    try {
      const SoundReader reader(folder / name);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(name));
      return error.kind();
    }
    return ErrorKind::kUsage;
  };

  EXPECT_EQ(kind_of("missing.wav"), ErrorKind::kIo);
  EXPECT_EQ(kind_of("text.wav"), ErrorKind::kData);
}

}  // namespace
}  // namespace lipsound2::audio
