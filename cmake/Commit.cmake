# cmake -DSOURCE=<folder> -DVERSION=<x.y.z> -DFILE=<header> -P Commit.cmake
#
# Writes a header with the version and the commit of the source folder; "-dirty" marks uncommitted changes, and without git the
# commit is unknown. Runs at every build; the header is touched only when its text changes.
execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty --exclude "*"
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "unknown")
endif()
file(CONFIGURE OUTPUT "${FILE}" @ONLY CONTENT [[
#pragma once

namespace lipsound2::cli {

inline constexpr const char* kVersion = "@VERSION@";
inline constexpr const char* kCommit = "@commit@";

}  // namespace lipsound2::cli
]])
