#include "lipsound2/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <c10/core/Device.h>
#include <c10/util/Exception.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/log.h"
#include "lipsound2/core/progress.h"
#include "lipsound2/core/random.h"
#include "lipsound2/data/device_prefetcher.h"
#include "lipsound2/train/checkpoint.h"
#include "lipsound2/train/weight_updater.h"

#include "interrupt.h"
#include "module_parts.h"
#include "numeric_watch.h"
#include "schedule.h"
#include "train_log.h"
#include "train_state.h"

namespace lipsound2::train {
namespace {

// Keeps the random numbers of a validation apart from those of the step.
constexpr std::uint64_t kValidationDraws = 1;

torch::nn::Module& moved_to(torch::nn::Module& module, const c10::Device& device) {
  module.to(device);
  return module;
}

}  // namespace

struct Trainer::State {
  State(Task& the_task, data::BatchSource& the_loader, Setup the_setup)
      : task(the_task),
        loader(the_loader),
        setup(std::move(the_setup)),
        device(setup.device),
        prefetcher(loader, device),
        updater(moved_to(task.module(), device), setup.config),
        events(setup.run.events()) {
    counters.seed = setup.seed;
    counters.batches_per_epoch = loader.batches(counters.epoch);
    TORCH_CHECK(counters.batches_per_epoch > 0, "the loader has no batches");
  }

  void resume();
  TrainOutcome run();

  void start_together();
  double agree(const data::Batch& batch, const Interrupt& interrupt);
  std::uint64_t draws_of_step() const;
  void start_batches();
  data::Batch next_batch();
  StepRecord update(const data::Batch& batch, const Interrupt& interrupt);
  void log_step(const StepRecord& record);
  std::string note(const StepRecord& record);
  void validate();
  void keep_if_best(const std::map<std::string, double>& scores);
  void save_last();
  TensorFile described() const;
  double minutes() const;
  double progress() const { return progress_at(setup.config, counters.step, agreed_minutes); }
  bool leads() const { return setup.processes->leads(); }
  bool due(std::int64_t period) const { return counters.step % period == 0; }

