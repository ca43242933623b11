#include "batch_decoder.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

#include "picture_decoder.h"
#include "resize_batch.h"
#include "resizer.h"
#include "support/toy_corpus.h"

namespace lipsound2::data {
namespace {

/// Two clips, of three and of one picture.
Batch jpeg_batch(const FaceInputConfig& input) {
  Batch batch;
  batch.ids = {"a", "b"};
  batch.face_lengths = at::tensor({std::int64_t{3}, std::int64_t{1}});
  batch.left.input = input;
  batch.left.jpegs = {testing::toy_clip("a", 1, 3, /*channels=*/3).faces,
                      testing::toy_clip("b", 2, 1, /*channels=*/3).faces};
  batch.left.changes.resize(2);
  return batch;
}

TEST(BatchDecoder, GivesThePicturesOfEachClipAndZerosBehindThem) {
  const FaceInputConfig input{.size = 20, .resize_to = 30, .color = true};
  const Batch batch = jpeg_batch(input);

  const Tensor faces = BatchDecoder(c10::Device(c10::kCPU))(batch);

  ASSERT_EQ(faces.sizes(), (at::IntArrayRef{2, 3, 3, 30, 30}));
  const auto& first = batch.left.jpegs[0];
  const auto& second = batch.left.jpegs[1];
  EXPECT_TRUE(at::equal(faces[0], decode_pictures({first.begin(), first.end()}, input, "a")));
  EXPECT_TRUE(at::equal(faces[1].narrow(1, 0, 1), decode_pictures({second[0]}, input, "b")));
  EXPECT_EQ(faces[1].narrow(1, 1, 2).sum().item<int>(), 0);
}

TEST(BatchDecoder, NamesThePictureThatIsNone) {
  Batch batch = jpeg_batch({.size = 20, .resize_to = 30});
  batch.left.jpegs[0][1] = "no picture";

  EXPECT_THAT(
      [&] { BatchDecoder(c10::Device(c10::kCPU))(batch); },
      ::testing::ThrowsMessage<Error>(::testing::HasSubstr("clip 'a', picture 2: expected a")));
}

/// Every plane of [N, C, height, width] by Resizer.
Tensor resized_one_by_one(const Tensor& pictures, std::int64_t side) {
  const Tensor out = at::zeros({pictures.size(0), pictures.size(1), side, side}, at::kByte);
  const auto height = static_cast<int>(pictures.size(2));
  const auto width = static_cast<int>(pictures.size(3));
  const auto to = static_cast<int>(side);
  Resizer resizer({width, height}, {to, to});
  for (std::int64_t i = 0; i < pictures.size(0) * pictures.size(1); ++i)
    resizer(pictures.const_data_ptr<std::uint8_t>() + i * height * width,
            out.mutable_data_ptr<std::uint8_t>() + i * side * side);
  return out;
}

TEST(ResizeBatch, EqualsTheResizerToTheBit) {
  for (const auto& [height, width] : {std::pair{40, 57}, {16, 11}, {25, 25}, {112, 112}}) {
    const Tensor pictures = at::randint(0, 256, {300, 3, height, width}, at::kByte);

    EXPECT_TRUE(at::equal(resize_batch(pictures, 25), resized_one_by_one(pictures, 25)))
        << height << " x " << width;
  }
}

}  // namespace
}  // namespace lipsound2::data
