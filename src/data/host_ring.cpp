#include "host_ring.h"

#include <cstdint>
#include <utility>

#include <ATen/ops/empty.h>

namespace lipsound2::data {
namespace {

constexpr std::int64_t kAlignment = 64;

/// What a tensor takes of a buffer.
std::int64_t room_for(const Tensor& tensor) {
  if (!tensor.defined())
    return 0;
  const auto bytes = static_cast<std::int64_t>(tensor.nbytes());
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

HostRing::HostRing(std::size_t buffers, HostMemory memory)
    : buffers_(buffers), last_(buffers - 1), memory_(memory) {}

HostRing::Buffer& HostRing::turn_to_next() {
  last_ = (last_ + 1) % buffers_.size();
  Buffer& buffer = buffers_[last_];
  if (const auto wait = std::exchange(buffer.wait, nullptr))
    wait();
  return buffer;
}

void HostRing::make_room(Buffer& buffer, std::int64_t bytes) const {
  if (buffer.bytes.defined() && buffer.bytes.numel() >= bytes)
    return;
  buffer.bytes = Tensor();  // first, so that both are never there
  buffer.bytes = at::empty(
      {bytes}, at::TensorOptions(at::kByte).pinned_memory(memory_ == HostMemory::kPinned));
}

std::vector<Tensor> HostRing::fill(const std::vector<Tensor>& tensors) {
  std::int64_t bytes = 0;
  for (const Tensor& tensor : tensors)
    bytes += room_for(tensor);
  Buffer& buffer = turn_to_next();
  make_room(buffer, bytes);
  std::vector<Tensor> filled;
  std::int64_t begin = 0;
  for (const Tensor& tensor : tensors) {
    filled.emplace_back();
    if (!tensor.defined())
      continue;
    filled.back() = buffer.bytes.narrow(0, begin, static_cast<std::int64_t>(tensor.nbytes()))
                        .view(tensor.scalar_type())
                        .view(tensor.sizes());
    filled.back().copy_(tensor);
    begin += room_for(tensor);
  }
  return filled;
}

void HostRing::set_reader(std::function<void()> wait) {
  buffers_[last_].wait = std::move(wait);
}

}  // namespace lipsound2::data
