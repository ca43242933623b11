#include "lipsound2/video/face_clip.h"

#include <cstdlib>
#include <fstream>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "movies.h"
#include "support/temporary_folder.h"

namespace lipsound2::video {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TemporaryFolder;

std::string error_of_reading(const std::filesystem::path& file) {
  try {
    FaceClipReader({}).read({file});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(file.string()));
    return error.what();
  }
  return "no error";
}

TEST(FaceClipFault, SaysThatThereIsNoFace) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {});

  EXPECT_THAT(error_of_reading(folder.path() / "a.mpg"), HasSubstr("expected a face, found none"));
}

TEST(FaceClipFault, RefusesAMovieCutOffAnywhere) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {});
  const std::string whole = read_file(folder.path() / "a.mpg");

  for (const double share : {0.02, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9}) {
    const auto cut = folder.path() / fmt::format("cut_{}.mpg", share);
    write_file(cut,
               std::string_view(whole).substr(0, static_cast<std::size_t>(share * whole.size())));
    EXPECT_THAT(error_of_reading(cut),
                ::testing::AnyOf(HasSubstr("cut off"),
                                 HasSubstr("shorter"),
                                 HasSubstr("longer"),
                                 HasSubstr("at least 0.5 s")))
        << share;
  }
}

TEST(FaceClipFault, RefusesATextFile) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "text.mpg";
  write_file(file, "place blue at f 2 now\n");

  EXPECT_THAT(error_of_reading(file), AllOf(HasSubstr("expected a video"), HasSubstr("22 bytes")));
}

TEST(FaceClipFault, RefusesAnEmptyFile) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.mpg", "");

  EXPECT_THAT(error_of_reading(folder.path() / "a.mpg"), HasSubstr("an empty file"));
}

TEST(FaceClipFault, RefusesTwoPictures) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {.pictures = 2, .sound = tone(0.08)});

  EXPECT_THAT(error_of_reading(folder.path() / "a.mpg"),
              HasSubstr("expected at least 0.5 s, found 2 pictures"));
}

TEST(FaceClipFault, RefusesAMovieWithoutSound) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {.sound = {}});

  EXPECT_THAT(error_of_reading(folder.path() / "a.mpg"), HasSubstr("no sound stream"));
}

TEST(FaceClipFault, RefusesSilence) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {.sound = {std::vector<float>(48000, 0.0F), 16000}});

  EXPECT_THAT(error_of_reading(folder.path() / "a.mpg"), HasSubstr("silence"));
}

TEST(FaceClipFault, RefusesSoundOfAnotherLength) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {.sound = tone(2.5)});

  EXPECT_THAT(error_of_reading(folder.path() / "a.mpg"), HasSubstr("shorter at the end"));
}

TEST(FaceClipFault, RefusesSoundWithoutPictures) {
  const TemporaryFolder folder;
  audio::write_wav(folder.path() / "a.mp4", tone(3));

  EXPECT_THAT(error_of_reading(folder.path() / "a.mp4"), HasSubstr("no picture stream"));
}

TEST(FaceClipFault, TellsAMissingFileFromABadOne) {
  try {
    FaceClipReader({}).read({std::filesystem::path("/nowhere/a.mpg")});
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/a.mpg"));
  }
}

TEST(FaceClipFault, NamesADetectorThatIsNotThereOrIsNone) {
  const TemporaryFolder folder;
  for (const char* name : {"model.onnx", "cascade.xml"}) {
    const auto file = folder.path() / name;
    const auto make = [&] {
      FaceClipConfig config;
      config.detector = file.string();
      FaceClipReader reader(config);
    };
    EXPECT_THROW(make(), Error) << name;
    write_file(file, "nothing of the kind");
    EXPECT_THROW(make(), Error) << name;
  }
}

