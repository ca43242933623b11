#include "plain_folder.h"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/corpora/prepare.h"
#include "lipsound2/data/manifest.h"
#include "lipsound2/video/canvas.h"

#include "real_clip.h"
#include "support/temporary_folder.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A gray movie with a tone that pauses between these times.
void write_gray_movie(const std::filesystem::path& file, double seconds, video::Span pause) {
  std::filesystem::create_directories(file.parent_path());
  video::MovieWriter movie(file, {.width = 64, .height = 48});
  const video::Canvas canvas(64, 48, {90, 90, 90});
  for (int i = 0; i < std::lround(25 * seconds); ++i)
    movie.write(video::Canvas(64, 48, {90, 90, 90}).image());
  audio::Waveform tone{std::vector<float>(static_cast<std::size_t>(seconds * 16000)), 16000};
  for (std::size_t i = 0; i < tone.samples.size(); ++i) {
    const double t = static_cast<double>(i) / 16000;
    const float loudness = t >= pause.start && t < pause.end ? 0.001F : 0.3F;
    tone.samples[i] = loudness * static_cast<float>(std::sin(2 * std::numbers::pi * 300 * t));
  }
  movie.finish(tone);
}

struct FoundClips {
  std::vector<SourceClip> clips;
  std::vector<std::string> remarks;

  std::vector<std::string> ids() const {
    std::vector<std::string> ids;
    for (const SourceClip& clip : clips)
      ids.push_back(clip.id);
    return ids;
  }
};

FoundClips clips_in(const TemporaryFolder& folder, CorpusOptions options = {}) {
  options.root = folder / "my videos";
  FoundClips found;
  found.remarks = PlainFolderReader(options).find(
      [&](SourceClip clip) { found.clips.push_back(std::move(clip)); });
  return found;
}

TEST(PlainFolder, TakesSpeakersFromSubFolders) {
  const TemporaryFolder folder;
  write_gray_movie(folder / "my videos/talk.MPG", 1, {});
  write_gray_movie(folder / "my videos/anna/day 1/hello you.mp4", 1, {});
  write_gray_movie(folder / "my videos/王芳/新闻.mp4", 1, {});
  folder.write("my videos/anna/notes.pdf", "x");
  folder.write("my videos/.hidden.mp4", "x");

  const FoundClips found = clips_in(folder);

  EXPECT_THAT(found.ids(), ElementsAre("anna/day_1/hello_you", "talk", "王芳/新闻"));
  EXPECT_EQ(found.clips[0].speaker, "anna");
  EXPECT_EQ(found.clips[1].speaker, "my_videos");
  EXPECT_EQ(found.clips[2].speaker, "王芳");
  EXPECT_EQ(found.clips[1].video.path, (folder / "my videos/talk.MPG").string());
  EXPECT_EQ(found.clips[1].part, std::nullopt);
  EXPECT_THAT(found.remarks, IsEmpty());
}

TEST(PlainFolder, TakesTextBesideTheVideo) {
  const TemporaryFolder folder;
  write_gray_movie(folder / "my videos/a b.mpg", 1, {});
  write_gray_movie(folder / "my videos/c.mpg", 1, {});
  folder.write("my videos/a b.TXT", "good morning\n");

  const FoundClips found = clips_in(folder);

  EXPECT_EQ(found.clips[0].text, "good morning");
  EXPECT_EQ(found.clips[1].text, "");
  EXPECT_EQ(found.clips[1].note, "");
}

TEST(PlainFolder, GivesEveryVideoAnIdOfItsOwn) {
  const TemporaryFolder folder;
  for (const char* name : {"a b.mpg", "a_b.mp4", "a_b.mpg"})
    write_gray_movie(folder / ("my videos/" + std::string(name)), 1, {});

  EXPECT_THAT(clips_in(folder).ids(), ElementsAre("a_b", "a_b~2", "a_b~3"));
}

TEST(PlainFolder, CutsALongVideoAtItsPause) {
  const TemporaryFolder folder;
  for (const char* name : {"talk.mp4", "talk2.mpg"})
    write_gray_movie(folder / ("my videos/anna/" + std::string(name)), 20, {9, 9.6});
  folder.write("my videos/anna/talk.txt", "1 2 good\n8.5 9.2 morning\n15 16 to you\n");
  folder.write("my videos/anna/talk2.txt", "good morning to you\n");

  const FoundClips found = clips_in(folder);

  ASSERT_THAT(
      found.ids(),
      ElementsAre("anna/talk/0001", "anna/talk/0002", "anna/talk2/0001", "anna/talk2/0002"));
  ASSERT_TRUE(found.clips[0].part && found.clips[1].part);
  EXPECT_NEAR(found.clips[0].part->start, 0, 0.05);
  EXPECT_NEAR(found.clips[0].part->end, 9.3, 0.1);
  EXPECT_EQ(found.clips[1].part->start, found.clips[0].part->end);
  EXPECT_NEAR(found.clips[1].part->end, 20, 0.1);
  EXPECT_EQ(found.clips[0].text, "good morning");
  EXPECT_EQ(found.clips[1].text, "to you");
  EXPECT_EQ(found.clips[2].text, "");
  EXPECT_THAT(found.clips[2].note, HasSubstr("no times to share it out by"));
  EXPECT_THAT(found.remarks, ElementsAre(HasSubstr("cut 2 videos of more than 12 s into 4 clips")));
}

TEST(PlainFolder, LeavesALongVideoWholeWhereThatIsWanted) {
  const TemporaryFolder folder;
  write_gray_movie(folder / "my videos/talk.mp4", 20, {9, 9.6});

  EXPECT_THAT(clips_in(folder, {.root = {}, .speakers = {}, .longest = 30}).ids(),
              ElementsAre("talk"));
}

