#include "read_ahead.h"

#include <stdexcept>
#include <utility>

#include "clip_view.h"

namespace lipsound2::data {

ReadAhead::ReadAhead(Setup setup, LoaderClock& clock)
    : setup_(std::move(setup)),
      clock_(clock),
      reader_([this](const std::stop_token& stop) { read_all(stop); }) {}

std::string ReadAhead::take(std::int64_t turn) {
  std::string bytes;
  {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [&] { return stopped_ || error_ || held_.contains(turn); });
    const auto found = held_.find(turn);
    if (found == held_.end() && error_)
      std::rethrow_exception(error_);
    if (found == held_.end())
      throw std::runtime_error("the reader was stopped");
    bytes = std::move(found->second);
    held_.erase(found);
  }
  room_.notify_one();
  return bytes;
}

void ReadAhead::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  reader_.request_stop();
  came_.notify_all();
  room_.notify_all();
}

void ReadAhead::read_all(const std::stop_token& stop) {
  try {
    Shards shards;
    for (const ReadTurn& next : setup_.order)
      ++shards[setup_.clips.place(static_cast<std::size_t>(next.position)).shard].left;
    for (const ReadTurn& next : setup_.order) {
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return stopped_ || held_.size() < setup_.most; });
        if (stopped_)
          return;
      }
      std::string bytes = read_one(static_cast<std::size_t>(next.position), shards, stop);
      if (stop.stop_requested())
        return;
      const std::lock_guard lock(mutex_);
      held_.emplace(next.turn, std::move(bytes));
      came_.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
    came_.notify_all();
  }
}

std::string ReadAhead::read_one(std::size_t position, Shards& shards, const std::stop_token& stop) {
  const LoaderClock::Span span(clock_, LoaderPart::kRead);
  const ClipPlace place = setup_.clips.place(position);
  OpenShard& shard = shards[place.shard];
  const std::string source = setup_.source.of(setup_.clips.shard(place.shard));
  const bool behind = shard.stream && place.offset < shard.stream->position();
  if (!shard.stream || behind)
    shard.stream = std::make_unique<ShardStream>(source);
  std::string bytes = shard.stream->read(
      place.offset, place.bytes, where_clip(source, setup_.clips.id(position)), stop);
  if (--shard.left == 0) {
    shard.stream->finish(stop);
    shard.stream.reset();
  }
  return bytes;
}

}  // namespace lipsound2::data
