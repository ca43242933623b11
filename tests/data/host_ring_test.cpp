#include "host_ring.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <gmock/gmock.h>

namespace lipsound2::data {
namespace {

using ::testing::ElementsAre;

Tensor bytes_of(int value, std::int64_t count) {
  return at::full({count}, value, at::kByte);
}

TEST(HostRing, KeepsTensorsOfAnyTypeAndShape) {
  HostRing ring(2, HostMemory::kPageable);
  const Tensor bytes = at::full({3, 5}, 7, at::kByte);
  const Tensor floats = at::rand({2, 1, 3});

  const std::vector<Tensor> filled = ring.fill({bytes, Tensor(), floats});

  ASSERT_EQ(filled.size(), 3u);
  EXPECT_TRUE(at::equal(filled[0], bytes));
  EXPECT_FALSE(filled[1].defined());
  EXPECT_TRUE(at::equal(filled[2], floats));
}

TEST(HostRing, UsesTheSameMemoryAgainInTurn) {
  HostRing ring(2, HostMemory::kPageable);
  const Tensor first = ring.fill({bytes_of(1, 100)})[0];
  const Tensor second = ring.fill({bytes_of(2, 100)})[0];
  EXPECT_NE(first.data_ptr(), second.data_ptr());

  const Tensor third = ring.fill({bytes_of(3, 60)})[0];  // less than there is room for

  EXPECT_EQ(third.data_ptr(), first.data_ptr());
  EXPECT_EQ(second.max().item<int>(), 2);
}

TEST(HostRing, GrowsToTheLargestFilling) {
  HostRing ring(1, HostMemory::kPageable);
  ring.fill({bytes_of(1, 10)});
  const Tensor large = ring.fill({bytes_of(2, 1000)})[0];
  ring.fill({bytes_of(3, 10)});

  EXPECT_EQ(ring.fill({bytes_of(4, 1000)})[0].data_ptr(), large.data_ptr());
}

TEST(HostRing, WaitsForTheReaderOfABufferBeforeItIsFilledAgain) {
  HostRing ring(2, HostMemory::kPageable);
  std::vector<int> seen;  // the first byte of a buffer at the time when its reader was done
  for (int i = 0; i < 4; ++i) {
    const Tensor filled = ring.fill({bytes_of(i, 8)})[0];
    ring.set_reader([&seen, filled] { seen.push_back(filled[0].item<int>()); });
  }

  EXPECT_THAT(seen, ElementsAre(0, 1));

  ring.fill({bytes_of(9, 8)});
  EXPECT_THAT(seen, ElementsAre(0, 1, 2));
}

TEST(HostRing, WaitsForAReaderOnce) {
  HostRing ring(1, HostMemory::kPageable);
  int waits = 0;
  ring.fill({bytes_of(1, 8)});
  ring.set_reader([&] { ++waits; });

  ring.fill({bytes_of(2, 8)});
  ring.fill({bytes_of(3, 8)});

  EXPECT_EQ(waits, 1);
}

}  // namespace
}  // namespace lipsound2::data
