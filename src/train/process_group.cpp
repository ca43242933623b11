#include "lipsound2/train/process_group.h"

#include <charconv>
#include <cstdlib>
#include <optional>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "lipsound2/core/error.h"

#include "ring_link.h"

namespace lipsound2::train {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int number_in(const char* name, int least, int most) {
  const std::string text = variable(name);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  require(
      error == std::errc() && end == text.data() + text.size() && number >= least && number <= most,
      ErrorKind::kUsage,
      "{}: expected a number from {} to {} for training by several processes, found '{}'",
      name,
      least,
      most,
      text);
  return number;
}

// Waits until all processes have told where their doors are.
Endpoint door_of_next(const ProcessPlace& place, const RingSeat& seat, const Door& door) {
  c10d::TCPStoreOptions options;
  options.port = place.port;
  options.isServer = place.rank == 0 && variable("TORCHELASTIC_USE_AGENT_STORE") != "True";
  options.waitWorkers = false;
  options.timeout = place.patience;
  // An agent's store outlives processes that it starts anew.
  const std::string prefix = "lipsound2/" + variable("TORCHELASTIC_RESTART_COUNT") + "/";
  const auto name = [&](int rank) { return prefix + std::to_string(rank); };
  int awaited = 0;
  try {
    c10d::TCPStore store(place.host, options);
    const std::string text = door.endpoint().text();
    store.set(name(seat.rank), std::vector<std::uint8_t>(text.begin(), text.end()));
    std::vector<std::uint8_t> next;
    for (int rank = 0; rank < seat.world; ++rank) {
      awaited = rank;
      const std::vector<std::uint8_t> found = store.get(name(rank));
      if (rank == seat.next())
        next = found;
    }
    // Process 0 may be the store's home: it stays until all have read.
    if (store.add(prefix + "ready", 1) == seat.world)
      store.set(prefix + "all ready", std::vector<std::uint8_t>{1});
    if (options.isServer)
      store.get(prefix + "all ready");
    return Endpoint::parse({next.begin(), next.end()});
  } catch (const c10::Error& error) {
    fail(ErrorKind::kIo,
         "expected all {} processes to meet at {}, port {} (MASTER_ADDR, MASTER_PORT), within {} "
         "seconds; process {} waited for process {}: {}",
         seat.world,
         place.host,
         place.port,
         place.patience.count(),
         seat.rank,
         awaited,
         error.what_without_backtrace());
  }
}

std::unique_ptr<const RingLink> linked(const ProcessPlace& place) {
  const RingSeat seat{place.rank, place.world};
  const Door door({place.host, std::to_string(place.port)});
  return std::make_unique<const RingLink>(
      seat, door, door_of_next(place, seat, door), place.patience);
}

// Part i of `parts` nearly equal ones.
Tensor part_of(const Tensor& flat, std::int64_t i, std::int64_t parts) {
  const std::int64_t begin = flat.numel() * i / parts;
  return flat.narrow(0, begin, flat.numel() * (i + 1) / parts - begin);
}

std::span<std::byte> memory_of(const Tensor& part) {
  return {static_cast<std::byte*>(part.mutable_data_ptr()), part.nbytes()};
}

}  // namespace

ProcessPlace ProcessPlace::from_environment() {
  ProcessPlace place;
  if (variable("RANK").empty() && variable("WORLD_SIZE").empty())
    return place;
  place.world = number_in("WORLD_SIZE", 1, 100000);
  place.rank = number_in("RANK", 0, place.world - 1);
  if (!variable("LOCAL_RANK").empty())
    place.local_rank = number_in("LOCAL_RANK", 0, 1000);
  if (place.world == 1)
    return place;
  place.host = variable("MASTER_ADDR");
  require(!place.host.empty(),
          ErrorKind::kUsage,
          "MASTER_ADDR: expected the name of the machine of process 0, found nothing");
  place.port = static_cast<std::uint16_t>(number_in("MASTER_PORT", 1, 65535));
  return place;
}

ProcessGroup::ProcessGroup() = default;

ProcessGroup::ProcessGroup(const ProcessPlace& place)
    : place_(place), link_(place.world > 1 ? linked(place) : nullptr) {}

ProcessGroup::~ProcessGroup() = default;

void ProcessGroup::sum(const Tensor& values) const {
  if (!link_)
    return;
  const at::NoGradGuard no_grad;
  const Tensor flat = values.cpu().contiguous().view(-1);
  const std::int64_t world = place_.world;
  const auto part = [&](std::int64_t i) { return part_of(flat, (i + 2 * world) % world, world); };
  // Each part goes around and gathers the others' values; the last one to add has its sum...
  for (std::int64_t step = 0; step + 1 < world; ++step) {
    const Tensor own = part(place_.rank - step - 1);
    const Tensor received = at::empty_like(own);
    link_->exchange(memory_of(part(place_.rank - step)), memory_of(received));
    own.add_(received);
  }
  // ...which goes around once more.
  for (std::int64_t step = 0; step + 1 < world; ++step)
    link_->exchange(memory_of(part(place_.rank + 1 - step)), memory_of(part(place_.rank - step)));
  if (!flat.is_alias_of(values))
    values.copy_(flat.view(values.sizes()));
}

void ProcessGroup::broadcast(const Tensor& values) const {
  const at::NoGradGuard no_grad;
  if (!leads())
    values.zero_();
  sum(values);
}

void ProcessGroup::wait_for_all() const {
  sum(at::zeros({1}));
}

}  // namespace lipsound2::train
