#include "arpa_fields.h"

#include <array>
#include <cstdint>

namespace lipsound2::asr {
namespace {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

std::string_view take_field(std::string_view& rest) {
  std::size_t from = 0;
  while (from < rest.size() && is_blank(rest[from]))
    ++from;
  std::size_t to = from;
  while (to < rest.size() && !is_blank(rest[to]))
    ++to;
  const std::string_view field = rest.substr(from, to - from);
  rest.remove_prefix(to);
  return field;
}

std::optional<float> plain_number(std::string_view field) {
  static constexpr auto kPowers = [] {
    std::array<double, 19> powers{1};
    for (std::size_t i = 1; i < powers.size(); ++i)
      powers[i] = 10 * powers[i - 1];
    return powers;
  }();
  const bool negative = field.starts_with('-');
  std::int64_t digits = 0;
  std::size_t count = 0, behind_point = 0;
  bool point = false;
  for (const char c : field.substr(negative ? 1 : 0)) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9' || ++count == kPowers.size())
      return std::nullopt;
    digits = 10 * digits + (c - '0');
    behind_point += point ? 1 : 0;
  }
  if (count == 0)
    return std::nullopt;
  const double value = static_cast<double>(digits) / kPowers[behind_point];
  return static_cast<float>(negative ? -value : value);
}

}  // namespace lipsound2::asr
