#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/experiment/mel_generator.h"

namespace lipsound2::experiment {

class CrossFader;

/// Pictures to mels to sound, by a network in eval mode and a vocoder. Deterministic. One thread at
/// a time.
class Synthesizer {
 public:
  Synthesizer(lip2mel::Lip2Mel network,
              const ExperimentConfig& config,
              const std::string& device,
              std::shared_ptr<const vocoder::Vocoder> vocoder);

  /// One result per clip of the batch, each of its own length.
  std::vector<GeneratedMel> mels(const data::Batch& batch) { return mels_.generate(batch); }
  /// Log mel [M, bands] that begins at this frame of its sound -> M * hop samples, at once: for a
  /// few seconds.
  audio::Waveform vocode(const Tensor& mel, std::int64_t first_frame) const {
    return vocoder_->vocode(mel, first_frame);
  }
  /// The same for mels of any length, in windows; see VocoderStream.
  audio::Waveform sound(const Tensor& mel) const;
  int rate() const { return rate_; }

 private:
  MelGenerator mels_;
  int rate_;
  std::shared_ptr<const vocoder::Vocoder> vocoder_;
};

/// Turns a log mel of any length, given in pieces, into sound, given out in pieces: the vocoder
/// takes windows of 10 s that overlap by 1 s, cross-faded. Holds one window.
class VocoderStream {
 public:
  using SoundSink = std::function<void(std::span<const float>)>;

  VocoderStream(const Synthesizer& synthesizer, SoundSink sink);
  ~VocoderStream();

  /// [N, bands], any N.
  void add(const Tensor& mel);
  /// Call once, after the last piece.
  void finish();

 private:
  void vocode(std::int64_t frames);

  const Synthesizer& synthesizer_;
  Tensor waiting_;           ///< [N, bands]
  std::int64_t first_ = 0;   ///< place of its first row in the whole mel
  std::int64_t shared_ = 0;  ///< rows of waiting_ that the last window has covered already
  std::unique_ptr<CrossFader> sound_;
};

/// Takes the pictures of a video of any length one by one and gives out its sound: windows of
/// `eval.window_pictures` of which neighbors share `eval.overlap_pictures`, their mels cross-faded.
/// In constant memory.
class WindowedSynthesis {
 public:
  WindowedSynthesis(Synthesizer& synthesizer,
                    const ExperimentConfig& config,
                    VocoderStream::SoundSink sink);
  ~WindowedSynthesis();

  /// One picture as the network wants it: [C, H, W] uint8.
  void add(const Tensor& picture);
  /// Call once, after the last picture.
  void finish();

 private:
  void synthesize_window();

  Synthesizer& synthesizer_;
  std::size_t window_;
  std::size_t overlap_;
  std::int64_t mels_per_picture_;
  std::vector<Tensor> pictures_;
  std::size_t shared_ = 0;  ///< of pictures_, how many the last window has covered already
  VocoderStream vocoder_;
  std::unique_ptr<CrossFader> mel_;
};

}  // namespace lipsound2::experiment
