#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/data/manifest.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/generated_corpus.h"
#include "lipsound2/experiment/reporting.h"
#include "lipsound2/experiment/training.h"

#include "corpus_writer.h"
#include "support/error_text.h"
#include "tiny_runs.h"

namespace lipsound2::experiment {
namespace {

namespace fs = std::filesystem;
using lipsound2::testing::error_text;
using lipsound2::testing::files_below;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<std::string> ids_in(const fs::path& manifest) {
  std::vector<std::string> ids;
  for (const data::ManifestEntry& entry : data::read_manifest(manifest))
    ids.push_back(entry.id);
  return ids;
}

/// Five clips whose shard only a command gives.
class FarRuns {
 public:
  FarRuns() {
    fs::create_directory(runs_ / "far");
    fs::rename(runs_ / "corpus/shard-0.tar", runs_ / "far/shard-0.tar");
    const std::string command = "pipe:echo x >> " + (runs_ / "calls").string() + "; cat " +
                                (runs_ / "far").string() + "/{}";
    runs_.config("lips.yaml",
                 "data: {access: sequential, shards: '" + command +
                     "'}\n"
                     "eval: {validation_clips: 1}\n");
  }

  ExperimentConfig config() const { return load_config((runs_ / "lips.yaml").string(), {}); }
  train::RunFolder run(const std::string& name) const { return {runs_ / name}; }
  std::size_t calls() const { return read_file(runs_ / "calls").size() / 2; }
  /// Puts the shard where the manifest says.
  void bring_near() const { fs::rename(runs_ / "far/shard-0.tar", runs_ / "corpus/shard-0.tar"); }
  fs::path path(const std::string& name) const { return runs_ / name; }

 private:
  TinyRuns runs_;
};

EvaluationRequest request_for(const train::RunFolder& run) {
  EvaluationRequest request;
  request.run = run.path.string();
  request.split = "train";
  request.metrics = {"stoi"};
  return request;
}

TEST(FetchedClips, TrainAndScoreFromShardsThatOnlyACommandGives) {
  const FarRuns runs;
  run_training(runs.config(), runs.run("run"), Start::kNew);

  EXPECT_EQ(ids_in(runs.path("run/validation/manifest.jsonl")),
            (std::vector<std::string>{"toy/clip3"}));
  EXPECT_TRUE(fs::exists(runs.run("run").best()));
  const std::string far = evaluate_run(request_for(runs.run("run"))).json;
  EXPECT_FALSE(fs::exists(runs.path("run/eval/train/clips")));

  const std::size_t calls = runs.calls();
  EXPECT_GT(calls, 0U);
  runs.bring_near();
  EvaluationRequest near = request_for(runs.run("run"));
  near.manifest = runs.path("corpus/manifest.jsonl").string();
  EXPECT_EQ(evaluate_run(near).json, far);
  EXPECT_EQ(runs.calls(), calls);
}

TEST(FetchedClips, SayWhichShardTheCommandCouldNotGive) {
  const FarRuns runs;
  fs::remove_all(runs.path("far"));

  EXPECT_THAT(error_text([&] { run_training(runs.config(), runs.run("run"), Start::kNew); },
                         ErrorKind::kIo),
              AllOf(HasSubstr("shard-0.tar"), HasSubstr("the command exited with code 1")));
}

data::StoredClip clip_named(const std::string& id) {
  return lipsound2::testing::toy_clip(id, /*clip=*/0, /*frames=*/2);
}

data::ManifestEntry entry_named(const std::string& id) {
  data::ManifestEntry entry = lipsound2::testing::toy_entry(/*clip=*/0, /*frames=*/2);
  entry.id = id;
  return entry;
}

TEST(CorpusWriter, GoesOnBehindTheLastFinishedShardWithTheSameBytes) {
  const lipsound2::testing::TemporaryFolder folder;
  const std::vector<std::string> ids = {"a", "b", "c", "d", "e"};
  const std::size_t two_clips = 15000;  // a shard is full with the second clip
  const auto write = [&](const std::string& name, std::size_t end) {
    CorpusWriter writer(folder / name, "toys", two_clips);
    const std::size_t begin = writer.finished();
    for (std::size_t i = begin; i < end; ++i)
      writer.add(entry_named(ids[i]), clip_named(ids[i]));
    if (end == ids.size())
      writer.finish();
    return begin;
  };

  EXPECT_EQ(write("whole", 5), 0U);
  EXPECT_EQ(write("killed", 3), 0U);
  const std::size_t begun = write("killed", 5);

  EXPECT_GT(begun, 0U);
  EXPECT_LT(begun, 4U);
  EXPECT_EQ(files_below(folder / "killed"), files_below(folder / "whole"));
  EXPECT_THAT(error_text([&] { write("whole", 5); }, ErrorKind::kUsage),
              HasSubstr("holds a corpus already"));
}

TEST(CorpusWriter, RefusesToGoOnWithSomethingElse) {
  const lipsound2::testing::TemporaryFolder folder;
  {
    CorpusWriter writer(folder / "toys", "sound by one", /*shard_bytes=*/1);
    writer.add(entry_named("a"), clip_named("a"));
  }

  EXPECT_THAT(
      error_text([&] { CorpusWriter(folder / "toys", "sound by another", /*shard_bytes=*/1); },
                 ErrorKind::kUsage),
      AllOf(HasSubstr("unfinished"), HasSubstr("sound by one"), HasSubstr("sound by another")));
}

TEST(GeneratedCorpus, GoesOnAfterAFailureWithTheSameBytes) {
  const TinyRuns runs;
  runs.config("lips.yaml", "eval: {batch_size: 2}\n");
  run_training(load_config((runs / "lips.yaml").string(), {}), {runs / "run"}, Start::kNew);
  const auto generate = [&](const std::string& out) {
    generate_corpus({.run = (runs / "run").string(),
                     .manifest = runs / "corpus/manifest.jsonl",
                     .splits = {},
                     .out = runs / out,
                     .shard_bytes = 1});
  };
  generate("whole");
  const data::ManifestEntry last = data::read_manifest(runs / "corpus/manifest.jsonl").back();
  const std::string shard = read_file(runs / "corpus" / last.shard);
  std::string broken = shard;
  broken[static_cast<std::size_t>(last.offset + last.bytes / 2)] ^= 1;
  write_file(runs / "corpus" / last.shard, broken);
  EXPECT_THAT(error_text([&] { generate("stopped"); }), HasSubstr(last.id));
  EXPECT_EQ(ids_in(runs / "stopped/unfinished.jsonl").size(), 4U);
  write_file(runs / "corpus" / last.shard, shard);

  generate("stopped");

  EXPECT_EQ(files_below(runs / "stopped"), files_below(runs / "whole"));
}

}  // namespace
}  // namespace lipsound2::experiment
