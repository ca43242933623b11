#include "lipsound2/config/config_folders.h"

namespace lipsound2::config {

namespace fs = std::filesystem;

std::vector<fs::path> config_folders() {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  return {".", program / "../share/lipsound2/configs", program / "../../configs"};
}

}  // namespace lipsound2::config
