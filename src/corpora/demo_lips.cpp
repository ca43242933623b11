#include "demo_lips.h"

#include <algorithm>
#include <cmath>

namespace lipsound2::corpora::demo {

namespace {

constexpr double kLipDepth = 0.55;
constexpr int kColumns = 24;
constexpr Color kMouthDark{44, 14, 16};
constexpr Color kTeeth{240, 234, 222};
constexpr Color kTongue{190, 88, 90};

/// Heights over the width of the mouth, in half widths of the face around the line of the lips.
/// `u` runs from -1 (one corner) to 1 (the other).
class LipShape {
 public:
  LipShape(const Look& look, const MouthShape& mouth)
      : gap_(lip_gap(mouth)),
        half_(look.mouth_width * (1 + 0.2 * mouth.wide - 0.26 * mouth.round)),
        upper_(0.085 * look.lip_fullness * (1 + 0.45 * mouth.round) * (1 - 0.35 * mouth.pressed)),
        lower_(0.12 * look.lip_fullness * (1 + 0.4 * mouth.round) * (1 - 0.35 * mouth.pressed) *
               (1 - 0.4 * mouth.bite)),
        smile_(0.004 + 0.014 * mouth.wide) {}

  double gap() const { return gap_; }
  double half() const { return half_; }
  /// The edge of the upper lip towards the gap.
  double gap_top(double u) const { return corner(u) - 0.3 * gap_ * arch(u, 0.6); }
  double gap_bottom(double u) const { return corner(u) + 0.7 * gap_ * arch(u, 0.75); }
  double lip_top(double u) const {
    const double bow = 1 + 0.22 * std::exp(-square((std::abs(u) - 0.3) / 0.18)) -
                       0.14 * std::exp(-square(u / 0.12));
    return gap_top(u) - upper_ * bow * arch(u, 0.75);
  }
  double lip_bottom(double u) const { return gap_bottom(u) + lower_ * arch(u, 0.65); }

 private:
  static double square(double x) { return x * x; }
  static double arch(double u, double power) { return std::pow(std::max(0.0, 1 - u * u), power); }
  double corner(double u) const { return -smile_ * u * u; }

