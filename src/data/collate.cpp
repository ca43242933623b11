#include "collate.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

namespace lipsound2::data {

Batch collate(std::vector<Example> examples) {
  TORCH_CHECK(!examples.empty(), "a batch of nothing");
  const auto count = std::ssize(examples);
  std::int64_t most_faces = 0;
  std::int64_t most_mel = 0;
  for (const Example& example : examples) {
    most_faces = std::max(most_faces, example.faces.size(1));
    most_mel = std::max(most_mel, example.mel.size(0));
  }
  const Tensor& faces = examples.front().faces;
  const Tensor& mel = examples.front().mel;

  Batch batch;
  batch.faces =
      at::zeros({count, faces.size(0), most_faces, faces.size(2), faces.size(3)}, faces.options());
  batch.mel = at::zeros({count, most_mel, mel.size(1)}, mel.options());
  batch.face_lengths = at::empty({count}, at::kLong);
  batch.mel_lengths = at::empty({count}, at::kLong);
  auto* face_lengths = batch.face_lengths.mutable_data_ptr<std::int64_t>();
  auto* mel_lengths = batch.mel_lengths.mutable_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < count; ++i) {
    Example& example = examples[static_cast<std::size_t>(i)];
    face_lengths[i] = example.faces.size(1);
    mel_lengths[i] = example.mel.size(0);
    batch.faces.select(0, i).narrow(1, 0, face_lengths[i]).copy_(example.faces);
    batch.mel.select(0, i).narrow(0, 0, mel_lengths[i]).copy_(example.mel);
    batch.ids.push_back(std::move(example.id));
    batch.texts.push_back(std::move(example.text));
    if (!example.samples.empty())
      batch.samples.push_back(std::move(example.samples));
  }
  return batch;
}

}  // namespace lipsound2::data
