#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "lipsound2/data/clip_list.h"

#include "loader_clock.h"
#include "shard_stream.h"

namespace lipsound2::data {

/// A clip to read, and when it is used: turns count from 0.
struct ReadTurn {
  std::int64_t position = 0;  ///< in the list of clips
  std::int64_t turn = 0;
};

/// Reads clips in the order given, which should be that of their shards, on a thread of its own; it
/// holds at most so many that were not taken yet.
class ReadAhead {
 public:
  struct Setup {
    ClipList clips;
    ShardSource source;
    std::vector<ReadTurn> order;
    std::size_t most = 1;
  };
  ReadAhead(Setup setup, LoaderClock& clock);
  ~ReadAhead() { stop(); }

  /// The bytes of the clip of this turn, not yet checked; waits until they are read. From several
  /// threads, each turn once. Throws what stopped the reading before this clip came, and a
  /// std::runtime_error once stopped.
  std::string take(std::int64_t turn);
  /// Wakes everyone, and ends the commands that are running.
  void stop();

 private:
  /// A shard that is being read, and how many of its clips are still to come.
  struct OpenShard {
    std::unique_ptr<ShardStream> stream;
    std::int64_t left = 0;
  };
  using Shards = std::unordered_map<std::uint32_t, OpenShard>;

  void read_all(const std::stop_token& stop);
  std::string read_one(std::size_t position, Shards& shards, const std::stop_token& stop);

  const Setup setup_;
  LoaderClock& clock_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::condition_variable room_;
  std::unordered_map<std::int64_t, std::string> held_;
  std::exception_ptr error_;
  bool stopped_ = false;
  std::jthread reader_;
};

}  // namespace lipsound2::data
