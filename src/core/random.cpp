#include "lipsound2/core/random.h"

#include <cmath>
#include <numbers>

namespace lipsound2 {

double Rng::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::uint64_t mix(std::initializer_list<std::uint64_t> parts) {
  std::uint64_t state = 0x6c6970736f756e64ULL;
  for (const std::uint64_t part : parts)
    state = Rng(state ^ part).next();
  return state;
}

std::uint64_t hash(std::string_view text) {
  std::uint64_t state = 0xcbf29ce484222325ULL;
  for (const char c : text)
    state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return Rng(state).next();
}

}  // namespace lipsound2
