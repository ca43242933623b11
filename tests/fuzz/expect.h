#pragma once

#include <cstdio>
#include <cstdlib>

namespace lipsound2::fuzz {

/// What holds for any input. When it does not, libFuzzer keeps the input.
inline void expect(bool ok, const char* what) {
  if (ok)
    return;
  std::fprintf(stderr, "expected that %s\n", what);
  std::abort();
}

}  // namespace lipsound2::fuzz
