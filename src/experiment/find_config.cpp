#include "lipsound2/experiment/find_config.h"

#include <set>

#include <fmt/ranges.h>

#include "lipsound2/config/config_folders.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/log.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

void collect_manifests(const fs::path& folder, int depth, std::set<fs::path>& found) {
  std::error_code unreadable;
  if (fs::exists(folder / "manifest.jsonl", unreadable))
    found.insert(fs::canonical(folder / "manifest.jsonl"));
  if (depth == 0)
    return;
  for (const auto& item : fs::directory_iterator(folder, unreadable))
    if (item.is_directory(unreadable))
      collect_manifests(item.path(), depth - 1, found);
}

}  // namespace

fs::path find_config(const std::string& name) {
  const bool bare = fs::path(name).filename() == name;
  std::vector<std::string> files{name};
  if (!name.ends_with(".yaml"))
    files.push_back(name + ".yaml");
  std::vector<std::string> looked;
  for (const fs::path& folder : bare ? config::config_folders() : std::vector<fs::path>{"."})
    for (const std::string& file : files) {
      const fs::path place = (folder / file).lexically_normal();
      if (fs::is_regular_file(place))
        return place;
      looked.push_back(place.string());
    }
  fail(ErrorKind::kConfig,
       "{}: no such config file; looked for {}",
       name,
       fmt::format("{}", fmt::join(looked, ", ")));
}

ExperimentConfig load_config(const std::string& name,
                             const std::vector<config::Override>& overrides) {
  const fs::path file = find_config(name);
  auto config = config::read_yaml<ExperimentConfig>(file, overrides);
  if (config.name.empty())
    config.name = file.stem().string();
  return config;
}

fs::path find_manifest(const ExperimentConfig& config) {
  if (!config.data.manifest.empty()) {
    require(fs::exists(config.data.manifest),
            ErrorKind::kData,
            "data.manifest: {}: no such file; `lipsound2 prepare` makes it",
            config.data.manifest);
    return fs::absolute(config.data.manifest).lexically_normal();
  }
  std::set<fs::path> found;
  collect_manifests(".", 2, found);
  require(!found.empty(),
          ErrorKind::kData,
          "data.manifest is empty, and there is no manifest.jsonl in or below the current folder; "
          "`lipsound2 prepare` makes it");
  std::string list;
  for (const fs::path& file : found)
    list += "\n  " + file.string();
  require(found.size() == 1,
          ErrorKind::kData,
          "data.manifest is empty, and several corpora are prepared here; name one of:{}",
          list);
  log::info("data.manifest: {}", found.begin()->string());
  return *found.begin();
}

}  // namespace lipsound2::experiment
