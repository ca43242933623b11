#include "lipsound2/config/field_visitor.h"

namespace lipsound2::config {

void FieldVisitor::check(bool, const char*, const std::string&) {}

}  // namespace lipsound2::config
