#include "lipsound2/train/weight_updater.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>

#include "adamw.h"
#include "module_parts.h"
#include "novograd.h"
#include "schedule.h"

namespace lipsound2::train {
namespace {

constexpr const char* kModel = "model.";
constexpr const char* kAverage = "ema.";
constexpr const char* kOptimizer = "optimizer.";

torch::nn::Module& frozen_as_told(torch::nn::Module& module, const TrainConfig& config) {
  check_parts(module, config);
  freeze_parts(module, config.freeze);
  return module;
}

std::unique_ptr<Optimizer> make_optimizer(const FlatParameters& flat, const TrainConfig& config) {
  if (config.optimizer == OptimizerKind::kNovoGrad)
    return std::make_unique<NovoGrad>(flat.values(),
                                      flat.decayed(),
                                      flat.layer_ranges(config.part_learning_rate),
                                      NovoGradConfig{.weight_decay = config.weight_decay});
  return std::make_unique<AdamW>(flat.values(),
                                 config.weight_decay > 0 ? flat.decayed() : Tensor(),
                                 flat.rate_ranges(config.part_learning_rate),
                                 AdamWConfig{.weight_decay = config.weight_decay});
}

}  // namespace

WeightUpdater::WeightUpdater(torch::nn::Module& module, const TrainConfig& config)
    : module_(frozen_as_told(module, config)),
      clip_norm_(config.clip_norm),
      ema_(config.ema),
      flat_(module),
      optimizer_(make_optimizer(flat_, config)) {
  if (ema_ > 0)
    average_ = flat_.values().clone();
}

void WeightUpdater::start_equal(const ProcessGroup& processes) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : module_tensors(module_))
    processes.broadcast(tensor);
  if (average_.defined())
    processes.broadcast(average_);
}

void WeightUpdater::average_gradients(const ProcessGroup& processes, double share) {
  if (processes.world() == 1)
    return;
  const at::NoGradGuard no_grad;
  const Tensor& gradients = flat_.gradients();
  gradients.mul_(share);
  processes.sum(gradients);
}

Tensor WeightUpdater::clip() {
  const at::NoGradGuard no_grad;
  const Tensor& gradients = flat_.gradients();
  Tensor norm = gradients.norm();
  if (clip_norm_ > 0)
    gradients.mul_((clip_norm_ / (norm + 1e-6)).clamp_max(1.0));
  return norm;
}

void WeightUpdater::update(double learning_rate, std::int64_t step) {
  const at::NoGradGuard no_grad;
  optimizer_->update(flat_.gradients(), learning_rate, step + 1);
  if (average_.defined())
    average_.lerp_(flat_.values(), 1.0 - average_decay_at(ema_, step));
}

WeightUpdater::Averaged::Averaged(WeightUpdater& updater) : values_(updater.flat_.values()) {
  if (!updater.average_.defined())
    return;
  const at::NoGradGuard no_grad;
  own_ = values_.clone();
  values_.copy_(updater.average_);
}

WeightUpdater::Averaged::~Averaged() {
  const at::NoGradGuard no_grad;
  if (own_.defined())
    values_.copy_(own_);
}

void WeightUpdater::store(TensorFile& content) {
  add_tensors(content, kModel, module_tensors(module_));
  add_tensors(content, kOptimizer, optimizer_->state(flat_));
  if (!average_.defined())
    return;
  const Averaged averaged(*this);
  for (const auto& [name, tensor] : module_tensors(module_))
    content.tensors[kAverage + name] = tensor.detach().clone();
}

void WeightUpdater::load(const TensorFile& content, const std::string& file) {
  const at::NoGradGuard no_grad;
  load_tensors_into(optimizer_->state(flat_), content, kOptimizer, file);
  load_weights(module_, content, best_weights(content), file);
  if (average_.defined())
    average_.copy_(flat_.values());
  load_weights(module_, content, kModel, file);
}

std::string best_weights(const TensorFile& content) {
  const auto first = content.tensors.lower_bound(kAverage);
  const bool averaged = first != content.tensors.end() && first->first.starts_with(kAverage);
  return averaged ? kAverage : kModel;
}

void add_tensors(TensorFile& content,
                 const std::string& prefix,
                 const std::map<std::string, Tensor>& tensors) {
  for (const auto& [name, tensor] : tensors)
    content.tensors[prefix + name] = tensor;
}

}  // namespace lipsound2::train
