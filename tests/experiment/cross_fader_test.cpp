#include "cross_fader.h"

#include <vector>

#include <gmock/gmock.h>
#include <torch/torch.h>

namespace lipsound2::experiment {
namespace {

// Cuts [N, 1] into windows that share rows, joins them again.
Tensor cut_and_joined(const Tensor& whole, std::int64_t window, std::int64_t shared) {
  std::vector<Tensor> parts;
  CrossFader fader([&](const Tensor& rows) { parts.push_back(rows.clone()); });
  std::int64_t first = 0;
  for (; first + window < whole.size(0); first += window - shared)
    fader.add(whole.slice(0, first, first + window), first == 0 ? 0 : shared);
  fader.add(whole.slice(0, first), first == 0 ? 0 : shared);
  fader.finish();
  return torch::cat(parts);
}

TEST(CrossFader, GivesBackWhatWasCutIntoWindows) {
  const Tensor whole = torch::arange(100).to(torch::kFloat32).unsqueeze(1);

  for (const auto& [window, shared] : {std::pair{20, 5}, {20, 10}, {30, 0}, {99, 1}, {200, 7}}) {
    const Tensor joined = cut_and_joined(whole, window, shared);
    ASSERT_EQ(joined.sizes(), whole.sizes()) << window << ", " << shared;
    EXPECT_LT((joined - whole).abs().max().item<float>(), 1e-4) << window << ", " << shared;
  }
}

TEST(CrossFader, FadesFromOneWindowToTheNext) {
  std::vector<Tensor> parts;
  CrossFader fader([&](const Tensor& rows) { parts.push_back(rows.clone()); });

  fader.add(torch::zeros({5, 1}), 0);
  fader.add(torch::ones({5, 1}), 3);
  fader.finish();

  const Tensor expected = torch::tensor({0.0F, 0.0F, 0.25F, 0.5F, 0.75F, 1.0F, 1.0F});
  EXPECT_TRUE(torch::allclose(torch::cat(parts).flatten(), expected));
}

TEST(CrossFader, GivesRowsOutAsSoonAsTheyAreSettled) {
  std::int64_t rows = 0;
  CrossFader fader([&](const Tensor& part) { rows += part.size(0); });

  for (int i = 0; i < 10; ++i)
    fader.add(torch::zeros({20, 1}), i == 0 ? 0 : 5);

  EXPECT_EQ(rows, 9 * 15 + 5);  // all but the rows of the last window that are only its own
}

}  // namespace
}  // namespace lipsound2::experiment
