#include "augment.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

namespace lipsound2::data {
namespace {

using ToneTable = std::array<std::uint8_t, 256>;

/// Cuts the planes of one channel out of interleaved pictures.
class PlaneCutter {
 public:
  PlaneCutter(const FacePictures& faces, const FaceChange& change, std::int64_t size)
      : faces_(faces), change_(change), size_(size) {}

  /// Mean over all pictures.
  double mean(std::int64_t channel) const {
    std::uint64_t sum = 0;
    for (std::int64_t t = 0; t < faces_.frames; ++t) {
      for (std::int64_t y = 0; y < size_; ++y) {
        const std::uint8_t* line = row(t, y, channel);
        std::uint32_t row_sum = 0;
        for (std::int64_t x = 0; x < size_; ++x)
          row_sum += line[x * faces_.channels];
        sum += row_sum;
      }
    }
    return static_cast<double>(sum) / static_cast<double>(faces_.frames * size_ * size_);
  }

  /// Writes size * size pixels.
  void cut(std::int64_t frame,
           std::int64_t channel,
           const ToneTable& tones,
           std::uint8_t* out) const {
    const std::int64_t step = change_.mirrored ? -faces_.channels : faces_.channels;
    const std::int64_t start = change_.mirrored ? (size_ - 1) * faces_.channels : 0;
    for (std::int64_t y = 0; y < size_; ++y, out += size_) {
      const std::uint8_t* line = row(frame, y, channel) + start;
      for (std::int64_t x = 0; x < size_; ++x)
        out[x] = tones[line[x * step]];
    }
  }

 private:
  const std::uint8_t* row(std::int64_t frame, std::int64_t y, std::int64_t channel) const {
    const std::int64_t line = (frame * faces_.side + change_.top + y) * faces_.side + change_.left;
    return faces_.pixels.data() + line * faces_.channels + channel;
  }

  const FacePictures& faces_;
  const FaceChange& change_;
  const std::int64_t size_;
};

std::uint8_t change_tone(double tone, double mean, const FaceChange& change) {
  const double changed = (tone - mean) * change.contrast + mean + 255 * change.shift;
  return static_cast<std::uint8_t>(std::lround(std::clamp(changed, 0.0, 255.0)));
}

ToneTable tone_table(double mean, const FaceChange& change) {
  ToneTable table{};
  for (std::size_t tone = 0; tone < table.size(); ++tone)
    table[tone] = change_tone(static_cast<double>(tone), mean, change);
  return table;
}

}  // namespace

FaceChange center_cut(const FaceInputConfig& faces) {
  const std::int64_t margin = (faces.resize_to - faces.size) / 2;
  return {.left = margin, .top = margin};
}

FaceChange draw_change(const AugmentConfig& config,
                       const FaceInputConfig& faces,
                       std::int64_t frames,
                       Rng& rng) {
  FaceChange change = center_cut(faces);
  const std::int64_t places = faces.resize_to - faces.size + 1;
  const std::int64_t left = rng.below(places);
  const std::int64_t top = rng.below(places);
  if (config.random_crop) {
    change.left = left;
    change.top = top;
  }
  change.mirrored = rng.chance(config.flip);
  change.shift = config.brightness * rng.uniform(-1, 1);
  change.contrast = 1 + config.contrast * rng.uniform(-1, 1);
  const bool blanks = rng.chance(config.blank);
  const double length = rng.uniform();
  const double place = rng.uniform();
  const std::int64_t longest = std::min(config.blank_frames, frames);
  if (blanks && longest > 0) {
    change.blank_count = 1 + static_cast<std::int64_t>(length * static_cast<double>(longest));
    change.blank_first =
        static_cast<std::int64_t>(place * static_cast<double>(frames - change.blank_count + 1));
  }
  return change;
}

Tensor cut_faces(const FacePictures& faces, const FaceChange& change, std::int64_t size) {
  TORCH_CHECK(change.left >= 0 && change.left + size <= faces.side && change.top >= 0 &&
                  change.top + size <= faces.side,
              "the cut leaves the picture");
  const Tensor cut = at::empty({faces.channels, faces.frames, size, size}, at::kByte);
  const PlaneCutter cutter(faces, change, size);
  std::uint8_t* out = cut.mutable_data_ptr<std::uint8_t>();
  for (std::int64_t c = 0; c < faces.channels; ++c) {
    const double mean = cutter.mean(c);
    const ToneTable tones = tone_table(mean, change);
    for (std::int64_t t = 0; t < faces.frames; ++t, out += size * size) {
      if (t >= change.blank_first && t < change.blank_first + change.blank_count)
        std::fill_n(out, size * size, change_tone(mean, mean, change));
      else
        cutter.cut(t, c, tones, out);
    }
  }
  return cut;
}

}  // namespace lipsound2::data
