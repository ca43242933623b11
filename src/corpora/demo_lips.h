#pragma once

#include "lipsound2/video/canvas.h"

#include "demo_head.h"
#include "demo_mouth.h"

namespace lipsound2::corpora::demo {

/// How far this mouth draws the chin down, in half widths of the face.
double chin_drop(const MouthShape& mouth);

/// Distance between the lips in their middle, in half widths of the face.
double lip_gap(const MouthShape& mouth);

/// Draws lips, teeth, tongue and the dark behind them.
void draw_mouth(video::Canvas& canvas,
                const HeadFrame& head,
                const Look& look,
                const MouthShape& mouth);

}  // namespace lipsound2::corpora::demo
