#include "batch_cut.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/where.h>

#include "augment.h"
#include "tone.h"

namespace lipsound2::data {
namespace {

/// Rows of a table with a column for each clip, which one copy brings to the device. The last three
/// are there for each channel.
enum TableRow : std::int64_t {
  kLeft,
  kTop,
  kMirrored,
  kBlankBegin,
  kBlankEnd,
  kEraseLeft,
  kEraseRight,
  kEraseTop,
  kEraseBottom,
  kLength,
  kFactor,
  kBase = kFactor + 3,
  kMean = kBase + 3,
  kTableRows = kMean + 3
};

/// Of one clip, which `column` points to; the rows are `clips` apart.
void fill_column(std::int32_t* column, std::int64_t clips, const FaceChange& change) {
  const auto set = [&](std::int64_t row, std::int64_t value) {
    column[row * clips] = static_cast<std::int32_t>(value);
  };
  set(kLeft, change.left);
  set(kTop, change.top);
  set(kMirrored, change.mirrored ? 1 : 0);
  set(kBlankBegin, change.blank_first);
  set(kBlankEnd, change.blank_first + change.blank_count);
  set(kEraseLeft, change.erase_left);
  set(kEraseRight, change.erase_left + change.erase_width);
  set(kEraseTop, change.erase_top);
  set(kEraseBottom, change.erase_top + change.erase_height);
  for (std::int64_t channel = 0; channel < 3; ++channel) {
    const Tone tone(change, channel);
    set(kFactor + channel, tone.factor);
    set(kBase + channel, tone.base);
    set(kMean + channel, tone.changed_mean);
  }
}

Tensor make_table(const std::vector<FaceChange>& changes, const Tensor& lengths) {
  const auto clips = std::ssize(changes);
  const Tensor table = at::empty({kTableRows, clips}, at::kInt);
  auto* const values = table.mutable_data_ptr<std::int32_t>();
  for (std::int64_t i = 0; i < clips; ++i) {
    fill_column(values + i, clips, changes[static_cast<std::size_t>(i)]);
    values[kLength * clips + i] =
        static_cast<std::int32_t>(lengths.const_data_ptr<std::int64_t>()[i]);
  }
  return table;
}

/// Every step is one operation on the whole batch, dimensions [B, C, T, row, column].
class BatchCutter {
 public:
  BatchCutter(const Tensor& pictures, const Tensor& table, std::int64_t size)
      : pictures_(pictures), table_(table.to(pictures.device())), size_(size) {}

  Tensor operator()() const {
    return at::where(blank() | erased(), of_channels(kMean).to(at::kByte), toned(cut()))
        .mul_(count_along(2) < of_clips(kLength));
  }

 private:
  Tensor of_clips(std::int64_t row) const { return table_.select(0, row).view({-1, 1, 1, 1, 1}); }
  Tensor of_channels(std::int64_t first_row) const {
    const std::int64_t channels = pictures_.size(1);
    return table_.narrow(0, first_row, channels).t().reshape({-1, channels, 1, 1, 1});
  }
  /// 0, 1, ... along the pictures (2), rows (3) or columns (4) of the result.
  Tensor count_along(std::int64_t dimension) const {
    std::vector<std::int64_t> shape(5, 1);
    shape[static_cast<std::size_t>(dimension)] = -1;
    return at::arange(dimension == 2 ? pictures_.size(2) : size_, table_.options()).view(shape);
  }
  Tensor lies_between(std::int64_t dimension, std::int64_t begin, std::int64_t end) const {
    const Tensor counts = count_along(dimension);
    return (counts >= of_clips(begin)) & (counts < of_clips(end));
  }
  Tensor blank() const { return lies_between(2, kBlankBegin, kBlankEnd); }
  Tensor erased() const {
    return lies_between(3, kEraseTop, kEraseBottom) & lies_between(4, kEraseLeft, kEraseRight);
  }

  /// The squares, mirrored or not: each pixel of the result is looked up in its picture.
  Tensor cut() const {
    const auto B = pictures_.size(0), C = pictures_.size(1), T = pictures_.size(2),
               side = pictures_.size(3);
    const Tensor column = count_along(4);
    const Tensor x =
        of_clips(kLeft) + at::where(of_clips(kMirrored) > 0, size_ - 1 - column, column);
    const Tensor y = of_clips(kTop) + count_along(3);
    const Tensor place = (y * side + x).to(at::kLong).view({B, 1, size_ * size_});
    return pictures_.reshape({B, C * T, side * side})
        .gather(2, place.expand({B, C * T, size_ * size_}))
        .view({B, C, T, size_, size_});
  }

  Tensor toned(const Tensor& pixels) const {
    return pixels.to(at::kInt)
        .mul_(of_channels(kFactor) * (1 << Tone::kPixelBits))
        .bitwise_right_shift_(16)
        .add_(of_channels(kBase))
        .bitwise_right_shift_(Tone::kSumBits)
        .clamp_(0, 255)
        .to(at::kByte);
  }

  Tensor pictures_;
  Tensor table_;
  std::int64_t size_;
};

}  // namespace

Tensor cut_batch(const Tensor& pictures,
                 const Tensor& lengths,
                 const std::vector<FaceChange>& changes,
                 std::int64_t size) {
  TORCH_CHECK(pictures.dim() == 5 && std::ssize(changes) == pictures.size(0),
              changes.size(),
              " changes of pictures ",
              pictures.sizes());
  for (const FaceChange& change : changes)
    check_cut(change, pictures.size(3), size);
  return BatchCutter(pictures, make_table(changes, lengths), size)();
}

std::vector<FaceChange> with_means(std::vector<FaceChange> changes,
                                   const Tensor& pictures,
                                   const Tensor& lengths) {
  const Tensor sums = pictures.sum({2, 3, 4}, /*keepdim=*/false, at::kLong).cpu().contiguous();
  const std::int64_t channels = sums.size(1);
  const std::int64_t square = pictures.size(3) * pictures.size(4);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto clip = static_cast<std::int64_t>(i);
    const std::int64_t count = lengths.const_data_ptr<std::int64_t>()[clip] * square;
    for (std::int64_t c = 0; c < channels; ++c)
      changes[i].mean.at(static_cast<std::size_t>(c)) =
          static_cast<double>(sums.const_data_ptr<std::int64_t>()[clip * channels + c]) /
          static_cast<double>(count);
  }
  return changes;
}

}  // namespace lipsound2::data
