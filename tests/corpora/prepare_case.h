#pragma once

#include "lipsound2/corpora/prepare.h"

#include "support/temporary_folder.h"

namespace lipsound2::corpora {

/// From the folder's "grid" into its "out".
inline PrepareConfig config_of(const lipsound2::testing::TemporaryFolder& folder) {
  PrepareConfig config;
  config.root = folder / "grid";
  config.out = folder / "out";
  return config;
}

}  // namespace lipsound2::corpora
