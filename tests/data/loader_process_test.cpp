#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <signal.h>  // kill() is POSIX
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lipsound2/core/file.h"
#include "lipsound2/core/random.h"
#include "lipsound2/data/loader.h"

#include "support/temporary_folder.h"
#include "support/toy_corpus.h"

/// Two processes of this very program share the epochs of a corpus, are killed and started again.
namespace lipsound2::data {
namespace {

constexpr const char* kProcess = "LIPSOUND2_TEST_LOADER";  // "rank access first-batch corpus"
constexpr std::int64_t kEpochs = 2;

LoaderConfig shared_config(std::int64_t rank, Access access) {
  LoaderConfig config;
  config.batch_size = 2;
  config.buffer = 16;
  config.threads = 2;
  config.access = access;
  config.rank = rank;
  config.world = 2;
  return config;
}

/// Adds one line with the ids of each batch, from batch `first` of all epochs on.
void write_batches(Loader& loader, std::int64_t first, const std::filesystem::path& file) {
  for (std::int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    const std::int64_t batches = loader.batches(epoch);
    if (first < batches) {
      loader.start(epoch, first);
      while (const std::optional<Batch> batch = loader.next())
        append_line(file, fmt::format("{}", fmt::join(batch->ids, " ")));
    }
    first = std::max<std::int64_t>(0, first - batches);
  }
}

std::filesystem::path output_of(const std::filesystem::path& corpus, int rank) {
  return corpus / fmt::format("ids-{}", rank);
}

/// What the other tests of this suite start; on its own there is nothing to test.
TEST(LoaderProcess, WritesTheIdsOfItsBatches) {
  const char* const task = std::getenv(kProcess);
  if (task == nullptr)
    GTEST_SKIP() << "only for processes started by other tests";
  std::istringstream words(task);
  std::int64_t rank = 0;
  int access = 0;
  std::int64_t first = 0;
  std::string corpus;
  words >> rank >> access >> first >> corpus;
  const auto folder = std::filesystem::path(corpus);
  Loader loader(folder,
                ClipList::read(folder / "manifest.jsonl"),
                shared_config(rank, static_cast<Access>(access)));
  write_batches(loader, first, output_of(folder, static_cast<int>(rank)));
}

std::vector<std::string> whole_lines(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  if (!std::filesystem::exists(file))
    return lines;
  std::istringstream text(read_file(file));
  for (std::string line; std::getline(text, line) && !text.eof();)
    lines.push_back(line);
  return lines;
}

/// A process that goes on with the batches of a rank from where its file ends.
class LoaderProcess {
 public:
  LoaderProcess(const std::filesystem::path& corpus, int rank, Access access) {
    const auto file = output_of(corpus, rank);
    const std::vector<std::string> done = whole_lines(file);
    write_file(file, done.empty() ? "" : fmt::format("{}\n", fmt::join(done, "\n")));
    std::string task = fmt::format(
        "{}={} {} {} {}", kProcess, rank, static_cast<int>(access), done.size(), corpus.string());
    std::string program = "/proc/self/exe";
    std::string filter = "--gtest_filter=LoaderProcess.WritesTheIdsOfItsBatches";
    std::string brief = "--gtest_brief=1";
    char* const arguments[] = {program.data(), filter.data(), brief.data(), nullptr};
    char* const variables[] = {task.data(), nullptr};
    EXPECT_EQ(::posix_spawn(&id_, "/proc/self/exe", nullptr, nullptr, arguments, variables), 0);
  }
  ~LoaderProcess() { end(); }
  LoaderProcess(const LoaderProcess&) = delete;
  LoaderProcess& operator=(const LoaderProcess&) = delete;

  /// Waits for the end, which is hoped to be a good one.
  void finish() {
    int status = 0;
    ::waitpid(std::exchange(id_, 0), &status, 0);
    EXPECT_EQ(status, 0);
  }
  void end() {
    if (id_ == 0)
      return;
    ::kill(id_, SIGKILL);
    ::waitpid(std::exchange(id_, 0), nullptr, 0);
  }

 private:
  pid_t id_ = 0;
};

class LoaderProcesses : public ::testing::TestWithParam<Access> {};

TEST_P(LoaderProcesses, SeeEachClipOnceAndGoOnAfterAKillAsIfNothingHappened) {
  const testing::TemporaryFolder corpus;
  testing::write_toy_corpus(corpus.path(), /*clips=*/61, /*frames=*/3);
  std::vector<std::vector<std::string>> expected;
  for (const int rank : {0, 1}) {
    Loader loader(
        corpus.path(), ClipList::read(corpus / "manifest.jsonl"), shared_config(rank, GetParam()));
    write_batches(loader, 0, corpus / "expected");
    expected.push_back(whole_lines(corpus / "expected"));
    std::filesystem::remove(corpus / "expected");
  }
  ASSERT_EQ(expected[0].size(), expected[1].size());

  Rng rng(static_cast<std::uint64_t>(GetParam()));
  for (int kill = 0; kill < 4; ++kill) {
    LoaderProcess first(corpus.path(), 0, GetParam());
    LoaderProcess second(corpus.path(), 1, GetParam());
    // Somewhere between the first batches and the last; a loaded machine only moves the place.
    const std::size_t enough = whole_lines(output_of(corpus.path(), 0)).size() + 2 +
                               static_cast<std::size_t>(rng.below(8));
    while (whole_lines(output_of(corpus.path(), 0)).size() < std::min(enough, expected[0].size()))
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    (kill % 2 == 0 ? first : second).end();
  }
  for (const int rank : {0, 1})
    LoaderProcess(corpus.path(), rank, GetParam()).finish();

  std::multiset<std::string> ids;
  for (const int rank : {0, 1}) {
    const auto lines = whole_lines(output_of(corpus.path(), rank));
    EXPECT_EQ(lines, expected[static_cast<std::size_t>(rank)]);
    for (const std::string& line : lines) {
      std::istringstream words(line);
      for (std::string id; words >> id;)
        ids.insert(id);
    }
  }
  EXPECT_EQ(ids.size(), 61u * kEpochs);
  for (int clip = 0; clip < 61; ++clip)
    EXPECT_EQ(ids.count(fmt::format("toy/clip{}", clip)), static_cast<std::size_t>(kEpochs));
}

INSTANTIATE_TEST_SUITE_P(Access,
                         LoaderProcesses,
                         ::testing::Values(Access::kIndexed, Access::kSequential),
                         [](const auto& info) {
                           return info.param == Access::kIndexed ? "Indexed" : "Sequential";
                         });

}  // namespace
}  // namespace lipsound2::data
