#pragma once

#include <cstdint>

#include "lipsound2/config/field_visitor.h"

namespace lipsound2::data {

/// How pictures reach the network.
struct FaceInputConfig {
  std::int64_t size = 64;       ///< side of what the network sees
  std::int64_t resize_to = 72;  ///< pictures are brought to this side, then cut to `size`
  bool color = false;

  int channels() const { return color ? 3 : 1; }

  void visit(config::FieldVisitor& v);
};

}  // namespace lipsound2::data
