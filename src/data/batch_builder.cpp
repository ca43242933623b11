#include "batch_builder.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "augment.h"

namespace lipsound2::data {

BatchBuilder::BatchBuilder(const std::vector<ClipShape>& shapes,
                           const LoaderConfig& config,
                           const TensorPool& pool)
    : faces_(config.faces), state_(config.pictures) {
  TORCH_CHECK(!shapes.empty(), "a batch of nothing");
  const auto clips = std::ssize(shapes);
  ClipShape most;
  batch_.face_lengths = at::empty({clips}, at::kLong);
  batch_.mel_lengths = at::empty({clips}, at::kLong);
  for (std::int64_t i = 0; i < clips; ++i) {
    const ClipShape& shape = shapes[static_cast<std::size_t>(i)];
    most.frames = std::max(most.frames, shape.frames);
    most.mel_frames = std::max(most.mel_frames, shape.mel_frames);
    batch_.face_lengths.mutable_data_ptr<std::int64_t>()[i] = shape.frames;
    batch_.mel_lengths.mutable_data_ptr<std::int64_t>()[i] = shape.mel_frames;
  }
  batch_.ids.resize(shapes.size());
  batch_.texts.resize(shapes.size());
  batch_.samples.resize(config.with_samples ? shapes.size() : 0);
  batch_.left.input = faces_;
  batch_.left.changes.resize(state_ == PictureState::kFinished ? 0 : shapes.size());
  batch_.left.jpegs.resize(state_ == PictureState::kJpeg ? shapes.size() : 0);
  const std::int64_t side = state_ == PictureState::kFinished ? faces_.size : faces_.resize_to;
  if (state_ != PictureState::kJpeg)
    batch_.faces = pool.take({clips, faces_.channels(), most.frames, side, side});
  batch_.mel = at::empty({clips, most.mel_frames, config.mel.bands}, at::kFloat);
}

void BatchBuilder::put(std::size_t place, Example example) {
  const auto index = static_cast<std::int64_t>(place);
  if (state_ != PictureState::kFinished)
    batch_.left.changes[place] = example.change;
  if (state_ == PictureState::kJpeg)
    batch_.left.jpegs[place] = example.clip->jpegs;
  else
    put_faces(index, example.clip->pictures, example.change);
  put_mel(index, example.clip->mel);
  batch_.ids[place] = std::move(example.id);
  batch_.texts[place] = std::move(example.text);
  if (!batch_.samples.empty())
    batch_.samples[place] = example.clip->samples;
}

void BatchBuilder::put_faces(std::int64_t place, const Tensor& pictures, const FaceChange& change) {
  const Tensor room = batch_.faces.select(0, place);
  const std::int64_t frames = pictures.size(1);
  TORCH_CHECK(frames == batch_.face_lengths.const_data_ptr<std::int64_t>()[place],
              "a clip that is not as long as its shape");
  auto* const pixels = room.mutable_data_ptr<std::uint8_t>();
  const std::int64_t plane = room.numel() / room.size(0);
  const std::int64_t filled = frames * room.size(2) * room.size(3);
  if (state_ == PictureState::kFinished) {
    cut_faces_into({pixels, plane}, pictures, change, faces_.size);
  } else {
    for (std::int64_t c = 0; c < room.size(0); ++c)
      std::copy_n(pictures.const_data_ptr<std::uint8_t>() + c * filled, filled, pixels + c * plane);
  }
  for (std::int64_t c = 0; c < room.size(0); ++c)
    std::fill(pixels + c * plane + filled, pixels + (c + 1) * plane, std::uint8_t{0});
}

void BatchBuilder::put_mel(std::int64_t place, const Tensor& mel) {
  const Tensor room = batch_.mel.select(0, place);
  TORCH_CHECK(mel.size(0) == batch_.mel_lengths.const_data_ptr<std::int64_t>()[place] &&
                  mel.is_contiguous(),
              "a mel that is not as long as its shape");
  auto* const values = room.mutable_data_ptr<float>();
  std::copy_n(mel.const_data_ptr<float>(), mel.numel(), values);
  std::fill(values + mel.numel(), values + room.numel(), 0.0F);
}

}  // namespace lipsound2::data
