#pragma once

#include "lipsound2/video/image.h"

#include "demo_head.h"
#include "demo_mouth.h"

namespace lipsound2::corpora::demo {

/// GRID's picture.
inline constexpr int kPictureWidth = 360;
inline constexpr int kPictureHeight = 288;

/// The person's head and shoulders before a wall, RGB.
video::Image draw_face(const Look& look, const Pose& pose, const MouthShape& mouth);

}  // namespace lipsound2::corpora::demo
