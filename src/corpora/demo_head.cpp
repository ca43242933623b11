#include "demo_head.h"

#include <cmath>
#include <numbers>

namespace lipsound2::corpora::demo {

namespace {

constexpr double kPictureMiddleX = 180;
constexpr double kEyeLineY = 138;

/// The sum of two slow waves, between about -1 and 1.
class Sway {
 public:
  explicit Sway(Rng& rng)
      : slow_(rng.uniform(0.15, 0.3)),
        fast_(rng.uniform(0.4, 0.7)),
        slow_phase_(rng.uniform(0, 2 * std::numbers::pi)),
        fast_phase_(rng.uniform(0, 2 * std::numbers::pi)) {}

  double at(double seconds) const {
    const double turn = 2 * std::numbers::pi * seconds;
    return 0.75 * std::sin(turn * slow_ + slow_phase_) +
           0.25 * std::sin(turn * fast_ + fast_phase_);
  }

 private:
  double slow_, fast_, slow_phase_, fast_phase_;
};

/// Lids close within 80 ms, and open in 140 ms.
double lids_at(double since_blink) {
  if (since_blink < 0)
    return smooth_step(0, 0.08, -since_blink);
  return smooth_step(0.04, 0.18, since_blink);
}

}  // namespace

std::vector<Pose> draw_poses(std::int64_t pictures, double fps, Rng& rng) {
  const double home_x = rng.uniform(-8, 8);
  const double home_y = rng.uniform(-4, 4);
  const Sway x(rng), y(rng), roll(rng), yaw(rng), pitch(rng), brows(rng), light(rng);
  std::vector<Pose> poses;
  double blink = rng.uniform(0.3, 2.5);
  for (std::int64_t i = 0; i < pictures; ++i) {
    const double t = static_cast<double>(i) / fps;
    if (t > blink + 0.3)
      blink += rng.uniform(1.8, 4.5);
    poses.push_back({.x = home_x + 3.0 * x.at(t),
                     .y = home_y + 2.0 * y.at(t),
                     .roll = 0.02 * roll.at(t),
                     .yaw = 0.05 * yaw.at(t),
                     .pitch = 0.03 * pitch.at(t),
                     .eyes = lids_at(t - blink),
                     .brows = 0.02 * brows.at(t),
                     .light = 1 + 0.025 * light.at(t)});
  }
  return poses;
}

HeadFrame::HeadFrame(const Look& look, const Pose& pose)
    : size_(look.size),
      length_(look.length),
      pose_(pose),
      cosine_(std::cos(pose.roll)),
      sine_(std::sin(pose.roll)) {}

Point HeadFrame::at(double x, double y, double depth) const {
  const double turned_x = x + pose_.yaw * depth;
  const double turned_y = y + pose_.pitch * depth;
  return {kPictureMiddleX + pose_.x + size_ * (cosine_ * turned_x - sine_ * turned_y),
          kEyeLineY + pose_.y + size_ * (sine_ * turned_x + cosine_ * turned_y)};
}

}  // namespace lipsound2::corpora::demo
