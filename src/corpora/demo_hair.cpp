#include "demo_hair.h"

#include <cmath>

namespace lipsound2::corpora::demo {

namespace {

constexpr int kHairSteps = 6;
constexpr int kStrands = 9;

/// Where hair ends, in half widths of the face.
struct HairCut {
  double top = -1.5;      ///< the highest point
  double width = 1.1;     ///< half width at the temples
  double line = -0.78;    ///< hair line over the middle of the forehead
  double temple = -0.62;  ///< hair line over the outer end of the brows
  double sides = 0;       ///< lower end before the ears
  double reach = 0.88;    ///< inner half width at that end
  double part = 0;        ///< where the parting lies
};

HairCut cut_of(HairStyle style) {
  switch (style) {
    case HairStyle::kShort:
      return {.top = -1.56, .width = 1.08, .line = -0.8, .sides = -0.02};
    case HairStyle::kLong:
      return {.top = -1.55,
              .width = 1.14,
              .line = -0.92,
              .temple = -0.56,
              .sides = 0.75,
              .reach = 0.98,
              .part = 0.1};
    case HairStyle::kBob:
      return {
          .top = -1.58, .width = 1.16, .line = -0.74, .temple = -0.58, .sides = 0.8, .reach = 0.99};
    case HairStyle::kSwept:
      return {
          .top = -1.68, .width = 1.06, .line = -0.86, .temple = -0.7, .sides = -0.05, .part = 0.4};
    case HairStyle::kBun:
      return {.top = -1.46, .width = 1.05, .line = -0.9, .temple = -0.66, .sides = -0.1};
    case HairStyle::kCropped:
      return {.top = -1.42, .width = 1.03, .line = -0.94, .temple = -0.8, .sides = -0.15};
  }
  return {};
}

std::vector<Point> placed_curve(const HeadFrame& head, std::span<const Point> knots, double depth) {
  std::vector<Point> placed;
  for (const Point& knot : knots)
    placed.push_back(head.at(knot.x, knot.y, depth));
  return closed_curve(placed, kHairSteps);
}

/// From the top of the head to its sides and down to `bottom`, symmetric.
std::vector<Point> mane(const HeadFrame& head, double top, double width, double bottom) {
  const Point knots[] = {{0, top},
                         {0.68 * width, 0.86 * top},
                         {width, 0.4 * top},
                         {1.06 * width, 0.3},
                         {width, 0.8 * bottom},
                         {0.7 * width, bottom},
                         {0, bottom},
                         {-0.7 * width, bottom},
                         {-width, 0.8 * bottom},
                         {-1.06 * width, 0.3},
                         {-width, 0.4 * top},
                         {-0.68 * width, 0.86 * top}};
  return placed_curve(head, knots, -0.4);
}

void draw_strands(video::Canvas& canvas, const HeadFrame& head, const Look& look) {
  const HairCut cut = cut_of(look.hair_style);
  for (int i = 0; i < kStrands; ++i) {
    const double spread = 2.0 * i / (kStrands - 1) - 1;
    const double foot = 0.85 * spread + 0.1 * cut.part;
    const Point strand[] = {
        head.at(cut.part + 0.35 * (spread - cut.part), cut.top + 0.1 + 0.1 * std::abs(spread), 0.1),
        head.at(0.5 * (cut.part + foot) + 0.12 * spread, 0.55 * (cut.top + cut.line), 0.25),
        head.at(foot, cut.line - 0.08 + 0.3 * spread * spread, 0.25)};
    const double gain = i % 2 == 0 ? 1.22 : 0.8;
    canvas.stroke(strand, shade(look.hair, gain), 1);
  }
}

}  // namespace

void draw_hair_behind(video::Canvas& canvas, const HeadFrame& head, const Look& look) {
  const Color dark = shade(look.hair, 0.8);
  if (look.hair_style == HairStyle::kLong)
    canvas.fill_polygon(mane(head, -1.5, 1.2, 2.0), dark);
  if (look.hair_style == HairStyle::kBob)
    canvas.fill_polygon(mane(head, -1.5, 1.2, 1.15), dark);
  if (look.hair_style == HairStyle::kBun)
    canvas.fill_ellipse(
        head.at(0, -1.55, -0.6), head.pixels(0.42), head.pixels(0.34), /*angle=*/0, dark);
}

bool hair_covers_ears(const Look& look) {
  return look.hair_style == HairStyle::kLong || look.hair_style == HairStyle::kBob;
}

void draw_hair_before(video::Canvas& canvas, const HeadFrame& head, const Look& look) {
  const HairCut cut = cut_of(look.hair_style);
  const double w = cut.width;
  const Point knots[] = {{0, cut.top},
                         {0.68 * w, 0.88 * cut.top},
                         {0.97 * w, 0.5 * cut.top},
                         {w, -0.2},
                         {0.99 * w, cut.sides},
                         {cut.reach, cut.sides - 0.05},
                         {0.86, -0.36},
                         {0.7, cut.temple},
                         {0.36 + 0.3 * cut.part, cut.line},
                         {cut.part, cut.line - 0.04},
                         {-0.36 + 0.3 * cut.part, cut.line},
                         {-0.7, cut.temple},
                         {-0.86, -0.36},
                         {-cut.reach, cut.sides - 0.05},
                         {-0.99 * w, cut.sides},
                         {-w, -0.2},
                         {-0.97 * w, 0.5 * cut.top},
                         {-0.68 * w, 0.88 * cut.top}};
  canvas.fill_polygon(placed_curve(head, knots, 0.1), look.hair);
  paint(canvas.image(),
        {head.at(-0.25, 0.82 * cut.top, 0.1),
         head.pixels(0.6),
         head.pixels(0.3),
         blend(look.hair, {255, 240, 220}, 0.35),
         0.6});
  draw_strands(canvas, head, look);
}

}  // namespace lipsound2::corpora::demo