TEST(PlainFolder, FaultsWhatCannotBeHeardOrRead) {
  const TemporaryFolder folder;
  write_gray_movie(folder / "my videos/silent.mp4", 15, {0, 15});
  folder.write("my videos/broken.mp4", "this is no video");

  const FoundClips found = clips_in(folder);

  ASSERT_THAT(found.ids(), ElementsAre("broken", "silent"));
  EXPECT_THAT(found.clips[0].fault, ::testing::StartsWith("expected a video"));
  EXPECT_THAT(found.clips[1].fault, HasSubstr("no sound above -60 dB"));
}

TEST(PlainFolder, SaysWhatItLooksFor) {
  const TemporaryFolder folder;
  const auto error_of_finding = [&](const std::vector<std::string>& speakers) -> std::string {
    try {
      clips_in(folder, {.root = {}, .speakers = speakers});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of_finding({}), AllOf(HasSubstr("a folder with videos"), HasSubstr("nothing")));
  folder.write("my videos/a.pdf", "x");
  EXPECT_THAT(error_of_finding({}), HasSubstr("found files that are none: 1 of '.pdf'"));
  write_gray_movie(folder / "my videos/anna/a.mpg", 1, {});
  EXPECT_THAT(error_of_finding({"bert"}), HasSubstr("expected clips of speaker bert, found anna"));
}

/// Clips one after another, each followed by a pause of half a second.
video::FaceClip joined(const std::vector<video::FaceClip>& clips) {
  video::FaceClip all;
  all.sound.rate = 48000;
  for (const video::FaceClip& clip : clips) {
    all.faces.insert(all.faces.end(), clip.faces.begin(), clip.faces.end());
    all.faces.insert(all.faces.end(), 13, clip.faces.back());
    all.sound.samples.insert(
        all.sound.samples.end(), clip.sound.samples.begin(), clip.sound.samples.end());
    all.sound.samples.resize(all.sound.samples.size() + 13 * 1920);
  }
  return all;
}

TEST(PlainFolderEndToEnd, RejectsAPartInWhichTheCameraChanges) {
  if (!real_data())
    GTEST_SKIP() << "LIPSOUND2_DATA is not set";
  const TemporaryFolder folder;
  const video::FaceClip one = real_clip("s1/bbaf2n.mpg", 240);
  const video::FaceClip other = real_clip("s2/swwp2s.mpg", 240);
  std::filesystem::create_directories(folder / "my videos");
  video::MovieWriter movie(folder / "my videos/talk.mp4", {.width = 720, .height = 240});
  audio::Waveform sound{{}, 48000};
  for (const auto& [clip, left] : {std::pair(&one, true), {&other, false}}) {
    for (const video::Image& face : clip->faces) {
      // The face in one half of the picture, by way of a picture as wide as that half.
      const video::Image half = in_the_middle(face, 360, 240);
      video::Image whole{720, 240, 3, std::vector<std::uint8_t>(std::size_t{3} * 720 * 240)};
      for (int y = 0; y < 240; ++y)
        std::copy_n(&half.pixels[std::size_t{3} * y * 360],
                    std::size_t{3} * 360,
                    &whole.pixels[std::size_t{3} * (y * 720 + (left ? 0 : 360))]);
      movie.write(whole);
    }
    sound.samples.insert(
        sound.samples.end(), clip->sound.samples.begin(), clip->sound.samples.end());
  }
  movie.finish(sound);
  const auto reason_of_part = [&](video::Span part) -> std::string {
    try {
      video::FaceClipReader({}).read({folder / "my videos/talk.mp4", {}, part});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };

  EXPECT_THAT(reason_of_part({1, 5}), HasSubstr("found another in its stead"));
  EXPECT_EQ(reason_of_part({0, 2.9}), "");
  EXPECT_EQ(reason_of_part({3.1, 5.9}), "");
}

TEST(PlainFolderEndToEnd, PreparesTheClipsOfALongVideo) {
  if (!real_data())
    GTEST_SKIP() << "LIPSOUND2_DATA is not set";
  const TemporaryFolder folder;
  const video::FaceClip talk = joined({real_clip("s1/bbaf2n.mpg", 240),
                                       real_clip("s1/bbaf3s.mpg", 240),
                                       real_clip("s1/bbal6n.mpg", 240),
                                       real_clip("s1/bbal8p.mpg", 240)});
  write_clip(folder / "my videos/Anna/Talk.MP4",
             talk,
             {.width = 320, .height = 240, .fps = 30},
             talk.sound);
  PrepareConfig config;
  config.corpus = "folder";
  config.root = folder / "my videos";
  config.out = folder / "out";
  config.longest = 6;

  const PrepareReport report = prepare(config);

  EXPECT_THAT(report.census.rejects, IsEmpty());
  const auto entries = data::read_manifest(folder / "out/manifest.jsonl");
  ASSERT_GE(entries.size(), 3U);
  double seconds = 0;
  for (const data::ManifestEntry& entry : entries) {
    EXPECT_EQ(entry.samples, 640 * entry.frames);
    EXPECT_LE(entry.frames, 151);
    EXPECT_EQ(entry.note, "") << entry.id;
    EXPECT_EQ(entry.speaker, "Anna");
    seconds += static_cast<double>(entry.frames) / 25;
  }
  EXPECT_EQ(entries[0].id, "Anna/Talk/0001");
  EXPECT_NEAR(seconds, 4 * 3.52, 0.3);
}

}  // namespace
}  // namespace lipsound2::corpora
