#pragma once

#include <cstdint>

#include "demo_paint.h"
#include "demo_voice.h"

namespace lipsound2::corpora::demo {

enum class HairStyle { kShort, kLong, kBob, kSwept, kBun, kCropped };

/// How a face looks. Lengths are in half widths of the face.
struct Look {
  Color skin{};
  Color lips{};
  Color hair{};
  Color iris{};
  Color shirt{};
  Color background{};
  HairStyle hair_style = HairStyle::kShort;
  double size = 60;      ///< half width of the face in pixels
  double jaw_width = 1;  ///< about 1; below it the chin is narrow
  double length = 1;     ///< about 1; height of the lower face
  double eye_distance = 0.42;
  double eye_size = 0.2;
  double brow_weight = 1;  ///< about 1
  double nose_width = 0.2;
  double mouth_width = 0.34;
  double lip_fullness = 1;  ///< about 1
};

struct Person {
  Look look;
  VoiceStyle voice;
};

/// The person behind a speaker's number (from 1). Looks and voices repeat their main features after
/// some dozen speakers, but never their exact measures.
Person make_person(std::int64_t speaker, std::uint64_t seed);

}  // namespace lipsound2::corpora::demo
