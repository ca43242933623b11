#pragma once

#include <string>

#include "lipsound2/eval/report.h"

namespace lipsound2::eval {

/// The clips of a report with their players and pictures, side by side where the page is wide
/// enough, as a section of HTML; nothing when there are none.
std::string clips_section(const Report& report);

}  // namespace lipsound2::eval
