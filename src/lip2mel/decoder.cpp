#include "lipsound2/lip2mel/decoder.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Functions.h>
#include <torch/nn/init.h>

#include "lipsound2/core/random.h"

#include "decoder_sequence.h"

namespace lipsound2::lip2mel {
namespace {

constexpr std::uint64_t kGenerateSeed = 0x6c697073;

/// Registers `layer` as `linear_layer` (or `conv`) of a module of its own, as Tacotron 2 names it.
template <class Layer>
Layer register_named(torch::nn::Module& parent,
                     const std::string& name,
                     const std::string& inner,
                     Layer layer) {
  auto holder = std::make_shared<torch::nn::Module>();
  holder->register_module(inner, layer);
  parent.register_module(name, holder);
  return layer;
}

torch::nn::Linear biasless(std::int64_t inputs, std::int64_t outputs) {
  return torch::nn::Linear(torch::nn::LinearOptions(inputs, outputs).bias(false));
}

torch::nn::Conv1d location_convolution(const AttentionConfig& config) {
  return torch::nn::Conv1d(
      torch::nn::Conv1dOptions(2, config.location_filters, config.location_kernel)
          .padding(config.location_kernel / 2)
          .bias(false));
}

std::shared_ptr<torch::nn::Module> child(torch::nn::Module& parent, const std::string& name) {
  return parent.register_module(name, std::make_shared<torch::nn::Module>());
}

/// 0 with this probability, else 1 / (1 - probability); undefined if the probability is 0.
Tensor dropout_mask(double probability, at::IntArrayRef shape, const Tensor& like) {
  if (probability == 0)
    return {};
  return at::empty(shape, like.options()).bernoulli_(1 - probability).div_(1 - probability);
}

/// Masks [steps, 1, width] of both prenet layers, drawn step by step.
Tensor fixed_prenet_masks(const DecoderConfig& config, std::int64_t steps, std::int64_t draw) {
  Rng rng(mix({kGenerateSeed, static_cast<std::uint64_t>(draw)}));
  auto masks = at::empty({steps, 2, config.prenet}, at::kFloat);
  const double kept = 1 - config.prenet_dropout;
  float* value = masks.data_ptr<float>();
  for (std::int64_t i = 0; i < masks.numel(); ++i)
    value[i] = rng.chance(kept) ? static_cast<float>(1 / kept) : 0.0F;
  return masks;
}

/// The same for `clips` rows of each draw, one draw after another: [2, steps, draws * clips,
/// width].
Tensor fixed_prenet_masks(const DecoderConfig& config,
                          std::int64_t steps,
                          std::int64_t draws,
                          std::int64_t clips) {
  std::vector<Tensor> masks;
  for (std::int64_t draw = 0; draw < draws; ++draw)
    masks.push_back(fixed_prenet_masks(config, steps, draw));
  return at::stack(masks, 2).permute({1, 0, 2, 3}).repeat_interleave(clips, 2);
}

void check_memory(const Tensor& memory, const Tensor& lengths, std::int64_t width) {
  TORCH_CHECK(memory.dim() == 3 && memory.size(2) == width,
              "memory must be [B, T, ",
              width,
              "], is ",
              memory.sizes());
  TORCH_CHECK(lengths.is_cpu() && lengths.scalar_type() == at::kLong && lengths.dim() == 1 &&
                  lengths.size(0) == memory.size(0),
              "memory_lengths must be int64 [",
              memory.size(0),
              "] on the CPU, is ",
              lengths.sizes());
  TORCH_CHECK(lengths.min().item<std::int64_t>() >= 1 &&
                  lengths.max().item<std::int64_t>() <= memory.size(1),
              "memory_lengths must lie in [1, ",
              memory.size(1),
              "]");
}

DecoderTask free_task(const Tensor& memory, const Tensor& lengths, const DecoderConfig& config) {
  DecoderTask task;
  task.memory = memory;
  task.lengths = lengths;
  task.bands = config.bands;
  return task;
}

/// The last frame of the group before each step: [S, B, bands], zeros first.
Tensor last_frames(const Tensor& mel, std::int64_t frames_per_step) {
  const auto steps = mel.size(1) / frames_per_step;
  const auto last = mel.view({mel.size(0), steps, frames_per_step, mel.size(2)})
                        .select(2, frames_per_step - 1)
                        .transpose(0, 1);
  return at::cat({at::zeros_like(last[0]).unsqueeze(0), last.narrow(0, 0, steps - 1)});
}

/// [S, B, r bands] to [B, S r, bands], and [S, B, T] to [B, S, T].
DecoderOutput batch_first(const std::pair<Tensor, Tensor>& steps, std::int64_t bands) {
  const auto mel = steps.first.transpose(0, 1);
  return {mel.reshape({mel.size(0), -1, bands}), steps.second.transpose(0, 1)};
}

}  // namespace

void AttentionConfig::visit(config::FieldVisitor& v) {
  v.field("dim", dim, "width of the energies", {1, 4096});
  v.field("location_filters", location_filters, "filters over past weights", {1, 512});
  v.field("location_kernel", location_kernel, "width of those filters, odd", {1, 511});
  v.check(location_kernel % 2 == 1, "location_kernel", "must be odd");
}

void DecoderConfig::visit(config::FieldVisitor& v) {
  v.field("bands", bands, "mel bands", {1, 1024});
  v.field("frames_per_step", frames_per_step, "mel frames that each step makes", {1, 16});
  v.field("prenet", prenet, "width of the two layers that see the last frame", {1, 4096});
  v.group("attention", attention, "where each step looks");
  v.field("attention_lstm", attention_lstm, "units of the LSTM before attention", {1, 8192});
  v.field("decoder_lstm", decoder_lstm, "units of the LSTM after attention", {1, 8192});
  v.field("prenet_dropout", prenet_dropout, "dropout of the prenet, always on", {0, 0.95});
  v.field("lstm_dropout", lstm_dropout, "dropout of both LSTMs' outputs in training", {0, 0.95});
}

DecoderImpl::DecoderImpl(const DecoderConfig& config, std::int64_t memory_size)
    : config_(config),
      memory_size_(memory_size),
      prenet_first_(biasless(config.bands, config.prenet)),
      prenet_second_(biasless(config.prenet, config.prenet)),
      attention_rnn_(config.prenet + memory_size, config.attention_lstm),
      query_(biasless(config.attention_lstm, config.attention.dim)),
      memory_(biasless(memory_size, config.attention.dim)),
      v_(biasless(config.attention.dim, 1)),
      location_conv_(location_convolution(config.attention)),
      location_dense_(biasless(config.attention.location_filters, config.attention.dim)),
      decoder_rnn_(config.attention_lstm + memory_size, config.decoder_lstm),
      projection_(config.decoder_lstm + memory_size, config.frames_per_step * config.bands) {
  const auto layers = child(*child(*this, "prenet"), "layers");
  register_named(*layers, "0", "linear_layer", prenet_first_);
  register_named(*layers, "1", "linear_layer", prenet_second_);
  register_module("attention_rnn", attention_rnn_);
  const auto attention = child(*this, "attention_layer");
  register_named(*attention, "query_layer", "linear_layer", query_);
  register_named(*attention, "memory_layer", "linear_layer", memory_);
  register_named(*attention, "v", "linear_layer", v_);
  const auto location = child(*attention, "location_layer");
  register_named(*location, "location_conv", "conv", location_conv_);
  register_named(*location, "location_dense", "linear_layer", location_dense_);
  register_module("decoder_rnn", decoder_rnn_);
  register_named(*this, "linear_projection", "linear_layer", projection_);
  const double tanh_gain = 5.0 / 3.0;
  for (const auto& layer : {query_, memory_, location_dense_})
    torch::nn::init::xavier_uniform_(layer->weight, tanh_gain);
  for (const auto& layer : {prenet_first_, prenet_second_, v_, projection_})
    torch::nn::init::xavier_uniform_(layer->weight);
  torch::nn::init::xavier_uniform_(location_conv_->weight);
}

DecoderOutput DecoderImpl::forward(const Tensor& memory,
                                   const Tensor& memory_lengths,
                                   const Tensor& target_mel,
                                   const DecoderFeed& feed) {
  check_memory(memory, memory_lengths, memory_size_);
  TORCH_CHECK(target_mel.dim() == 3 && target_mel.size(0) == memory.size(0) &&
                  target_mel.size(1) > 0 && target_mel.size(1) % config_.frames_per_step == 0 &&
                  target_mel.size(2) == config_.bands,
              "target_mel must be [",
              memory.size(0),
              ", steps * ",
              config_.frames_per_step,
              ", ",
              config_.bands,
              "], is ",
              target_mel.sizes());
  const auto clips = memory.size(0);
  auto task = free_task(memory, memory_lengths, config_);
  task.steps = target_mel.size(1) / config_.frames_per_step;
  if (feed == DecoderFeed::kTruth)
    task.truth = last_frames(target_mel.detach(), config_.frames_per_step);
  const double lstm_dropout = is_training() ? config_.lstm_dropout : 0;
  const auto mask = [&](double probability, std::int64_t width) {
    return dropout_mask(probability, {task.steps, clips, width}, memory);
  };
  task.masks.prenet_first = mask(config_.prenet_dropout, config_.prenet);
  task.masks.prenet_second = mask(config_.prenet_dropout, config_.prenet);
  task.masks.lstm1 = mask(lstm_dropout, config_.attention_lstm);
  task.masks.lstm2 = mask(lstm_dropout, config_.decoder_lstm);
  return batch_first(decode_sequence(task, DecoderWeights::from(weights())), config_.bands);
}

DecoderOutput DecoderImpl::generate(const Tensor& memory,
                                    const Tensor& memory_lengths,
                                    std::int64_t steps,
                                    std::int64_t draws) {
  check_memory(memory, memory_lengths, memory_size_);
  TORCH_CHECK(steps > 0, "generate() needs at least one step, was given ", steps);
  TORCH_CHECK(draws > 0 && memory.size(0) % draws == 0,
              memory.size(0),
              " rows cannot be shared by ",
              draws,
              " draws");
  const at::NoGradGuard no_grad;
  auto task = free_task(memory, memory_lengths, config_);
  task.steps = steps;
  if (config_.prenet_dropout > 0) {
    const Tensor masks = fixed_prenet_masks(config_, steps, draws, memory.size(0) / draws)
                             .contiguous()
                             .to(memory.options());
    task.masks.prenet_first = masks[0];
    task.masks.prenet_second = masks[1];
  }
  const auto tape = run_decoder(task, DecoderWeights::from(weights()));
  return batch_first({tape.mel, tape.weights.narrow(0, 1, steps)}, config_.bands);
}

std::vector<Tensor> DecoderImpl::weights() const {
  return {prenet_first_->weight,
          prenet_second_->weight,
          attention_rnn_->weight_ih,
          attention_rnn_->weight_hh,
          attention_rnn_->bias_ih,
          attention_rnn_->bias_hh,
          query_->weight,
          memory_->weight,
          v_->weight,
          location_conv_->weight,
          location_dense_->weight,
          decoder_rnn_->weight_ih,
          decoder_rnn_->weight_hh,
          decoder_rnn_->bias_ih,
          decoder_rnn_->bias_hh,
          projection_->weight,
          projection_->bias};
}

}  // namespace lipsound2::lip2mel
