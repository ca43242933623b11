#pragma once

#include "lipsound2/video/canvas.h"

#include "demo_head.h"

namespace lipsound2::corpora::demo {

/// The hair that head and shoulders cover.
void draw_hair_behind(video::Canvas& canvas, const HeadFrame& head, const Look& look);

bool hair_covers_ears(const Look& look);

/// The hair that covers the head.
void draw_hair_before(video::Canvas& canvas, const HeadFrame& head, const Look& look);

}  // namespace lipsound2::corpora::demo
