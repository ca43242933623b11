#include <thread>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lipsound2/core/bounded_queue.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/random.h"

namespace lipsound2 {
namespace {

std::filesystem::path temporary(const std::string& name) {
  return std::filesystem::path(::testing::TempDir()) / name;
}

TEST(BoundedQueue, KeepsOrderBetweenThreads) {
  BoundedQueue<int> queue(2);
  std::thread producer([&] {
    for (int i = 0; i < 1000; ++i)
      queue.push(i);
    queue.close();
  });

  int expected = 0;
  while (const auto item = queue.pop())
    EXPECT_EQ(*item, expected++);

  producer.join();
  EXPECT_EQ(expected, 1000);
}

TEST(BoundedQueue, RefusesPushesAndRethrowsTheErrorOnceDrained) {
  BoundedQueue<int> queue(4);
  queue.push(7);
  queue.close(std::make_exception_ptr(Error(ErrorKind::kData, "bad clip")));

  EXPECT_FALSE(queue.push(8));
  EXPECT_EQ(queue.pop(), 7);
  EXPECT_THROW(queue.pop(), Error);
}

TEST(AtomicFile, LeavesTheOldFileWithoutCommit) {
  const auto path = temporary("atomic.txt");
  write_file(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
  }

  EXPECT_EQ(read_file(path), "old");
}

TEST(AtomicFile, NamesTheFolderThatIsMissing) {
  try {
    write_file(temporary("missing/file.txt"), "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.kind()), 4);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("missing/file.txt: cannot write: No such file"));
  }
}

/// The temporary files beside `path`.
std::vector<std::filesystem::path> temporaries_of(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path.parent_path()))
    if (entry.path().filename().string().starts_with(path.filename().string() + ".tmp"))
      files.push_back(entry.path());
  return files;
}

/// Leaves a file half written, as a killed process does, which stays a zombie until it is waited
/// for.
pid_t die_writing(const std::filesystem::path& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(path);
    file.write("half");
    ::_exit(0);
  }
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
  return child;
}

TEST(AtomicFile, LeftoversOfDeadProcessesAreRemovedAndThoseOfLivingOnesStay) {
  const auto folder = temporary("leftovers");
  std::filesystem::remove_all(folder);
  make_folder(folder);
  ::waitpid(die_writing(folder / "dead"), nullptr, 0);
  const pid_t zombie = die_writing(folder / "zombie");
  AtomicFile living(folder / "living");
  write_file(folder / "notes.tmpl", "mine");
  ASSERT_EQ(temporaries_of(folder / "dead").size(), 1U);
  ASSERT_EQ(temporaries_of(folder / "zombie").size(), 1U);

  remove_temporaries(folder);

  EXPECT_EQ(temporaries_of(folder / "dead").size(), 0U);
  EXPECT_EQ(temporaries_of(folder / "zombie").size(), 0U);
  EXPECT_EQ(temporaries_of(folder / "living").size(), 1U);
  EXPECT_TRUE(std::filesystem::exists(folder / "notes.tmpl"));
  EXPECT_NO_THROW(living.commit());
  ::waitpid(zombie, nullptr, 0);
}

TEST(AtomicFile, LeftoversOfOtherMachinesAreRemovedAfterADay) {
  const auto folder = temporary("foreign");
  std::filesystem::remove_all(folder);
  make_folder(folder);
  const auto now = std::filesystem::file_time_type::clock::now();
  write_file(folder / "old.tmp00000000-1", "half");
  write_file(folder / "new.tmp00000000-1", "half");
  std::filesystem::last_write_time(folder / "old.tmp00000000-1", now - std::chrono::hours(25));

  remove_temporaries(folder);

  EXPECT_FALSE(std::filesystem::exists(folder / "old.tmp00000000-1"));
  EXPECT_TRUE(std::filesystem::exists(folder / "new.tmp00000000-1"));
}

TEST(Rng, IsTheSameOnEveryMachine) {
  // SplitMix64 with seed 1234567: first outputs as printed by the reference program of Vigna
  // (prng.di.unimi.it).
  Rng rng(1234567);

  EXPECT_EQ(rng.next(), 6457827717110365317ULL);
  EXPECT_EQ(rng.next(), 3203168211198807973ULL);
}

TEST(Rng, StaysInRangeAndCoversIt) {
  Rng rng(mix({1, 2, 3}));
  std::vector<int> seen(5);
  for (int i = 0; i < 1000; ++i)
    ++seen.at(static_cast<std::size_t>(rng.below(5)));

  EXPECT_THAT(seen, ::testing::Each(::testing::Gt(100)));
}

}  // namespace
}  // namespace lipsound2
