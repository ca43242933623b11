#include <gmock/gmock.h>

#include "lipsound2/audio/sound_file.h"

#include "support/program.h"
#include "video/movies.h"

namespace lipsound2 {
namespace {

namespace fs = std::filesystem;
using support::run_in;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A prepared corpus and a trained run, shared by the tests that damage copies of them.
class ProgramFault : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = support::fresh_folder("faults");
    const auto made =
        run_in(folder_,
               "lipsound2 demo-corpus --out corpus --clips 12 --speakers 1 --seed 3 && "
               "lipsound2 prepare --corpus grid --root corpus --out prepared && "
               "lipsound2 train --config tiny.yaml --run run --set train.steps=4 --set "
               "data.manifest=prepared/manifest.jsonl");
    ASSERT_EQ(made.code, 0) << made.error;
  }

  static support::Outcome run(const std::string& command) { return run_in(folder_, command); }

  static fs::path folder_;
};

fs::path ProgramFault::folder_;

std::string flip_byte(std::string bytes, std::size_t place) {
  bytes.at(place) = static_cast<char>(bytes.at(place) ^ 0x20);
  return bytes;
}

TEST_F(ProgramFault, UsageErrorsExitWithTwo) {
  EXPECT_EQ(run("lipsound2").code, 2);
  EXPECT_EQ(run("lipsound2 frobnicate").code, 2);
  EXPECT_EQ(run("lipsound2 train").code, 2);
  EXPECT_EQ(run("lipsound2 --help").code, 0);
  const auto metric = run("lipsound2 eval --run run --metrics stio");
  EXPECT_EQ(metric.code, 2);
  EXPECT_THAT(metric.error,
              HasSubstr("'stio' is not a known metric; expected some of stoi, estoi"));
}

TEST_F(ProgramFault, ConfigFaultsAreReportedAtOnce) {
  write_file(folder_ / "bad.yaml",
             "trian: {steps: 3}\ntrain:\n  steps: -1\n  learning_rate: fast\n");

  const auto outcome = run("lipsound2 train --config bad.yaml");

  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.error,
              AllOf(HasSubstr("bad.yaml:1: trian is not a known key; did you mean `train`?"),
                    HasSubstr("bad.yaml:3: train.steps must lie in"),
                    HasSubstr("bad.yaml:4: train.learning_rate must be a number, is 'fast'")));
  EXPECT_FALSE(fs::exists(folder_ / "runs/bad"));
}

TEST_F(ProgramFault, MissingAndEmptyCorporaAreNamed) {
  fs::create_directories(folder_ / "empty");
  for (const char* root : {"nowhere", "empty"}) {
    const auto outcome =
        run(std::string("lipsound2 prepare --corpus grid --root ") + root + " --out none");
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.error, HasSubstr(root));
    EXPECT_FALSE(fs::exists(folder_ / "none/manifest.jsonl"));
  }
}

TEST_F(ProgramFault, DamagedClipsAreRejectedWithAReason) {
  const fs::path broken = folder_ / "broken";
  fs::copy(folder_ / "corpus",
           broken,
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  std::vector<fs::path> clips;
  for (const auto& item : fs::directory_iterator(broken / "s1"))
    clips.push_back(item.path());
  std::sort(clips.begin(), clips.end());
  const std::string whole = read_file(clips[0]);
  write_file(clips[0], whole.substr(0, whole.size() / 2));
  write_file(clips[1], "this is a text\n");
  write_file(clips[2], "");

  const auto outcome =
      run("lipsound2 prepare --corpus grid --root broken --out broken-prepared --max-bad 25%");

  EXPECT_EQ(outcome.code, 0) << outcome.error;
  const std::string rejects = read_file(folder_ / "broken-prepared/rejects.jsonl");
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(rejects, HasSubstr(clips[static_cast<std::size_t>(i)].stem().string()));
  EXPECT_EQ(std::count(rejects.begin(), rejects.end(), '\n'), 3);
}

TEST_F(ProgramFault, EditedAndCutShardsAreNoticed) {
  const fs::path shard = folder_ / "prepared/shards/00000.tar";
  const std::string whole = read_file(shard);

  for (const std::string& damaged :
       {flip_byte(whole, whole.size() / 2), whole.substr(0, whole.size() / 3)}) {
    write_file(shard, damaged);
    const auto outcome = run("lipsound2 eval --run run --split train --metrics stoi");
    EXPECT_THAT(outcome.code, ::testing::AnyOf(3, 4));
    EXPECT_THAT(outcome.error, HasSubstr("00000.tar"));
  }
  write_file(shard, whole);
}

TEST_F(ProgramFault, DamagedCheckpointsAreNoticed) {
  const std::string whole = read_file(folder_ / "run/checkpoints/best.safetensors");

  for (const std::string& damaged : {flip_byte(whole, whole.size() - 100),
                                     whole.substr(0, whole.size() - 1),
                                     std::string("no tensors")}) {
    write_file(folder_ / "damaged.safetensors", damaged);
    const auto outcome =
        run("lipsound2 eval --run damaged.safetensors --split train --metrics stoi");
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.error, HasSubstr("damaged.safetensors"));
  }
}

TEST_F(ProgramFault, WeightsOfAnotherShapeAreListedByName) {
  const auto outcome =
      run("lipsound2 finetune --config tiny.yaml --from run --run other --set "
          "data.manifest=prepared/manifest.jsonl --set lip2mel.decoder.attention_lstm=24");

  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.error,
              AllOf(HasSubstr("best.safetensors"), HasSubstr("attention_rnn.weight_ih")));
}