  Task& task;
  data::BatchSource& loader;
  Setup setup;
  c10::Device device;
  data::DevicePrefetcher prefetcher;
  WeightUpdater updater;
  TrainLog events;
  NumericWatch watch;
  TrainState counters;
  TrainLog::Clock::time_point begin = TrainLog::Clock::now();
  double agreed_minutes = 0;  ///< as process 0 saw them during the last step
  bool stop = false;          ///< one of the processes was told to
  double shown_loss = 0;
};

Trainer::Trainer(Task& task, data::BatchSource& loader, Setup setup)
    : state_(std::make_unique<State>(task, loader, std::move(setup))) {}

Trainer::~Trainer() = default;

void Trainer::resume() {
  state_->resume();
}

TrainOutcome Trainer::run() {
  return state_->run();
}

void Trainer::State::resume() {
  const std::string file = setup.run.last().string();
  const TensorFile content = load_tensors(file);
  const auto found = content.metadata.find("trainer");
  require(found != content.metadata.end(),
          ErrorKind::kData,
          "{}: expected a checkpoint of a training run, found no metadata 'trainer'",
          file);
  const TrainState stored = TrainState::from_json(found->second, file);
  counters.epoch = stored.epoch;
  counters.batches_per_epoch = loader.batches(counters.epoch);
  counters.batch = std::min(stored.batch, counters.batches_per_epoch);
  if (stored.seed != counters.seed || stored.batches_per_epoch != counters.batches_per_epoch) {
    log::warn(
        "{}: seed {} and {} batches per epoch became {} and {}; the run goes on with other batches",
        file,
        stored.seed,
        stored.batches_per_epoch,
        counters.seed,
        counters.batches_per_epoch);
  }
  updater.load(content, file);
  counters.step = stored.step;
  counters.best_score = stored.best_score;
  counters.minutes = stored.minutes;
  if (leads())
    events.resume(counters.step);
  log::info("{}: goes on after step {}", file, counters.step);
}

TrainOutcome Trainer::State::run() {
  if (leads())
    make_folder(setup.run.last().parent_path());
  const Interrupt interrupt;
  const TrainConfig& config = setup.config;
  begin = TrainLog::Clock::now();
  agreed_minutes = counters.minutes;
  start_together();
  set_training(task.module(), config.freeze);
  start_batches();
  events.start(prefetcher.times());

  std::optional<Progress> bar;
  bool finished = progress() >= 1;
  while (!finished) {
    if (!bar && leads())
      bar.emplace("train", config.max_minutes > 0 ? 0 : config.steps, "steps", counters.step);
    const StepRecord record = update(next_batch(), interrupt);
    finished = progress() >= 1;
    if (due(config.log_every) || finished)
      log_step(record);
    if (bar)
      bar->update(counters.step, progress(), note(record));
    if (due(config.validate_every) || finished) {
      bar.reset();  // ends its line, so that the scores get their own
      validate();
    }
    if (due(config.save_every) || finished || stop)
      save_last();
    if (stop && !finished)
      break;
  }
  setup.processes->wait_for_all();  // the last checkpoints are there
  return finished ? TrainOutcome::kFinished : TrainOutcome::kInterrupted;
}

// Weights equal to the last bit, which processes that load or draw the same may yet lack on
// different machines; and the same place in the same training, or the sums would mean nothing.
void Trainer::State::start_together() {
  const ProcessGroup& processes = *setup.processes;
  if (processes.world() == 1)
    return;
  const Tensor own = at::tensor({counters.step,
                                 counters.epoch,
                                 counters.batch,
                                 counters.batches_per_epoch,
                                 static_cast<std::int64_t>(hash(setup.resolved_config))});
  const Tensor first = own.clone();
  processes.broadcast(first);
  require(at::equal(own, first),
          ErrorKind::kConfig,
          "process {} is at step {}, process 0 at step {}, or their configs differ: expected the "
          "same command for all, and {} on a file system that all of them see",
          processes.rank(),
          counters.step,
          first[0].item<std::int64_t>(),
          setup.run.path.string());
  updater.start_equal(processes);
}

// Agrees on what must not differ, and returns the clips of this step in all processes.
double Trainer::State::agree(const data::Batch& batch, const Interrupt& interrupt) {
  const Tensor sums = at::tensor({static_cast<double>(batch.ids.size()),
                                  interrupt.requested() ? 1.0 : 0.0,
                                  leads() ? minutes() : 0.0},
                                 at::kDouble);
  setup.processes->sum(sums);
  stop = sums[1].item<double>() > 0;
  agreed_minutes = sums[2].item<double>();
  return sums[0].item<double>();
}

std::uint64_t Trainer::State::draws_of_step() const {
  const auto step = static_cast<std::uint64_t>(counters.step);
  const auto rank = static_cast<std::uint64_t>(setup.processes->rank());
  return leads() ? mix({setup.seed, step}) : mix({setup.seed, step, kValidationDraws + rank});
}

void Trainer::State::start_batches() {
  counters.batches_per_epoch = loader.batches(counters.epoch);
  prefetcher.start(counters.epoch, counters.batch);
}

data::Batch Trainer::State::next_batch() {
  std::optional<data::Batch> batch = prefetcher.next();
  if (!batch) {
    ++counters.epoch;
    counters.batch = 0;
    start_batches();
    batch = prefetcher.next();
  }
  TORCH_CHECK(batch, "the loader has no batches");
  return *std::move(batch);
}

StepRecord Trainer::State::update(const data::Batch& batch, const Interrupt& interrupt) {
  const double now = progress();
  at::manual_seed(draws_of_step());
  updater.zero_gradients();
  Losses losses = task.losses(batch, now);
  losses.total.backward();
  const double clips = agree(batch, interrupt);
  updater.average_gradients(*setup.processes, static_cast<double>(batch.ids.size()) / clips);
  losses.total = losses.total.detach();
  for (auto& [name, term] : losses.terms)
    term = term.detach();

  const double learning_rate = learning_rate_at(setup.config, counters.step, now);
  StepRecord record = {counters.step + 1, batch.ids, losses, updater.clip(), learning_rate};
  watch.add(record);
  if (device.is_cpu()) {
    watch.check();
    shown_loss = record.losses.total.item<double>();
  }
  updater.update(learning_rate, counters.step);
  ++counters.step;
  ++counters.batch;
  events.count(clips);
  return record;
}

void Trainer::State::log_step(const StepRecord& record) {
  watch.check();
  shown_loss = record.losses.total.item<double>();
  if (!leads())
    return;
  const double epoch =
      static_cast<double>(counters.epoch) +
      static_cast<double>(counters.batch) / static_cast<double>(counters.batches_per_epoch);
  events.step(record, epoch, prefetcher.times());
}

std::string Trainer::State::note(const StepRecord& record) {
  std::string text = fmt::format(
      "step {}, loss {:.4g}, {:.3g} clips/s", record.step, shown_loss, events.clips_per_second());
  if (setup.config.max_minutes > 0)
    text += fmt::format(", minute {:.1f} of {:g}", minutes(), setup.config.max_minutes);
  return text;
}

void Trainer::State::validate() {
  watch.check();
  if (!leads())
    return;
  const auto samples = setup.run.samples() / fmt::format("step-{:06}", counters.step);
  make_folder(samples);
  at::manual_seed(mix({setup.seed, static_cast<std::uint64_t>(counters.step), kValidationDraws}));
  {
    const at::NoGradGuard no_grad;
    const WeightUpdater::Averaged averaged(updater);
    task.module().eval();
    const std::map<std::string, double> scores = task.validate(samples);
    events.scores(counters.step, scores);
    keep_if_best(scores);
  }
  set_training(task.module(), setup.config.freeze);
  events.start(prefetcher.times());
}

void Trainer::State::keep_if_best(const std::map<std::string, double>& scores) {
  const auto found = scores.find(task.best_score());
  TORCH_CHECK(found != scores.end(), "validate() gave no score named ", task.best_score());
  const double score = found->second;
  if (!std::isfinite(score) || (counters.best_score && score < *counters.best_score))
    return;
  counters.best_score = score;
  TensorFile content = described();
  add_tensors(content, "model.", module_tensors(task.module()));
  save_tensors(setup.run.best(), content);
}

void Trainer::State::save_last() {
  watch.check();
  if (!leads())
    return;
  TensorFile content = described();
  updater.store(content);
  save_tensors(setup.run.last(), content);
}

TensorFile Trainer::State::described() const {
  TrainState stored = counters;
  stored.minutes = setup.config.max_minutes > 0 ? minutes() : 0;
  TensorFile content;
  content.metadata = setup.metadata;
  content.metadata["trainer"] = stored.to_json();
  content.metadata["config"] = setup.resolved_config;
  return content;
}

double Trainer::State::minutes() const {
  return counters.minutes +
         std::chrono::duration<double>(TrainLog::Clock::now() - begin).count() / 60;
}

}  // namespace lipsound2::train
