#include "demo_face.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "demo_hair.h"
#include "demo_lips.h"

namespace lipsound2::corpora::demo {

namespace {

using video::Canvas;

/// Everything that the parts of the face are drawn from.
struct Scene {
  const Look& look;
  const Pose& pose;
  const MouthShape& mouth;
  HeadFrame head;
};

constexpr int kCurveSteps = 6;
constexpr double kSides[] = {-1.0, 1.0};

/// The contour of head and jaw, shrunk towards the middle of the face by `scale`.
std::vector<Point> face_outline(const Scene& scene, double scale) {
  const Look& look = scene.look;
  const double chin = scene.head.chin();
  const double jaw = look.jaw_width;
  const Point half[] = {{0, -1.3},
                        {0.6, -1.16},
                        {0.93, -0.7},
                        {1.0, -0.1},
                        {0.96, 0.4},
                        {0.84 * jaw, 0.6 * chin},
                        {0.58 * jaw, 0.87 * chin}};
  const double drop = chin_drop(scene.mouth);
  const auto place = [&](double side, const Point& p) {
    const double y = p.y + drop * smooth_step(0.3 * chin, 0.95 * chin, p.y);
    return scene.head.at(side * p.x * scale, 0.2 + (y - 0.2) * scale);
  };
  std::vector<Point> knots{place(1, half[0])};
  for (std::size_t i = 1; i < std::size(half); ++i)
    knots.push_back(place(1, half[i]));
  knots.push_back(place(1, {0.22 * jaw, 0.99 * chin}));
  knots.push_back(place(-1, {0.22 * jaw, 0.99 * chin}));
  for (std::size_t i = std::size(half) - 1; i > 0; --i)
    knots.push_back(place(-1, half[i]));
  return closed_curve(knots, kCurveSteps);
}

void spot(Canvas& canvas, const HeadFrame& head, Point center, const SoftSpot& style) {
  SoftSpot placed = style;
  placed.center = head.at(center.x, center.y, 0.3);
  placed.radius_x = head.pixels(style.radius_x);
  placed.radius_y = head.pixels(style.radius_y);
  paint(canvas.image(), placed);
}

void draw_wall(Canvas& canvas, const Look& look) {
  canvas.gradient(shade(look.background, 1.06), shade(look.background, 0.86));
  paint(canvas.image(), {{110, 90}, 220, 170, shade(look.background, 1.18), 0.6});
}

/// Neck and shoulders follow the head by half.
void draw_body(Canvas& canvas, const Scene& scene) {
  const Look& look = scene.look;
  Pose half = scene.pose;
  half.x *= 0.6;
  half.roll *= 0.2;
  const HeadFrame body(look, half);
  const double chin = scene.head.chin();
  const Point shoulders[] = {body.at(-0.6, chin + 0.34),
                             body.at(-1.3, chin + 0.56),
                             body.at(-2.05, chin + 0.9),
                             body.at(-2.4, chin + 2),
                             body.at(2.4, chin + 2),
                             body.at(2.05, chin + 0.9),
                             body.at(1.3, chin + 0.56),
                             body.at(0.6, chin + 0.34)};
  const Point neck[] = {body.at(-0.6, 0.7),
                        body.at(-0.56, chin + 0.1),
                        body.at(-0.68, chin + 0.4),
                        body.at(-0.3, chin + 0.72),
                        body.at(0.3, chin + 0.72),
                        body.at(0.68, chin + 0.4),
                        body.at(0.56, chin + 0.1),
                        body.at(0.6, 0.7)};
  canvas.fill_polygon(closed_curve(shoulders, kCurveSteps), look.shirt);
  const Point collar[] = {body.at(-0.78, chin + 0.36),
                          body.at(-0.36, chin + 0.84),
                          body.at(0.36, chin + 0.84),
                          body.at(0.78, chin + 0.36)};
  canvas.fill_polygon(closed_curve(collar, kCurveSteps), shade(look.shirt, 0.78));
  canvas.fill_polygon(closed_curve(neck, kCurveSteps), shade(look.skin, 0.8));
  spot(canvas, body, {0, chin + 0.05}, {{}, 0.85, 0.5, shade(look.skin, 0.42), 0.9});
}

void draw_ears(Canvas& canvas, const Scene& scene) {
  if (hair_covers_ears(scene.look))
    return;
  const HeadFrame& head = scene.head;
  for (const double side : kSides) {
    const double tilt = side * -8;
    canvas.fill_ellipse(head.at(side * 1.02, 0.14, -0.3),
                        head.pixels(0.15),
                        head.pixels(0.29),
                        tilt,
                        shade(scene.look.skin, 0.86));
    canvas.fill_ellipse(head.at(side * 1.05, 0.15, -0.3),
                        head.pixels(0.07),
                        head.pixels(0.18),
                        tilt,
                        shade(scene.look.skin, 0.7));
  }
}

/// The skin, darker towards the contour, with soft lights and shadows.
void draw_skin(Canvas& canvas, const Scene& scene) {
  const Look& look = scene.look;
  constexpr int kRims = 6;
  for (int i = 0; i <= kRims; ++i) {
    const double inner = static_cast<double>(i) / kRims;
    canvas.fill_polygon(face_outline(scene, 1 - 0.2 * inner),
                        shade(look.skin, 0.76 + 0.24 * inner));
  }
  canvas.blur(1.1);
  const HeadFrame& head = scene.head;
  const Color light = blend(look.skin, {255, 246, 236}, 0.55);
  const Color blush = blend(look.skin, {214, 96, 88}, 0.4);
  const Color shadow = shade(look.skin, 0.6);
  spot(canvas, head, {0, -0.62}, {{}, 0.7, 0.4, light, 0.55});
  for (const double side : kSides) {
    spot(canvas, head, {side * 0.55, 0.42}, {{}, 0.4, 0.34, light, 0.6});
    spot(canvas, head, {side * 0.6, 0.52}, {{}, 0.36, 0.3, blush, 0.4});
    spot(canvas, head, {side * look.eye_distance, -0.04}, {{}, 0.42, 0.32, shadow, 0.8});
    spot(canvas, head, {side * 0.44, 0.74 * look.length}, {{}, 0.1, 0.26, shadow, 0.3});
  }
  const double chin = head.chin() + chin_drop(scene.mouth);
  spot(canvas, head, {0, chin - 0.2}, {{}, 0.3, 0.16, light, 0.45});
}

void draw_nose(Canvas& canvas, const Scene& scene) {
  const Look& look = scene.look;
  const HeadFrame& head = scene.head;
  const double tip = 0.5 * look.length;
  const Color shadow = shade(look.skin, 0.58);
  const auto put = [&](double x, double y, const SoftSpot& style) {
    SoftSpot placed = style;
    placed.center = head.at(x, y, 0.75);
    placed.radius_x = head.pixels(style.radius_x);
    placed.radius_y = head.pixels(style.radius_y);
    paint(canvas.image(), placed);
  };
  for (const double side : kSides) {
    put(side * 0.15, 0.12, {{}, 0.1, 0.4, shadow, 0.32});
    put(side * look.nose_width * 1.05, tip + 0.02, {{}, 0.1, 0.12, shadow, 0.55});
  }
  put(0, tip + 0.13, {{}, look.nose_width * 1.4, 0.1, shadow, 0.6});
  put(0, 0.05, {{}, 0.11, 0.55, blend(look.skin, {255, 250, 242}, 0.6), 0.75});
  put(0, tip - 0.02, {{}, 0.15, 0.14, blend(look.skin, {255, 250, 242}, 0.7), 0.75});
  for (const double side : kSides)
    canvas.fill_ellipse(head.at(side * 0.44 * look.nose_width, tip + 0.1, 0.75),
                        head.pixels(0.055),
                        head.pixels(0.03),
                        side * -18,
                        shade(look.skin, 0.44));
}

/// The opening between the lids as a closed curve, around (0, 0).
std::vector<Point> lids(const HeadFrame& head, Point center, double width, double open) {
  const Point knots[] = {{-width, 0.02},
                         {-0.5 * width, -0.42 * width * open},
                         {0.1 * width, -0.56 * width * open},
                         {0.65 * width, -0.36 * width * open},
                         {width, 0.0},
                         {0.5 * width, 0.34 * width * open},
                         {-0.3 * width, 0.36 * width * open}};
  std::vector<Point> placed;
  for (const Point& knot : knots)
    placed.push_back(head.at(center.x + knot.x, center.y + knot.y, 0.35));
  return closed_curve(placed, kCurveSteps);
}

void draw_eye(Canvas& canvas, const Scene& scene, double side) {
  const Look& look = scene.look;
  const HeadFrame& head = scene.head;
  const Point center{side * look.eye_distance, 0};
  const double open = std::max(0.08, scene.pose.eyes);
  const double iris = 0.5 * look.eye_size;
  const std::vector<Point> opening = lids(head, center, look.eye_size, open);
  canvas.fill_polygon(lids(head, center, 1.12 * look.eye_size, open + 0.12),
                      shade(look.skin, 0.45));
  canvas.fill_polygon(opening, {226, 220, 212});
  if (open > 0.3) {
    const Point middle = head.at(center.x, center.y - 0.02, 0.35);
    const double height = head.pixels(iris) * std::min(1.0, 1.05 * open);
    canvas.fill_ellipse(middle, head.pixels(iris), height, 0, shade(look.iris, 0.8));
    canvas.fill_ellipse(middle, head.pixels(0.5 * iris), 0.55 * height, 0, {20, 16, 16});
    canvas.fill_ellipse(
        head.at(center.x + 0.035, center.y - 0.05, 0.35), 1.1, 1.1, 0, {250, 250, 250});
  }
  const auto upper = std::span(opening).first(4 * kCurveSteps + 1);
  canvas.stroke(upper, {40, 26, 22}, 2);
}

void draw_brow(Canvas& canvas, const Scene& scene, double side) {
  const Look& look = scene.look;
  const double x = side * look.eye_distance;
  const double y = -0.3 - scene.pose.brows;
  const double thick = 0.045 * look.brow_weight;
  const Point knots[] = {{-0.24, 0.04},
                         {0.02, -0.04 - 0.5 * thick},
                         {0.28, 0.05},
                         {0.05, -0.02 + thick},
                         {-0.22, 0.05 + 1.4 * thick}};
  std::vector<Point> placed;
  for (const Point& knot : knots)
    placed.push_back(scene.head.at(x + side * knot.x, y + knot.y, 0.4));
  canvas.fill_polygon(closed_curve(placed, kCurveSteps), shade(look.hair, 0.75));
}

}  // namespace

video::Image draw_face(const Look& look, const Pose& pose, const MouthShape& mouth) {
  const Scene scene{look, pose, mouth, HeadFrame(look, pose)};
  Canvas canvas(kPictureWidth, kPictureHeight, look.background);
  draw_wall(canvas, look);
  draw_hair_behind(canvas, scene.head, look);
  draw_body(canvas, scene);
  draw_ears(canvas, scene);
  draw_skin(canvas, scene);
  draw_nose(canvas, scene);
  for (const double side : kSides) {
    draw_eye(canvas, scene, side);
    draw_brow(canvas, scene, side);
  }
  draw_mouth(canvas, scene.head, look, mouth);
  draw_hair_before(canvas, scene.head, look);
  canvas.blur(0.7);
  scale_light(canvas.image(), pose.light);
  return std::move(canvas.image());
}

}  // namespace lipsound2::corpora::demo
