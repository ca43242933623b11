#pragma once

#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/mse_loss.h>
#include <gmock/gmock.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>

#include "lipsound2/data/loader.h"
#include "lipsound2/train/trainer.h"

#include "support/temporary_folder.h"
#include "support/toy_corpus.h"

namespace lipsound2::train {

/// From the mean picture of a clip to its mean mel frame.
struct ToyNet : torch::nn::Module {
  ToyNet() {
    register_module("norm", norm);
    register_module("linear", linear);
  }
  Tensor forward(const Tensor& faces) {
    const Tensor mean = norm->forward(faces.to(at::kFloat).div(255).mean(2));  // [B, 1, H, W]
    const Tensor pooled = at::adaptive_avg_pool2d(mean, {4, 4}).flatten(1);
    return linear->forward(at::dropout(pooled, 0.2, is_training()));
  }

  torch::nn::BatchNorm2d norm{1};
  torch::nn::Linear linear{16, 80};
};

class ToyTask final : public Task {
 public:
  ToyTask() {
    const at::NoGradGuard no_grad;
    for (const Tensor& parameter : net.parameters())
      parameter.fill_(0.01);
  }
  torch::nn::Module& module() override { return net; }
  Losses losses(const data::Batch& batch, double progress) override {
    seen_progress.push_back(progress);
    if (before_step)
      before_step(calls);
    const float factor = poisoned_call == calls++ ? std::nanf("") : 1.0F;
    const Tensor mel = at::mse_loss(net.forward(batch.faces), batch.mel.mean(1)) * factor;
    return {mel, {{"mel", mel}}};
  }
  std::map<std::string, double> validate(const std::filesystem::path& samples) override {
    samples_folders.push_back(samples);
    if (during_validation)
      during_validation();
    const double score = scores.empty() ? static_cast<double>(samples_folders.size())
                                        : scores.at(samples_folders.size() - 1);
    return {{"toy", score}};
  }
  std::string best_score() const override { return "toy"; }

  ToyNet net;
  std::function<void(int)> before_step;
  std::function<void()> during_validation;
  std::vector<double> scores;  // of the validations in order; 1, 2, 3... when empty
  int poisoned_call = -1;
  int calls = 0;
  std::vector<std::filesystem::path> samples_folders;
  std::vector<double> seen_progress;
};

/// Five clips in batches of two: three batches per epoch.
class TrainerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    corpus_ = std::filesystem::path(::testing::TempDir()) /
              ("trainer_corpus." + std::to_string(::getpid()));
    lipsound2::testing::write_toy_corpus(corpus_, /*clips=*/5, /*frames=*/10);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(corpus_); }

  static data::Loader make_loader() {
    data::LoaderConfig config;
    config.batch_size = 2;
    return {corpus_, data::read_manifest(corpus_ / "manifest.jsonl"), config};
  }
  Trainer::Setup setup(const std::string& run) const {
    Trainer::Setup setup;
    setup.config = {.steps = 11,
                    .learning_rate = 1e-2,
                    .warmup_steps = 2,
                    .ema = 0.9,
                    .log_every = 2,
                    .validate_every = 4,
                    .save_every = 5};
    setup.run.path = folder_ / run;
    setup.resolved_config = "seed: 1\n";
    setup.metadata["mel"] = "statistics";
    return setup;
  }
  TrainOutcome train(ToyTask& task, const Trainer::Setup& setup) const {
    data::Loader loader = make_loader();
    return Trainer(task, loader, setup).run();
  }
  TrainOutcome resume(ToyTask& task, const Trainer::Setup& setup) const {
    data::Loader loader = make_loader();
    Trainer trainer(task, loader, setup);
    trainer.resume();
    return trainer.run();
  }
  // Trains until an exception at this call, as after a kill.
  void train_until_killed(const std::string& run, int call) const {
    ToyTask task;
    task.before_step = [call](int now) {
      if (now == call)
        throw std::runtime_error("killed");
    };
    EXPECT_THROW(train(task, setup(run)), std::runtime_error);
  }

  lipsound2::testing::TemporaryFolder folder_;
  static inline std::filesystem::path corpus_;
};

}  // namespace lipsound2::train
