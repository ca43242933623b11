#include <algorithm>
#include <utility>

#include "lipsound2/core/error.h"

#include "media_reader.h"

namespace lipsound2::video {
namespace {

// Containers round times, to 1 ms in Matroska: a picture due this much later counts as due now.
constexpr double kClockSlack = 0.001;
constexpr double kLongestPause = 1.0;

}  // namespace

SteadyPictures::SteadyPictures(MediaReader& reader, double fps)
    : reader_(reader), fps_(fps), upcoming_(reader.next_picture()) {
  if (!upcoming_)
    return;
  start_ = end_ = reader.start_of(*upcoming_);
  if (reader.part())
    start_ = std::max(start_, reader.part()->start);
}

const AVFrame* SteadyPictures::next() {
  // Seconds since the start, not container times: a damaged file's may be so large that a picture's
  // duration vanishes beside them.
  const double due = static_cast<double>(index_) / fps_ + kClockSlack;
  while (upcoming_ && reader_.start_of(*upcoming_) - start_ <= due)
    advance();
  if (!upcoming_ && due >= end_ - start_)
    return nullptr;
  ++index_;
  return current_.get();
}

void SteadyPictures::advance() {
  current_ = std::move(upcoming_);
  upcoming_ = reader_.next_picture();
  const double begin = reader_.start_of(*current_);
  // The last picture is not held longer than a pause may be, whatever the file says.
  end_ = begin + std::min(reader_.duration_of(*current_), kLongestPause);
  if (reader_.part() && (reader_.stopped() || end_ > reader_.part()->end))
    end_ = reader_.part()->end;
  if (!upcoming_)
    return;
  const double pause = reader_.start_of(*upcoming_) - begin;
  require(pause < kLongestPause,
          ErrorKind::kData,
          "{}: damaged: expected pictures without a gap, found {:.2f} s without one at {:.2f} s",
          reader_.file().string(),
          pause,
          begin - start_);
}

}  // namespace lipsound2::video
