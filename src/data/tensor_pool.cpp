#include "tensor_pool.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/accumulate.h>

namespace lipsound2::data {

struct TensorPool::State {
  explicit State(std::size_t most) : most_unused(most) {}

  /// The smallest that has room for so many bytes, of which a fifth may lie idle; or a new one.
  Tensor take(std::int64_t bytes) {
    const std::lock_guard lock(mutex);
    auto best = unused.end();
    for (auto it = unused.begin(); it != unused.end(); ++it)
      if (it->numel() >= bytes && it->numel() - bytes <= bytes / 4 &&
          (best == unused.end() || it->numel() < best->numel()))
        best = it;
    if (best == unused.end())
      return at::empty({bytes}, at::kByte);
    Tensor found = std::move(*best);
    unused.erase(best);
    return found;
  }

  /// The one that was unused longest makes room.
  void give_back(Tensor memory) {
    const std::lock_guard lock(mutex);
    unused.push_back(std::move(memory));
    if (unused.size() > most_unused)
      unused.erase(unused.begin());
  }

  const std::size_t most_unused;
  std::mutex mutex;
  std::vector<Tensor> unused;  ///< in the order in which they came back
};

TensorPool::TensorPool(std::size_t most_unused) : state_(std::make_shared<State>(most_unused)) {}

Tensor TensorPool::take(at::IntArrayRef shape) const {
  const Tensor memory = state_->take(c10::multiply_integers(shape));
  return at::from_blob(
      memory.mutable_data_ptr(),
      shape,
      [state = state_, memory](void*) { state->give_back(memory); },
      at::kByte);
}

}  // namespace lipsound2::data
