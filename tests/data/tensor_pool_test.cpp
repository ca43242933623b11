#include "tensor_pool.h"

#include <thread>

#include <gmock/gmock.h>

namespace lipsound2::data {
namespace {

TEST(TensorPool, UsesTheSmallestMemoryAgainThatIsLargeEnough) {
  const TensorPool pool(4);
  Tensor small = pool.take({2, 500});
  Tensor large = pool.take({2, 600});
  const void* const small_memory = small.const_data_ptr();
  const void* const large_memory = large.const_data_ptr();
  large = Tensor();
  small = Tensor();

  const Tensor again = pool.take({990});
  const Tensor other = pool.take({3, 350});

  EXPECT_EQ(again.const_data_ptr(), small_memory);
  EXPECT_EQ(other.const_data_ptr(), large_memory);
  EXPECT_THAT(other.sizes(), ::testing::ElementsAre(3, 350));
}

TEST(TensorPool, NeverSharesMemoryThatIsInUse) {
  const TensorPool pool(4);
  const Tensor first = pool.take({1000});
  const Tensor view = pool.take({1000}).narrow(0, 10, 20);

  const Tensor third = pool.take({1000});

  EXPECT_NE(third.const_data_ptr(), first.const_data_ptr());
  EXPECT_NE(third.const_data_ptr<std::uint8_t>() + 10, view.const_data_ptr<std::uint8_t>());
}

TEST(TensorPool, DoesNotSpendLargeMemoryOnASmallTensor) {
  const TensorPool pool(4);
  const void* const large = pool.take({10000}).const_data_ptr();

  const Tensor small = pool.take({100});

  EXPECT_NE(small.const_data_ptr(), large);
  EXPECT_EQ(pool.take({10000}).const_data_ptr(), large);
}

TEST(TensorPool, ServesSeveralThreadsAndTensorsThatOutliveIt) {
  std::vector<Tensor> kept(4);
  {
    const TensorPool pool(2);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kept.size(); ++i)
      threads.emplace_back([&, i] {
        for (int round = 0; round < 100; ++round)
          kept[i] = pool.take({4096}).fill_(static_cast<int>(i));
      });
    for (std::thread& thread : threads)
      thread.join();
  }

  for (std::size_t i = 0; i < kept.size(); ++i)
    EXPECT_TRUE(kept[i].eq(static_cast<int>(i)).all().item<bool>()) << i;
}

}  // namespace
}  // namespace lipsound2::data
