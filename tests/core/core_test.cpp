#include <thread>

#include <gmock/gmock.h>

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