TEST_F(ProgramFault, AnExistingRunIsNotOverwritten) {
  const auto outcome = run(
      "lipsound2 train --config tiny.yaml --run run --set data.manifest=prepared/manifest.jsonl");

  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("run: already holds a run; continue it with --resume"));
}

TEST_F(ProgramFault, AFullDiskLeavesThePreviousCheckpointWhole) {
  const auto started =
      run("lipsound2 train --config tiny.yaml --run full --set train.steps=2 --set "
          "data.manifest=prepared/manifest.jsonl");
  ASSERT_EQ(started.code, 0) << started.error;
  const std::string before = read_file(folder_ / "full/checkpoints/last.safetensors");

  const auto outcome =
      run("trap '' XFSZ; ulimit -f 40; lipsound2 train --config tiny.yaml --run full --resume "
          "--set train.steps=6 --set data.manifest=prepared/manifest.jsonl");

  EXPECT_EQ(outcome.code, 4) << outcome.error;
  EXPECT_THAT(outcome.error, HasSubstr("cannot write"));
  EXPECT_EQ(read_file(folder_ / "full/checkpoints/last.safetensors"), before);
  for (const auto& item : fs::directory_iterator(folder_ / "full/checkpoints"))
    EXPECT_THAT(item.path().string(), ::testing::Not(HasSubstr(".tmp")));
}

TEST_F(ProgramFault, BadVideosAreRefusedAndLeaveNothing) {
  write_file(folder_ / "text.mpg", "no film");
  write_file(folder_ / "empty.mpg", "");
  for (const char* video : {"text.mpg", "empty.mpg"}) {
    const auto outcome =
        run(std::string("lipsound2 synthesize --run run --mux --out spoken ") + video);
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.error, HasSubstr(video));
    EXPECT_TRUE(fs::is_empty(folder_ / "spoken"));
  }
  EXPECT_EQ(run("lipsound2 synthesize --run run --out spoken missing.mpg").code, 4);
}

struct BadMovie {
  const char* name;
  const char* reason;
};

// Movies that decode well and yet are of no use.
std::vector<BadMovie> write_bad_movies(const fs::path& folder) {
  fs::create_directories(folder);
  video::write_movie(folder / "bbaf1n.mpg", {});
  video::write_movie(folder / "bbaf2n.mpg", {.pictures = 2, .sound = video::tone(0.08)});
  audio::write_wav(folder / "bbaf3n.mpg", video::tone(3));
  return {{"bbaf1n", "expected a face, found none"},
          {"bbaf2n", "expected at least 0.5 s, found 2 pictures"},
          {"bbaf3n", "no picture stream"}};
}

TEST_F(ProgramFault, MoviesWithoutAFaceOrAPictureOrOfTwoPicturesAreRefused) {
  for (const BadMovie& movie : write_bad_movies(folder_ / "movies")) {
    const auto outcome = run(std::string("lipsound2 synthesize --run run --out unspoken movies/") +
                             movie.name + ".mpg");
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.error, AllOf(HasSubstr(movie.name), HasSubstr(movie.reason)));
    EXPECT_TRUE(fs::is_empty(folder_ / "unspoken"));
  }
}

TEST_F(ProgramFault, UselessMoviesAreRejectedWithAReason) {
  const auto movies = write_bad_movies(folder_ / "useless/s1");
  video::write_movie(folder_ / "useless/s1/bbaf4n.mpg", {.sound = {}});

  const auto outcome = run("lipsound2 prepare --corpus grid --root useless --out useless-prepared");

  EXPECT_EQ(outcome.code, 3);  // because not one clip is left
  const std::string rejects = read_file(folder_ / "useless-prepared/rejects.jsonl");
  for (const BadMovie& movie : movies)
    EXPECT_THAT(rejects, AllOf(HasSubstr(movie.name), HasSubstr(movie.reason)));
  EXPECT_THAT(rejects, AllOf(HasSubstr("bbaf4n"), HasSubstr("no sound stream")));
  EXPECT_FALSE(fs::exists(folder_ / "useless-prepared/manifest.jsonl"));
}

TEST_F(ProgramFault, AResultNeverOverwritesAVideo) {
  fs::create_directories(folder_ / "own");
  fs::copy_file(fs::directory_iterator(folder_ / "corpus/s1")->path(),
                folder_ / "own/film.mp4",
                fs::copy_options::overwrite_existing);
  const std::string before = read_file(folder_ / "own/film.mp4");

  const auto outcome = run("lipsound2 synthesize --run run --mux --out own own/film.mp4");

  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("own/film.mp4: --out would overwrite this file"));
  EXPECT_EQ(read_file(folder_ / "own/film.mp4"), before);
}

TEST_F(ProgramFault, ARunKilledBeforeItsFirstCheckpointStartsAgain) {
  const std::string flags =
      " --run early --set data.manifest=prepared/manifest.jsonl --set train.steps=4";
  ASSERT_EQ(run("lipsound2 train --config tiny.yaml --run whole --set "
                "data.manifest=prepared/manifest.jsonl --set train.steps=4")
                .code,
            0);
  ASSERT_EQ(run("lipsound2 train --config tiny.yaml" + flags).code, 0);
  fs::remove_all(folder_ / "early/checkpoints");

  const auto again = run("lipsound2 train --config tiny.yaml --resume" + flags);

  EXPECT_EQ(again.code, 0) << again.error;
  EXPECT_EQ(read_file(folder_ / "early/checkpoints/last.safetensors"),
            read_file(folder_ / "whole/checkpoints/last.safetensors"));
}

}  // namespace
}  // namespace lipsound2
