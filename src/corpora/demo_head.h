#pragma once

#include <cstdint>
#include <vector>

#include "lipsound2/core/random.h"

#include "demo_person.h"

namespace lipsound2::corpora::demo {

/// How the head is held and lit in one picture.
struct Pose {
  double x = 0;  ///< pixels right of the middle
  double y = 0;
  double roll = 0;  ///< radians
  double yaw = 0;   ///< shift of what lies one half width nearer, in half widths
  double pitch = 0;
  double eyes = 1;   ///< 0 closed to 1 open
  double brows = 0;  ///< raised, in half widths
  double light = 1;
};

/// Slow sway of a few pixels, a blink every few seconds, slightly changing light.
std::vector<Pose> draw_poses(std::int64_t pictures, double fps, Rng& rng);

/// From face coordinates to pixels. The unit is half the width of the face, the origin lies between
/// the eyes, y goes down; `depth` is how near to the viewer the point lies.
class HeadFrame {
 public:
  HeadFrame(const Look& look, const Pose& pose);

  Point at(double x, double y, double depth = 0) const;
  double pixels(double length) const { return length * size_; }
  /// Half widths from the origin to the unmoved chin.
  double chin() const { return 1.44 * length_; }
  /// The line between the lips, at rest.
  double mouth() const { return 0.9 * length_; }

 private:
  double size_, length_;
  Pose pose_;
  double cosine_, sine_;
};

}  // namespace lipsound2::corpora::demo