  double gap_, half_, upper_, lower_, smile_;
};

/// The strip between two edges that are functions of u, for |u| <= reach.
template <class Top, class Bottom>
std::vector<Point> lip_strip(
    const HeadFrame& head, const LipShape& lips, double reach, Top top, Bottom bottom) {
  std::vector<Point> outline;
  const auto add = [&](double u, double height) {
    const double depth = kLipDepth * (1 - 0.3 * u * u);
    outline.push_back(head.at(lips.half() * u, head.mouth() + height, depth));
  };
  for (int i = -kColumns; i <= kColumns; ++i)
    add(reach * i / kColumns, top(reach * i / kColumns));
  for (int i = kColumns; i >= -kColumns; --i)
    add(reach * i / kColumns, bottom(reach * i / kColumns));
  return outline;
}

void draw_tongue(video::Canvas& canvas,
                 const HeadFrame& head,
                 const LipShape& lips,
                 const MouthShape& mouth) {
  const double reach = 0.72 - 0.12 * mouth.tongue;
  const auto top = [&](double u) {
    const double low = lips.gap_bottom(u) - 0.36 * lips.gap();
    const double high = lips.gap_top(u) + 0.12 * lips.gap();
    return low + mouth.tongue * (high - low) + 0.3 * lips.gap() * std::pow(std::abs(u) / reach, 3);
  };
  const auto bottom = [&](double u) { return lips.gap_bottom(u); };
  const auto outline =
      lip_strip(head, lips, reach, [&](double u) { return std::min(top(u), bottom(u)); }, bottom);
  canvas.fill_polygon(outline, blend(shade(kTongue, 0.72), kTongue, mouth.tongue));
}

void draw_teeth(video::Canvas& canvas,
                const HeadFrame& head,
                const LipShape& lips,
                const MouthShape& mouth) {
  const double gap = lips.gap();
  const double seen = std::max(mouth.teeth, mouth.bite);
  const double upper = (1 - seen) * std::min(0.38 * gap, 0.085) + seen * std::min(0.6 * gap, 0.12);
  const double lower = mouth.teeth * std::min(0.34 * gap, 0.08);
  const double hidden = 0.35 * mouth.round;
  const double reach = 0.84 - 0.1 * mouth.round;
  const auto upper_edge = [&](double u) {
    return std::min(lips.gap_bottom(u),
                    lips.gap_top(u) + upper * (1 - hidden) * (1 - 0.35 * u * u));
  };
  const auto lower_edge = [&](double u) {
    return std::max(lips.gap_top(u), lips.gap_bottom(u) - lower * (1 - hidden) * (1 - 0.4 * u * u));
  };
  const Color color = shade(kTeeth, 0.86 + 0.14 * seen);
  if (lower > 0.008)
    canvas.fill_polygon(
        lip_strip(
            head, lips, reach - 0.1, lower_edge, [&](double u) { return lips.gap_bottom(u); }),
        shade(color, 0.9));
  if (upper > 0.008)
    canvas.fill_polygon(
        lip_strip(head, lips, reach, [&](double u) { return lips.gap_top(u); }, upper_edge), color);
}

void draw_lip_shading(video::Canvas& canvas,
                      const HeadFrame& head,
                      const LipShape& lips,
                      const Look& look) {
  const double below = lips.lip_bottom(0);
  paint(canvas.image(),
        {head.at(0, head.mouth() + below + 0.07, kLipDepth),
         head.pixels(0.8 * lips.half()),
         head.pixels(0.1),
         shade(look.skin, 0.62),
         0.55});
  for (const double side : {-1.0, 1.0})
    paint(canvas.image(),
          {head.at(side * (lips.half() + 0.02), head.mouth() - 0.01, kLipDepth * 0.7),
           head.pixels(0.08),
           head.pixels(0.07),
           shade(look.skin, 0.5),
           0.6});
}

}  // namespace

double chin_drop(const MouthShape& mouth) {
  return 0.24 * mouth.jaw;
}

double lip_gap(const MouthShape& mouth) {
  return 0.42 * mouth.open;
}

void draw_mouth(video::Canvas& canvas,
                const HeadFrame& head,
                const Look& look,
                const MouthShape& mouth) {
  const LipShape lips(look, mouth);
  const auto edge = [&lips](double (LipShape::*height)(double) const) {
    return [&lips, height](double u) { return (lips.*height)(u); };
  };
  draw_lip_shading(canvas, head, lips, look);
  canvas.fill_polygon(
      lip_strip(head, lips, 1, edge(&LipShape::lip_top), edge(&LipShape::gap_bottom)),
      shade(look.lips, 0.84));
  canvas.fill_polygon(
      lip_strip(head, lips, 1, edge(&LipShape::gap_bottom), edge(&LipShape::lip_bottom)),
      look.lips);
  paint(canvas.image(),
        {head.at(0, head.mouth() + (lips.gap_bottom(0) + lips.lip_bottom(0)) / 2, kLipDepth),
         head.pixels(0.6 * lips.half()),
         head.pixels(0.05),
         blend(look.lips, {255, 235, 230}, 0.5),
         0.7});
  const auto gap =
      lip_strip(head, lips, 0.94, edge(&LipShape::gap_top), edge(&LipShape::gap_bottom));
  if (head.pixels(lips.gap()) > 0.7) {
    canvas.fill_polygon(gap, kMouthDark);
    if (mouth.tongue > 0.02 || lips.gap() > 0.12)
      draw_tongue(canvas, head, lips, mouth);
    draw_teeth(canvas, head, lips, mouth);
  }
  const auto line = std::span(gap).first(gap.size() / 2);
  canvas.stroke(line, blend(shade(look.lips, 0.4), shade(look.lips, 0.6), mouth.open), 1);
}

}  // namespace lipsound2::corpora::demo
