#pragma once

#include <cstdio>
#include <cstdlib>

namespace lipsound2::fuzz {

/// What holds for any input. When it does not, libFuzzer keeps the input. Standard error is closed:
/// libmpg123 would fill it.
inline void expect(bool ok, const char* what) {
  if (ok)
    return;
  std::printf("expected that %s\n", what);
  std::fflush(stdout);
  std::abort();
}

}  // namespace lipsound2::fuzz
