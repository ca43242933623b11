#include "face_track.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lipsound2::video {
namespace {

constexpr float kSameFaceOverlap = 0.3F;
constexpr double kSteadySeconds = 10;
constexpr double kSigmaSeconds = 1;
constexpr double kReachSeconds = 4;
constexpr double kRounding = 1e-9;  // of sums of seconds

float overlap(const Box& a, const Box& b) {
  const float width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const float height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  if (width <= 0 || height <= 0)
    return 0;
  const float both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

// Seconds from each look to the next; the last one stands for as long as the one before.
std::vector<double> spans_of(const std::vector<Look>& looks) {
  std::vector<double> spans(looks.size(), 1.0);
  for (std::size_t i = 0; i + 1 < looks.size(); ++i)
    spans[i] = looks[i + 1].seconds - looks[i].seconds;
  if (looks.size() > 1)
    spans.back() = spans[looks.size() - 2];
  return spans;
}

// The track whose last box overlaps most with this one; null if none does enough.
FaceTrack* track_of(const Box& box, double seconds, std::vector<FaceTrack>& tracks) {
  FaceTrack* best = nullptr;
  float most = kSameFaceOverlap;
  for (FaceTrack& track : tracks) {
    const float shared = overlap(box, track.boxes.back());
    if (shared >= most && track.seconds.back() < seconds) {
      most = shared;
      best = &track;
    }
  }
  return best;
}

float median(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1)
    return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

template <class Measure>
float median_of(const std::vector<Box>& boxes, Measure measure) {
  std::vector<float> values;
  for (const Box& box : boxes)
    values.push_back(measure(box));
  return median(std::move(values));
}

Box centered(float x, float y, float width, float height) {
  return {x - width / 2, y - height / 2, width, height, 0};
}

// Each box replaced by the median of itself and its neighbors: one wrong box leaves no trace.
std::vector<Box> without_outliers(const std::vector<Box>& boxes) {
  std::vector<Box> result = boxes;
  for (std::size_t i = 1; i + 1 < boxes.size(); ++i)
    result[i] = median_box({boxes[i - 1], boxes[i], boxes[i + 1]});
  return result;
}

}  // namespace

std::vector<FaceTrack> join_looks(const std::vector<Look>& looks) {
  std::vector<FaceTrack> tracks;
  const std::vector<double> spans = spans_of(looks);
  for (std::size_t i = 0; i < looks.size(); ++i)
    for (const Box& face : looks[i].faces) {
      FaceTrack* track = track_of(face, looks[i].seconds, tracks);
      if (!track)
        track = &tracks.emplace_back();
      track->seconds.push_back(looks[i].seconds);
      track->boxes.push_back(face);
      track->covered += spans[i];
    }
  return tracks;
}

double share_without(const FaceTrack& track, const std::vector<Look>& looks) {
  const std::vector<double> spans = spans_of(looks);
  double seen = 0;
  double without = 0;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    if (looks[i].faces.empty())
      continue;
    seen += spans[i];
    if (std::ranges::find(track.seconds, looks[i].seconds) == track.seconds.end())
      without += spans[i];
  }
  return seen > 0 ? without / seen : 0.0;
}

std::vector<FaceTrack> steady_tracks(const std::vector<Look>& looks) {
  std::vector<FaceTrack> tracks = join_looks(looks);
  const std::vector<double> spans = spans_of(looks);
  double all = 0, seen = 0;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    all += spans[i];
    seen += looks[i].faces.empty() ? 0 : spans[i];
  }
  std::erase_if(tracks, [&](const FaceTrack& track) {
    const double covered = track.covered * (1 + kRounding);
    return 2 * covered < seen || 4 * covered < all;
  });
  std::ranges::stable_sort(tracks, [](const FaceTrack& a, const FaceTrack& b) {
    return median_box(a.boxes).width > median_box(b.boxes).width;
  });
  return tracks;
}

Box median_box(const std::vector<Box>& boxes) {
  const auto x = median_of(boxes, [](const Box& b) { return b.x + b.width / 2; });
  const auto y = median_of(boxes, [](const Box& b) { return b.y + b.height / 2; });
  Box box = centered(x,
                     y,
                     median_of(boxes, [](const Box& b) { return b.width; }),
                     median_of(boxes, [](const Box& b) { return b.height; }));
  box.score = median_of(boxes, [](const Box& b) { return b.score; });
  return box;
}

FacePath::FacePath(FaceTrack track, double clip_seconds)
    : track_(std::move(track)),
      median_(median_box(track_.boxes)),
      follows_(clip_seconds > kSteadySeconds) {
  track_.boxes = without_outliers(track_.boxes);
}

Box FacePath::at(double seconds) const {
  if (!follows_)
    return median_;
  const auto& times = track_.seconds;
  auto first = std::ranges::lower_bound(times, seconds - kReachSeconds) - times.begin();
  auto last = std::ranges::upper_bound(times, seconds + kReachSeconds) - times.begin();
  if (first == last) {  // nothing seen around this time: stay where the face was or will be
    first = std::max<std::ptrdiff_t>(0, first - 1);
    last = first + 1;
  }
  double x = 0, y = 0, side = 0, total = 0;
  for (auto i = first; i < last; ++i) {
    const Box& box = track_.boxes[static_cast<std::size_t>(i)];
    const double distance = (times[static_cast<std::size_t>(i)] - seconds) / kSigmaSeconds;
    const double weight = std::exp(-0.5 * distance * distance) + 1e-12;
    x += weight * (box.x + box.width / 2);
    y += weight * (box.y + box.height / 2);
    side += weight * box.width;
    total += weight;
  }
  const auto share = [total](double sum) { return static_cast<float>(sum / total); };
  return centered(share(x), share(y), share(side), share(side));
}

}  // namespace lipsound2::video
