#include <gmock/gmock.h>

#include "lipsound2/corpora/prepare.h"

namespace lipsound2::corpora {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(PrepareReport, ListsSplitsRejectsNotesAndTimes) {
  PrepareReport report;
  Census& census = report.census;
  census.splits["train"] = {.clips = 2, .frames = 150, .seconds = 36000};
  census.splits["test"] = {.clips = 1, .frames = 75, .seconds = 3};
  census.speakers["s1"] = {.sex = "f", .clips = {{"train", 2}, {"test", 1}}};
  census.formats = {{"360 x 288 at 25 fps", 3}};
  census.rejects = {{"no face", 2}, {"too short", 5}};
  census.notes = {{"sound N ms shorter", 3}};
  report.left_out = 4;
  report.missing = {"s1/bbaf9n"};
  report.remarks = {"talker 21 has no video"};
  report.shards = 2;
  report.shards_kept = 1;
  report.times = {.decode = 0.25,
                  .faces = 0.1,
                  .crop = 0.05,
                  .jpeg = 0.05,
                  .sound = 0.025,
                  .write = 0.1,
                  .wall = 0.25,
                  .threads = 2,
                  .frames = 225};

  EXPECT_EQ(to_text(report),
            "prepared 3 clips of 1 speaker (0 male, 1 female) in 2 shards: 225 pictures, 10.0 h\n"
            "  train         2 clips        150 pictures    10.0 h\n"
            "  test          1 clip          75 pictures       3 s\n"
            "clips by speaker:  train   valid    test\n"
            "  s1                   2       0       1  f\n"
            "stored as:\n"
            "        3  360 x 288 at 25 fps\n"
            "notes:\n"
            "        3  sound N ms shorter\n"
            "rejected 7 of 10 clips (70 %), each with its file in rejects.jsonl:\n"
            "        5  too short\n"
            "        2  no face\n"
            "in no list, left out: 4 clips\n"
            "in a list, not found: 1 clip, such as s1/bbaf9n\n"
            "talker 21 has no video\n"
            "found finished: 1 shard\n"
            "read 225 pictures in 0.2 s with 2 threads: 900 pictures/s\n"
            "  decoding 50 %, finding faces 20 %, cropping 10 %, JPEG 10 %, sound 5 %, waiting 5 "
            "%; writing took 0.1 s beside it\n");
}

TEST(PrepareReport, OfAPartSaysWhatComesNext) {
  PrepareReport report;
  report.part = {2, 4};
  report.out = "data";

  EXPECT_THAT(to_text(report),
              AllOf(HasSubstr("part 2/4: nothing to do, there are fewer shards than parts\n"),
                    HasSubstr("when all 4 parts are done: lipsound2 prepare --merge --out data")));
}

TEST(PrepareReport, CallsNothingPreparedWhereAllWasRejected) {
  PrepareReport report;
  report.shards = 2;
  report.census.rejects["no face"] = 200;

  EXPECT_THAT(to_text(report),
              AllOf(HasSubstr("prepared nothing, as no clip could be used\n"),
                    HasSubstr("rejected 200 of 200 clips (100 %), each")));
}

TEST(PrepareReport, SumsUpManySpeakers) {
  PrepareReport report;
  for (int i = 0; i < 50; ++i)
    report.census.speakers[fmt::format("id{:05}", i)].clips["train"] = 10 + i;

  EXPECT_THAT(
      to_text(report),
      HasSubstr("clips by speaker: 34.5 on average, 10 at least (id00000), 59 at most (id00049)"));
}

}  // namespace
}  // namespace lipsound2::corpora
