#include <algorithm>
#include <set>

#include <ATen/ops/equal.h>
#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/data/loader.h"

#include "support/temporary_folder.h"
#include "support/toy_corpus.h"

namespace lipsound2::data {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// 29 clips of 4 pictures in four shards, read in sequence; made once for all tests of the suite.
class LoaderSequenceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    corpus_ = std::make_unique<testing::TemporaryFolder>();
    clips_ = ClipList::read(testing::write_toy_corpus(corpus_->path(), /*clips=*/29, /*frames=*/4));
  }
  static void TearDownTestSuite() { corpus_.reset(); }

  static LoaderConfig config_of(const std::string& command = "") {
    LoaderConfig config;
    config.batch_size = 2;
    config.buffer = 16;
    config.threads = 2;
    config.access = Access::kSequential;
    if (!command.empty())
      config.shards = "pipe:cd '" + corpus_->path().string() + "' && " + command;
    return config;
  }
  static std::vector<Batch> take(const LoaderConfig& config, std::int64_t first = 0) {
    Loader loader(corpus_->path(), clips_, config);
    loader.start(/*epoch=*/3, first);
    std::vector<Batch> batches;
    while (std::optional<Batch> batch = loader.next())
      batches.push_back(std::move(*batch));
    return batches;
  }

  static inline std::unique_ptr<testing::TemporaryFolder> corpus_;
  static inline ClipList clips_;
};

using LoaderSequenceFault = LoaderSequenceTest;

void expect_same(const std::vector<Batch>& found, const std::vector<Batch>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].ids, expected[i].ids);
    EXPECT_TRUE(at::equal(found[i].faces, expected[i].faces));
    EXPECT_TRUE(at::equal(found[i].mel, expected[i].mel));
  }
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(LoaderSequenceTest, GivesTheSameFromFilesAndFromACommandWithAnyNumberOfThreads) {
  const std::vector<Batch> expected = take(config_of());
  std::set<std::string> ids;
  for (const Batch& batch : expected)
    ids.insert(batch.ids.begin(), batch.ids.end());
  EXPECT_EQ(ids.size(), 29u);

  for (const std::int64_t threads : {1, 4}) {
    LoaderConfig config = config_of("cat {}");
    config.threads = threads;
    expect_same(take(config), expected);
  }
}

TEST_F(LoaderSequenceTest, GoesOnFromAnyBatchAsIfNeverStopped) {
  std::vector<Batch> rest = take(config_of());
  for (std::int64_t first = 1; !rest.empty(); ++first) {
    rest.erase(rest.begin());
    expect_same(take(config_of("cat {}"), first), rest);
  }
}

TEST_F(LoaderSequenceTest, DoesNotReadShardsOfWhichNothingIsNeeded) {
  const auto log = corpus_->path() / "log";
  LoaderConfig config = config_of("echo {} >> log; cat {}");
  config.buffer = 16;
  std::filesystem::remove(log);
  const std::size_t batches = take(config).size();
  const std::string all = read_file(log);
  std::filesystem::remove(log);

  take(config, static_cast<std::int64_t>(batches) - 1);

  const std::string some = read_file(log);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 4);
  EXPECT_LE(std::count(some.begin(), some.end(), '\n'), 2);  // Two clips are left.
}

TEST_F(LoaderSequenceTest, ReadsClipsAsTheyAreListedToo) {
  LoaderConfig config = config_of("cat {}");
  config.order = Order::kAsListed;
  config.augmented = false;
  LoaderConfig indexed = config_of();
  indexed.order = Order::kAsListed;
  indexed.augmented = false;
  indexed.access = Access::kIndexed;

  expect_same(take(config), take(indexed));
}

TEST_F(LoaderSequenceTest, CanBeLeftAtAnyMoment) {
  for (int taken = 0; taken < 6; ++taken) {
    Loader loader(corpus_->path(), clips_, config_of("sleep 0.02; cat {}"));
    loader.start(0);
    for (int i = 0; i < taken; ++i)
      loader.next();
    if (taken % 2 == 0)
      loader.start(1);
  }
}

TEST_F(LoaderSequenceFault, NamesTheShardAndTheClipOfAFailure) {
  EXPECT_THAT(message_of([] { take(config_of("head -c 20000 {}")); }),
              AllOf(HasSubstr("shard-"), HasSubstr("clip 'toy/"), HasSubstr("exited with code 0")));
  EXPECT_THAT(message_of([] { take(config_of("tr e f < {}")); }),
              AllOf(HasSubstr("shard-"), HasSubstr("clip 'toy/"), HasSubstr("edited or damaged")));
  EXPECT_THAT(message_of([] { take(config_of("echo no such object >&2; exit 7 # {}")); }),
              HasSubstr("found the end after 0: the command exited with code 7"));
}

TEST_F(LoaderSequenceFault, GivesTheBatchesBeforeAnError) {
  const std::vector<Batch> expected = take(config_of());
  // The shard that is read last fails.
  LoaderConfig config = config_of("echo {} >> order; cat {}");
  take(config);
  const std::string order = read_file(corpus_->path() / "order");
  const std::string last = order.substr(order.rfind("shard", order.size() - 1)).substr(0, 11);
  Loader loader(
      corpus_->path(),
      clips_,
      config_of("[ {} != " + last + " ] && sleep 0.1; [ {} != " + last + " ] && cat {} # "));
  loader.start(/*epoch=*/3);
  std::size_t given = 0;
  try {
    while (const std::optional<Batch> batch = loader.next())
      EXPECT_EQ(batch->ids, expected.at(given++).ids);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(last));
  }
}

TEST_F(LoaderSequenceFault, NamesSettingsThatDoNotFit) {
  LoaderConfig config = config_of("cat {}");
  config.access = Access::kIndexed;
  EXPECT_THAT(message_of([&] { take(config); }), HasSubstr("data.access: expected sequential"));

  config = config_of();
  config.max_frames = 3;
  EXPECT_THAT(message_of([&] { take(config); }),
              HasSubstr("data.max_frames: expected at least 4, the pictures of clip 'toy/clip0'"));
}

}  // namespace
}  // namespace lipsound2::data
