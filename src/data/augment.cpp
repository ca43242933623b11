#include "augment.h"

#include <algorithm>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "lipsound2/core/vectorized.h"

#include "tone.h"

namespace lipsound2::data {
namespace {

/// A square out of one channel of one picture.
struct PlaneCut {
  const std::uint8_t* first;  ///< its first pixel
  std::int64_t row;           ///< bytes from row to row
  std::int64_t size;
  std::uint8_t* out;
};

enum class Turn { kAsItIs, kMirrored };

template <Turn kTurn>
void cut_plane(const PlaneCut& cut, const Tone& tone) {
  run_vectorized([cut, tone]() __attribute__((always_inline)) {
    // Locals: bytes written could change what a lambda holds, for all that the compiler knows.
    const std::int64_t size = cut.size;
    const std::int64_t row = cut.row;
    const std::int16_t factor = tone.factor;
    const std::int16_t base = tone.base;
    const std::uint8_t* line = cut.first;
    std::uint8_t* out = cut.out;
    for (std::int64_t y = 0; y < size; ++y, line += row, out += size)
      for (std::int64_t x = 0; x < size; ++x) {
        const std::uint8_t value = line[kTurn == Turn::kMirrored ? size - 1 - x : x];
        const auto pixel = static_cast<std::int16_t>(value << Tone::kPixelBits);
        const auto scaled = static_cast<std::int16_t>((pixel * factor) >> 16);
        const auto sum = static_cast<std::int16_t>(scaled + base);
        const auto changed = static_cast<std::int16_t>(sum >> Tone::kSumBits);
        const std::int16_t low = changed < 0 ? std::int16_t{0} : changed;
        out[x] = static_cast<std::uint8_t>(low > 255 ? std::int16_t{255} : low);
      }
  });
}

void erase(std::uint8_t* picture, const FaceChange& change, std::int64_t size, std::uint8_t tone) {
  for (std::int64_t y = 0; y < change.erase_height; ++y)
    std::fill_n(
        picture + (change.erase_top + y) * size + change.erase_left, change.erase_width, tone);
}

bool is_blank(const FaceChange& change, std::int64_t picture) {
  return picture >= change.blank_first && picture < change.blank_first + change.blank_count;
}

void draw_blanks(const AugmentConfig& config, std::int64_t frames, Rng& rng, FaceChange& change) {
  const bool blanks = rng.chance(config.blank);
  const double length = rng.uniform();
  const double place = rng.uniform();
  const std::int64_t longest = std::min(config.blank_frames, frames);
  if (!blanks || longest <= 0)
    return;
  change.blank_count = 1 + static_cast<std::int64_t>(length * static_cast<double>(longest));
  change.blank_first =
      static_cast<std::int64_t>(place * static_cast<double>(frames - change.blank_count + 1));
}

void draw_erased(const AugmentConfig& config, std::int64_t size, Rng& rng, FaceChange& change) {
  const bool erases = rng.chance(config.erase);
  const double shares[] = {rng.uniform(), rng.uniform()};
  const double places[] = {rng.uniform(), rng.uniform()};
  const auto longest = static_cast<std::int64_t>(config.erase_size * static_cast<double>(size));
  if (!erases || longest <= 0)
    return;
  const auto side = [&](int axis) {
    return 1 + static_cast<std::int64_t>(shares[axis] * static_cast<double>(longest));
  };
  const auto place = [&](int axis, std::int64_t length) {
    return static_cast<std::int64_t>(places[axis] * static_cast<double>(size - length + 1));
  };
  change.erase_width = side(0);
  change.erase_height = side(1);
  change.erase_left = place(0, change.erase_width);
  change.erase_top = place(1, change.erase_height);
}

}  // namespace

void check_cut(const FaceChange& change, std::int64_t side, std::int64_t size) {
  TORCH_CHECK(change.left >= 0 && change.left + size <= side && change.top >= 0 &&
                  change.top + size <= side,
              "the cut leaves the picture");
}

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
  draw_blanks(config, frames, rng, change);
  draw_erased(config, faces.size, rng, change);
  return change;
}

void cut_faces_into(const FaceSlot& slot,
                    const Tensor& pictures,
                    const FaceChange& change,
                    std::int64_t size) {
  const std::int64_t frames = pictures.size(1);
  const std::int64_t side = pictures.size(2);
  check_cut(change, side, size);
  const std::uint8_t* const pixels = pictures.const_data_ptr<std::uint8_t>();
  const auto cut = change.mirrored ? cut_plane<Turn::kMirrored> : cut_plane<Turn::kAsItIs>;
  for (std::int64_t c = 0; c < pictures.size(0); ++c) {
    const Tone tone(change, c);
    for (std::int64_t t = 0; t < frames; ++t) {
      std::uint8_t* const out = slot.pixels + c * slot.plane + t * size * size;
      if (is_blank(change, t)) {
        std::fill_n(out, size * size, tone.changed_mean);
        continue;
      }
      const std::int64_t first = ((c * frames + t) * side + change.top) * side + change.left;
      cut({pixels + first, side, size, out}, tone);
      erase(out, change, size, tone.changed_mean);
    }
  }
}

Tensor cut_faces(const Tensor& pictures, const FaceChange& change, std::int64_t size) {
  const Tensor cut = at::empty({pictures.size(0), pictures.size(1), size, size}, at::kByte);
  cut_faces_into({cut.mutable_data_ptr<std::uint8_t>(), pictures.size(1) * size * size},
                 pictures,
                 change,
                 size);
  return cut;
}

}  // namespace lipsound2::data
