#include "lipsound2/lip2mel/lip2mel.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "lipsound2/nn/length_mask.h"

namespace lipsound2::lip2mel {

void Lip2MelConfig::visit(config::FieldVisitor& v) {
  v.group("encoder", encoder, "from pictures to features");
  v.group("decoder", decoder, "from features to a mel spectrogram");
  v.group("postnet", postnet, "convolutions that refine the mel");
  v.group("loss", loss, "what training makes small");
  v.field("mel_frames_per_picture",
          mel_frames_per_picture,
          "sample rate / hop / pictures per second",
          {1, 100});
}

Lip2MelImpl::Lip2MelImpl(const Lip2MelConfig& config)
    : config_(config),
      encoder_(register_module("encoder", Encoder(config.encoder))),
      decoder_(register_module("decoder", Decoder(config.decoder, config.encoder.width()))),
      postnet_(register_module("postnet", Postnet(config.postnet, config.decoder.bands))),
      mel_mean_(register_buffer("mel_mean", at::zeros({config.decoder.bands}))),
      mel_deviation_(register_buffer("mel_deviation", at::ones({config.decoder.bands}))) {}

std::int64_t Lip2MelImpl::steps_for(std::int64_t mel_frames) const {
  const std::int64_t per_step = config_.decoder.frames_per_step;
  return (mel_frames + per_step - 1) / per_step;
}

Lip2MelOutput Lip2MelImpl::finish(const DecoderOutput& decoded,
                                  const Tensor& lengths,
                                  std::int64_t pictures) {
  const Tensor mel_lengths = lengths * config_.mel_frames_per_picture;
  const Tensor cut = decoded.mel.narrow(1, 0, pictures * config_.mel_frames_per_picture);
  const Tensor before = nn::zero_padding(cut.transpose(1, 2), mel_lengths).transpose(1, 2);
  return {.mel = postnet_->forward(before, mel_lengths),
          .mel_before = before,
          .weights = decoded.weights};
}

Lip2MelOutput Lip2MelImpl::forward(const Tensor& faces,
                                   const Tensor& lengths,
                                   const Tensor& target,
                                   const DecoderFeed& feed) {
  const std::int64_t frames = faces.size(2) * config_.mel_frames_per_picture;
  TORCH_CHECK(target.size(1) == frames, "expected ", frames, " mel frames, not ", target.size(1));
  const std::int64_t groups = steps_for(frames) * config_.decoder.frames_per_step;
  const Tensor whole = at::constant_pad_nd(target, {0, 0, 0, groups - frames});
  const Tensor memory = encoder_->forward(faces, lengths);
  return finish(decoder_->forward(memory, lengths, whole, feed), lengths, faces.size(2));
}

Lip2MelOutput Lip2MelImpl::generate(const Tensor& faces,
                                    const Tensor& lengths,
                                    const Ensemble& ensemble) {
  const at::NoGradGuard no_grad;
  std::vector<Tensor> views = {encoder_->forward(faces, lengths)};
  if (ensemble.mirrored)
    views.push_back(encoder_->forward(faces.flip(4), lengths));
  const std::int64_t draws = ensemble.draws * static_cast<std::int64_t>(views.size());
  const Tensor memory = at::cat(views).repeat({ensemble.draws, 1, 1});
  const Tensor all_lengths = lengths.repeat({draws});
  const std::int64_t steps = steps_for(faces.size(2) * config_.mel_frames_per_picture);
  const Lip2MelOutput all =
      finish(decoder_->generate(memory, all_lengths, steps, draws), all_lengths, faces.size(2));
  const auto mean = [draws](const Tensor& x) {
    return x.unflatten(0, {draws, x.size(0) / draws}).mean(0);
  };
  return {.mel = mean(all.mel), .mel_before = mean(all.mel_before), .weights = mean(all.weights)};
}

Lip2MelLosses Lip2MelImpl::losses(const Lip2MelOutput& output,
                                  const Tensor& lengths,
                                  const Tensor& target,
                                  double progress) const {
  const std::int64_t per_step = config_.decoder.frames_per_step;
  const Tensor mel = lengths * config_.mel_frames_per_picture;
  const ClipLengths all{
      .pictures = lengths, .mel = mel, .steps = (mel + (per_step - 1)).floor_divide(per_step)};
  return lip2mel_losses(output, target, all, config_.loss, progress);
}

void Lip2MelImpl::set_mel_statistics(const Tensor& mean, const Tensor& deviation) {
  TORCH_CHECK(mean.sizes() == mel_mean_.sizes() && deviation.sizes() == mel_mean_.sizes() &&
                  deviation.min().item<float>() > 0,
              "expected a mean and a positive deviation for each of ",
              mel_mean_.size(0),
              " bands");
  mel_mean_.copy_(mean);
  mel_deviation_.copy_(deviation);
}

Tensor Lip2MelImpl::normalize(const Tensor& mel) const {
  return (mel - mel_mean_) / mel_deviation_;
}

Tensor Lip2MelImpl::denormalize(const Tensor& mel) const {
  return mel * mel_deviation_ + mel_mean_;
}

}  // namespace lipsound2::lip2mel
