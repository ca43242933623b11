#include "lipsound2/experiment/synthesizer.h"

#include <utility>

#include <torch/torch.h>

#include "cross_fader.h"

namespace lipsound2::experiment {
namespace {

constexpr std::int64_t kVocoderWindow = 1000;  // mel frames
constexpr std::int64_t kVocoderOverlap = 100;  // mel frames shared by neighboring windows

std::span<const float> as_samples(const Tensor& column) {
  return {column.const_data_ptr<float>(), static_cast<std::size_t>(column.numel())};
}

}  // namespace

Synthesizer::Synthesizer(lip2mel::Lip2Mel network,
                         const ExperimentConfig& config,
                         const std::string& device,
                         std::shared_ptr<const vocoder::Vocoder> vocoder)
    : mels_(std::move(network), config, device),
      rate_(static_cast<int>(config.audio.sample_rate)),
      vocoder_(std::move(vocoder)) {}

audio::Waveform Synthesizer::sound(const Tensor& mel) const {
  audio::Waveform result{{}, rate_};
  VocoderStream stream(*this, [&](std::span<const float> samples) {
    result.samples.insert(result.samples.end(), samples.begin(), samples.end());
  });
  stream.add(mel);
  stream.finish();
  return result;
}

VocoderStream::VocoderStream(const Synthesizer& synthesizer, SoundSink sink)
    : synthesizer_(synthesizer),
      sound_(std::make_unique<CrossFader>([sink = std::move(sink)](const Tensor& column) {
        sink(as_samples(column.contiguous()));
      })) {}

VocoderStream::~VocoderStream() = default;

void VocoderStream::add(const Tensor& mel) {
  waiting_ = waiting_.defined() ? torch::cat({waiting_, mel}) : mel;
  while (waiting_.size(0) >= kVocoderWindow) {
    vocode(kVocoderWindow);
    waiting_ = waiting_.slice(0, kVocoderWindow - kVocoderOverlap).clone();
    shared_ = kVocoderOverlap;
    first_ += kVocoderWindow - kVocoderOverlap;
  }
}

void VocoderStream::finish() {
  if (waiting_.defined() && waiting_.size(0) > shared_)
    vocode(waiting_.size(0));
  sound_->finish();
}

void VocoderStream::vocode(std::int64_t frames) {
  const audio::Waveform sound = synthesizer_.vocode(waiting_.slice(0, 0, frames), first_);
  const std::int64_t hop = static_cast<std::int64_t>(sound.samples.size()) / frames;
  sound_->add(torch::tensor(c10::ArrayRef<float>(sound.samples)).unsqueeze(1), shared_ * hop);
}

WindowedSynthesis::WindowedSynthesis(Synthesizer& synthesizer,
                                     const ExperimentConfig& config,
                                     VocoderStream::SoundSink sink)
    : synthesizer_(synthesizer),
      window_(static_cast<std::size_t>(config.eval.window_pictures)),
      overlap_(static_cast<std::size_t>(config.eval.overlap_pictures)),
      mels_per_picture_(config.lip2mel.mel_frames_per_picture),
      vocoder_(synthesizer, std::move(sink)),
      mel_(std::make_unique<CrossFader>([this](const Tensor& mel) { vocoder_.add(mel); })) {}

WindowedSynthesis::~WindowedSynthesis() = default;

void WindowedSynthesis::add(const Tensor& picture) {
  pictures_.push_back(picture);
  if (pictures_.size() == window_)
    synthesize_window();
}

void WindowedSynthesis::synthesize_window() {
  data::Batch batch;
  batch.faces = torch::stack(pictures_, 1).unsqueeze(0);
  batch.face_lengths = torch::tensor({static_cast<std::int64_t>(pictures_.size())});
  const Tensor mel = synthesizer_.mels(batch).front().mel;
  mel_->add(mel, static_cast<std::int64_t>(shared_) * mels_per_picture_);
  shared_ = std::min(overlap_, pictures_.size());
  pictures_.erase(pictures_.begin(), pictures_.end() - static_cast<std::ptrdiff_t>(shared_));
}

void WindowedSynthesis::finish() {
  if (pictures_.size() > shared_)
    synthesize_window();
  mel_->finish();
  vocoder_.finish();
}

}  // namespace lipsound2::experiment
