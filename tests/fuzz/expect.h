#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <optional>

#include "lipsound2/core/error.h"

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

/// What read() returns; nothing when it refuses the input with an error of one of these kinds. Any
/// other error is a find.
template <class Read>
auto read_or_refuse(std::initializer_list<ErrorKind> kinds, const Read& read)
    -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const Error& error) {
    expect(std::find(kinds.begin(), kinds.end(), error.kind()) != kinds.end(),
           "bad input is refused with an error of its kind");
    return std::nullopt;
  }
}

}  // namespace lipsound2::fuzz
