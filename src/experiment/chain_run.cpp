#include <algorithm>

#include "lipsound2/core/error.h"
#include "lipsound2/core/log.h"
#include "lipsound2/experiment/chain.h"
#include "lipsound2/experiment/runs.h"

#include "problem_list.h"
#include "stored_config.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

bool has_begun(const train::RunFolder& run) {
  return fs::exists(run.config());
}

// The folder must be empty of runs for a new chain, and hold runs of this chain for a resumed one.
void check_folder(const Chain& chain, const fs::path& folder, Start start) {
  const auto found = stage_runs(folder);
  if (start == Start::kNew) {
    require(found.empty() && !has_begun({folder}),
            ErrorKind::kUsage,
            "{}: already holds {}; continue it with --resume, or name another folder with --run",
            folder.string(),
            found.empty() ? "a run" : "the stage " + found.front().path.filename().string());
    return;
  }
  require(!found.empty(),
          ErrorKind::kUsage,
          "{}: nothing to resume, it holds no stage",
          folder.string());
  for (const train::RunFolder& run : found)
    require(
        std::ranges::any_of(
            chain.stages, [&](const Stage& stage) { return run.path.filename() == stage.folder; }),
        ErrorKind::kConfig,
        "{}: is no stage of {}, whose stages are now {} to {}",
        run.path.string(),
        chain.name,
        chain.stages.front().folder,
        chain.stages.back().folder);
}

// What would keep a stage from starting. The stages before it may run for days.
void check_what_is_to_come(const Chain& chain, const fs::path& folder) {
  ProblemList problems;
  for (const Stage& stage : chain.stages)
    if (!has_begun({folder / stage.folder}))
      problems.collect("stage " + stage.folder, [&] { check_start(stage.config); });
  problems.raise();
}

}  // namespace

train::TrainOutcome run_chain(const Chain& chain,
                              const fs::path& folder,
                              Start start,
                              const std::shared_ptr<const train::ProcessGroup>& processes) {
  check_folder(chain, folder, start);
  check_what_is_to_come(chain, folder);
  processes->wait_for_all();  // all have looked at the folder before the first one writes there
  for (auto stage = chain.stages.begin(); stage != chain.stages.end(); ++stage) {
    const train::RunFolder run{folder / stage->folder};
    const bool over = std::any_of(std::next(stage), chain.stages.end(), [&](const Stage& later) {
      return has_begun({folder / later.folder});
    });
    if (over) {
      refuse_changes(stage->config, run);
      log::info("stage {} is over", stage->folder);
      continue;
    }
    log::info("stage {} of {}", stage->folder, chain.stages.size());
    ExperimentConfig config = stage->config;
    if (!stage->after.empty())
      config.from = find_checkpoint((folder / stage->after).string(), config.task).string();
    if (!stage->lips.empty())
      config.asr.lips = find_checkpoint((folder / stage->lips).string(), "lip2mel").string();
    if (run_training(config, run, has_begun(run) ? Start::kResume : Start::kNew, processes) ==
        train::TrainOutcome::kInterrupted)
      return train::TrainOutcome::kInterrupted;
  }
  return train::TrainOutcome::kFinished;
}

}  // namespace lipsound2::experiment