// Real clips; the folder is named by the environment.
class FaceClipEndToEnd : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("LIPSOUND2_DATA");
    if (!folder)
      GTEST_SKIP() << "LIPSOUND2_DATA is not set";
    data_ = folder;
  }

  std::filesystem::path grid(const char* clip) const { return data_ / "grid" / clip; }

  std::filesystem::path data_;
};

TEST_F(FaceClipEndToEnd, ReadsEveryGridTalker) {
  FaceClipReader reader({});
  for (const char* name :
       {"s1/bbaf2n.mpg", "s2/swwp2s.mpg", "s20/brbk7n.mpg", "s23/priazn.mpg", "s27/bbbp8n.mpg"}) {
    const FaceClip clip = reader.read({grid(name)});
    EXPECT_EQ(clip.faces.size(), 75U) << name;
    EXPECT_EQ(clip.sound.samples.size(), 48000U) << name;
    EXPECT_EQ(clip.facts.faces, 1) << name;
    EXPECT_EQ(clip.facts.sound_rate, 44100) << name;
    EXPECT_THAT(clip.facts.notes,
                ElementsAre("sound 22 ms shorter than the picture at the end, edge reflected"));
    // ffprobe 5.1: 360x288 at 25; the talkers sit in the middle, their faces are about 150 wide.
    EXPECT_NEAR(clip.facts.face.x + clip.facts.face.width / 2, 180, 40) << name;
    EXPECT_NEAR(clip.facts.face.width, 138, 21) << name;
  }
}

TEST_F(FaceClipEndToEnd, ReadsPicturesAndSoundFromMemory) {
  const TemporaryFolder folder;
  audio::write_wav(folder / "voice.wav", tone(3));
  const auto in_memory = [](const std::filesystem::path& file) {
    return MediaFile("in memory", std::make_shared<const std::string>(read_file(file)));
  };
  const std::filesystem::path video = grid("s1/bbaf2n.mpg");
  FaceClipReader reader({});
  const FaceClip expected = reader.read({.video = video, .sound = folder / "voice.wav"});

  const FaceClip clip =
      reader.read({.video = in_memory(video), .sound = in_memory(folder / "voice.wav")});

  ASSERT_EQ(clip.faces.size(), 75U);
  EXPECT_EQ(clip.faces[30].pixels, expected.faces[30].pixels);
  EXPECT_EQ(clip.sound.samples, expected.sound.samples);
}

TEST_F(FaceClipEndToEnd, TakesSoundFromAFileOfItsOwn) {
  const TemporaryFolder folder;
  audio::Waveform sound = tone(3);
  audio::write_wav(folder / "voice.wav", sound);

  const FaceClip clip =
      FaceClipReader({}).read({.video = grid("s1/bbaf2n.mpg"), .sound = folder / "voice.wav"});

  ASSERT_EQ(clip.sound.samples.size(), sound.samples.size());
  for (std::size_t i = 0; i < sound.samples.size(); i += 100)
    EXPECT_NEAR(clip.sound.samples[i], sound.samples[i], 1e-4);
  EXPECT_EQ(clip.facts.sound_rate, 16000);
  EXPECT_THAT(clip.facts.notes, IsEmpty());
}

TEST_F(FaceClipEndToEnd, RefusesASoundFileThatIsNotThereOrDoesNotFit) {
  const TemporaryFolder folder;
  const auto read = [&] {
    FaceClipReader({}).read({.video = grid("s1/bbaf2n.mpg"), .sound = folder / "voice.wav"});
  };
  EXPECT_THROW(read(), Error);
  audio::write_wav(folder / "voice.wav", tone(2));
  try {
    read();
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("found it 1000 ms shorter at the end"));
  }
}

