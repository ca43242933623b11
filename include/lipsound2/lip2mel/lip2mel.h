#pragma once

#include <cstdint>

#include "lipsound2/config/field_visitor.h"
#include "lipsound2/lip2mel/decoder.h"
#include "lipsound2/lip2mel/encoder.h"
#include "lipsound2/lip2mel/loss.h"
#include "lipsound2/lip2mel/postnet.h"

namespace lipsound2::lip2mel {

struct Lip2MelConfig {
  EncoderConfig encoder;
  DecoderConfig decoder;
  PostnetConfig postnet;
  LossConfig loss;
  std::int64_t mel_frames_per_picture = 4;

  void visit(config::FieldVisitor& v);
};

/// What generate() averages. The prenet's dropout makes each decoding a guess of its own; their
/// mean lies nearer to the truth than any of them.
struct Ensemble {
  std::int64_t draws = 1;  ///< of the prenet's dropout
  bool mirrored = false;   ///< decodes the mirror images too; for networks that have seen such
};

/// The LipSound2 network: T pictures of a face give T * mel_frames_per_picture frames of a mel
/// spectrogram, standardized per band. The statistics of the bands travel with the weights, as the
/// buffers mel_mean and mel_deviation [bands].
///
///     faces > encoder > decoder (attention) > mel_before > postnet > mel
///
/// Padding changes nothing: a clip gives the same mel alone and padded in a batch (in evaluation).
class Lip2MelImpl final : public torch::nn::Module {
 public:
  explicit Lip2MelImpl(const Lip2MelConfig& config);

  /// For training. faces [B, C, T, H, W] uint8, lengths [B] int64 on the CPU, target [B, M, bands]
  /// standardized with M = T * mel_frames_per_picture. Padded frames of the mels are zero.
  Lip2MelOutput forward(const Tensor& faces,
                        const Tensor& lengths,
                        const Tensor& target,
                        const DecoderFeed& feed);

  /// The mel from pictures alone, without gradients: the mean over the ensemble. The caller puts
  /// the network into eval().
  Lip2MelOutput generate(const Tensor& faces, const Tensor& lengths, const Ensemble& ensemble);

  /// The terms of the training loss; see lip2mel_losses().
  Lip2MelLosses losses(const Lip2MelOutput& output,
                       const Tensor& lengths,
                       const Tensor& target,
                       double progress) const;

  /// Takes up the mean and deviation of each band [bands]; deviations must be positive.
  void set_mel_statistics(const Tensor& mean, const Tensor& deviation);
  /// Natural log mel [..., bands] -> standardized.
  Tensor normalize(const Tensor& mel) const;
  /// Standardized -> natural log mel.
  Tensor denormalize(const Tensor& mel) const;

  const Lip2MelConfig& config() const { return config_; }

 private:
  Lip2MelConfig config_;
  Encoder encoder_;
  Decoder decoder_;
  Postnet postnet_;
  Tensor mel_mean_;
  Tensor mel_deviation_;

  std::int64_t steps_for(std::int64_t mel_frames) const;
  Lip2MelOutput finish(const DecoderOutput& decoded, const Tensor& lengths, std::int64_t pictures);
};
TORCH_MODULE(Lip2Mel);

}  // namespace lipsound2::lip2mel
