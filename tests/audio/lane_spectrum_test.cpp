#include "lane_spectrum.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/fft_rfft.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/rand.h>
#include <gmock/gmock.h>

#include "lipsound2/core/tensor.h"

namespace lipsound2::audio {
namespace {

TEST(LaneSpectrum, GivesTheMagnitudesThatLibTorchGives) {
  for (const std::int64_t size : {2, 4, 6, 14, 400, 512, 882, 1022, 1024}) {
    const Tensor signals = at::rand({size, kLanes}) - 0.5;
    std::vector<ComplexLanes> samples(static_cast<std::size_t>(size / 2));
    std::vector<ComplexLanes> scratch(samples.size());
    std::copy_n(
        signals.const_data_ptr<float>(), signals.numel(), reinterpret_cast<float*>(samples.data()));

    const Lanes* const found = LaneSpectrum(size)(samples.data(), scratch.data());

    const Tensor magnitudes =
        at::from_blob(const_cast<Lanes*>(found), {size / 2 + 1, kLanes}, at::kFloat);
    const Tensor expected = at::fft_rfft(signals, {}, /*dim=*/0).abs();
    EXPECT_TRUE(at::allclose(magnitudes, expected, 1e-5, 1e-5)) << size;
  }
}

}  // namespace
}  // namespace lipsound2::audio