TEST_F(FaceClipEndToEnd, ReadsAPartOfAClip) {
  FaceClipReader reader({});
  const FaceClip whole = reader.read({grid("s1/bbaf2n.mpg")});

  const FaceClip part =
      reader.read({.video = grid("s1/bbaf2n.mpg"), .sound = {}, .part = Span{1.5, 2.5}});

  ASSERT_EQ(part.faces.size(), 25U);
  EXPECT_EQ(part.sound.samples.size(), 16000U);
  EXPECT_THAT(part.facts.notes, IsEmpty());
  EXPECT_NEAR(part.facts.face.x, whole.facts.face.x, 8);
}

TEST_F(FaceClipEndToEnd, AcceptsOneDamagedPictureWithANote) {
  EXPECT_THAT(FaceClipReader({}).read({grid("s1/sgib8n.mpg")}).facts.notes,
              Contains("damaged blocks concealed in 1 of 75 pictures"));
}

TEST_F(FaceClipEndToEnd, AcceptsSeventyFourPictures) {
  const FaceClip clip = FaceClipReader({}).read({grid("s1/lrae3s.mpg")});

  EXPECT_EQ(clip.faces.size(), 74U);
  EXPECT_EQ(clip.sound.samples.size(), 74U * 640);
  EXPECT_THAT(clip.facts.notes, Contains(HasSubstr("longer than the picture at the end, cut")));
}

TEST_F(FaceClipEndToEnd, StreamsTheCropsThatReadGives) {
  FaceClipReader reader({});
  const FaceClip clip = reader.read({grid("s1/bbaf2n.mpg")});
  std::vector<Image> streamed;

  const MediaFacts facts =
      reader.stream(grid("s1/bbaf2n.mpg"), [&](const Image& face) { streamed.push_back(face); });

  ASSERT_EQ(streamed.size(), clip.faces.size());
  for (std::size_t i = 0; i < streamed.size(); ++i)
    EXPECT_EQ(streamed[i].pixels, clip.faces[i].pixels) << i;
  EXPECT_EQ(facts.frames, 75);
  EXPECT_THAT(facts.notes, IsEmpty());
}

TEST_F(FaceClipEndToEnd, GivesTheSameFacesFromSeveralThreads) {
  const FaceClip expected = FaceClipReader({}).read({grid("s2/swwp2s.mpg")});
  std::vector<std::optional<FaceClip>> clips(3);
  std::vector<std::thread> threads;
  for (auto& clip : clips)
    threads.emplace_back([&, this] { clip = FaceClipReader({}).read({grid("s2/swwp2s.mpg")}); });
  for (std::thread& thread : threads)
    thread.join();

  for (const auto& clip : clips) {
    ASSERT_TRUE(clip.has_value());
    EXPECT_EQ(clip->sound.samples, expected.sound.samples);
    EXPECT_EQ(clip->faces.back().pixels, expected.faces.back().pixels);
  }
}

TEST_F(FaceClipEndToEnd, RefusesATruncatedGridClip) {
  const TemporaryFolder folder;
  const std::string whole = read_file(grid("s1/bbaf2n.mpg"));
  for (const std::size_t bytes : {10U, 2048U, 30000U, 204800U, 300000U, 415000U}) {
    const auto cut = folder.path() / fmt::format("{}.mpg", bytes);
    write_file(cut, std::string_view(whole).substr(0, bytes));
    EXPECT_NE(error_of_reading(cut), "no error") << bytes;
  }
}

TEST_F(FaceClipEndToEnd, FindsTheSameFaceWithYunet) {
  FaceClipConfig config;
  config.detector = (data_ / "models/face_detection_yunet_2022mar.onnx").string();

  const Box yunet = FaceClipReader(config).read({grid("s1/bbaf2n.mpg")}).facts.face;

  const Box haar = FaceClipReader({}).read({grid("s1/bbaf2n.mpg")}).facts.face;
  EXPECT_NEAR(yunet.x + yunet.width / 2, haar.x + haar.width / 2, 20);
  EXPECT_NEAR(yunet.y + yunet.height / 2, haar.y + haar.height / 2, 20);
}

}  // namespace
}  // namespace lipsound2::video
