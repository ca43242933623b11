#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lipsound2/config/field_visitor.h"
#include "lipsound2/data/batch_source.h"
#include "lipsound2/train/process_group.h"
#include "lipsound2/train/task.h"

namespace lipsound2::train {

enum class OptimizerKind { kAdamW, kNovoGrad };
/// How the learning rate falls: half a cosine, or the square of what is left of the training.
enum class RateDecay { kCosine, kPolynomial };

struct TrainConfig {
  std::int64_t steps = 100000;  ///< updates in all
  double max_minutes =
      0;  ///< wall-clock limit over all sittings; the schedule then follows time; 0: none
  OptimizerKind optimizer = OptimizerKind::kAdamW;
  double learning_rate = 1e-3;
  std::int64_t warmup_steps = 200;
  RateDecay decay = RateDecay::kCosine;
  double final_learning_rate = 1e-5;  ///< where the decay ends
  double weight_decay = 1e-6;
  double clip_norm = 1.0;
  double ema =
      0.999;  ///< decay of the running average of the weights that is validated and kept; 0: none
  /// Submodules that stay as they are, by name ("encoder", "decoder.attention_layer"): no updates,
  /// no dropout, and batch norm goes by its running statistics and keeps them.
  std::vector<std::string> freeze = {};
  /// Factors on the learning rate of submodules, by name; the longest name that fits counts.
  std::map<std::string, double> part_learning_rate = {};
  std::int64_t log_every = 20;  ///< steps
  std::int64_t validate_every = 500;
  std::int64_t save_every = 500;

  void visit(config::FieldVisitor& v);
};

/// Throws kConfig, with the parts there are, for names in `freeze` and `part_learning_rate` that
/// are no submodule of the module, and when nothing is left to train.
void check_parts(const torch::nn::Module& module, const TrainConfig& config);

/// Where a run lies and how it is known.
struct RunFolder {
  std::filesystem::path path;

  std::filesystem::path config() const { return path / "config.yaml"; }
  std::filesystem::path log() const { return path / "log.txt"; }
  std::filesystem::path events() const { return path / "events.jsonl"; }
  std::filesystem::path samples() const { return path / "samples"; }
  std::filesystem::path last() const { return path / "checkpoints" / "last.safetensors"; }
  std::filesystem::path best() const { return path / "checkpoints" / "best.safetensors"; }
};

enum class TrainOutcome { kFinished, kInterrupted };

/// Trains a task: forward, backward, clip, optimizer, warm-up and decay, running average; logs to
/// events.jsonl, validates, keeps checkpoints/last and checkpoints/best. resume() continues bit for
/// bit: everything random is drawn from (seed, step). SIGINT or SIGTERM saves after the step in
/// flight and stops; a second one stops at once. A non-finite loss throws kNumeric with the ids of
/// the batch, and leaves the last checkpoint as it was.
///
/// Several processes train as one with the batches of all: gradients are averaged over their clips.
/// They begin with the weights of process 0, which alone logs, validates and writes the run; its
/// clock counts for max_minutes. A signal to one of them stops all after the same step. Random
/// numbers and the statistics of batch norm are each process's own; those of process 0 are kept.
///
/// last.safetensors: "model.*" (weights), "ema.*" (their average), "optimizer.*" and the metadata
/// "trainer" (JSON of counters), "config" (resolved YAML). best.safetensors: "model.*" (the
/// averaged weights) and the same metadata.
class Trainer {
 public:
  struct Setup {
    TrainConfig config;
    RunFolder run;
    std::string resolved_config;  ///< YAML text stored with every checkpoint
    std::string device = "cpu";
    std::uint64_t seed = 1;
    std::map<std::string, std::string>
        metadata;  ///< stored with the weights too, such as mel statistics
    /// Its loader must give this process's share.
    std::shared_ptr<const ProcessGroup> processes = std::make_shared<const ProcessGroup>();
  };
  Trainer(Task& task, data::BatchSource& loader, Setup setup);
  ~Trainer();

  /// Takes up weights, averages, optimizer and counters from last.safetensors.
  void resume();
  TrainOutcome run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lipsound2::train
