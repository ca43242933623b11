#pragma once

#include <string>

#include <gtest/gtest.h>

#include "lipsound2/core/error.h"

namespace lipsound2::testing {

/// What the Error says that a call ends in, and that it is of this kind; "no error" when it ends
/// well.
template <class Call>
std::string error_text(const Call& call, ErrorKind kind = ErrorKind::kData) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    return error.what();
  }
  return "no error";
}

}  // namespace lipsound2::testing
