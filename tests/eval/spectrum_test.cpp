#include "spectrum.h"

#include <numbers>

#include <gmock/gmock.h>

namespace lipsound2::eval {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Numbers without a pattern, between -1 and 1.
std::vector<double> jagged(std::size_t size) {
  std::vector<double> x(size);
  for (std::size_t i = 0; i < size; ++i)
    x[i] = std::sin(static_cast<double>(i * i % 101));
  return x;
}

TEST(PowerOfTwoFourier, AgreesWithTheSum) {
  for (const std::size_t points : {1U, 2U, 4U, 64U}) {
    std::vector<std::complex<double>> x;
    for (const double value : jagged(points))
      x.emplace_back(value, 1 - value * value);

    const auto bins = PowerOfTwoFourier(points).transform(x);

    for (std::size_t k = 0; k < points; ++k) {
      std::complex<double> sum = 0;
      for (std::size_t n = 0; n < points; ++n)
        sum += x[n] * std::polar(1.0,
                                 -2 * std::numbers::pi * static_cast<double>(k * n) /
                                     static_cast<double>(points));
      EXPECT_NEAR(std::abs(bins[k] - sum), 0, 1e-11) << k << " of " << points;
    }
  }
}

TEST(PowerFrames, CoverTheSoundWithoutPadding) {
  const SpectrumFraming framing{.window = 5, .hop = 3};

  EXPECT_EQ(framing.fft(), 8U);
  EXPECT_THAT(power_frames(jagged(4), framing), IsEmpty());
  EXPECT_THAT(power_frames(jagged(5), framing), SizeIs(1));
  EXPECT_THAT(power_frames(jagged(10), framing), SizeIs(2));
  EXPECT_THAT(power_frames(jagged(11), framing), SizeIs(3));
  EXPECT_THAT(power_frames(jagged(5), framing).front(), SizeIs(5));
}

// Under a Hann window a cosine of amplitude 1 on a bin has the power (N / 4)^2 there.
TEST(PowerFrames, FindACosineInItsBin) {
  std::vector<double> sound(64);
  for (std::size_t i = 0; i < sound.size(); ++i)
    sound[i] = std::cos(2 * std::numbers::pi * 10 * static_cast<double>(i) / 64);

  const auto powers = power_frames(sound, {.window = 64, .hop = 64}).front();

  EXPECT_NEAR(powers[10], 256, 1e-9);
  EXPECT_NEAR(powers[9], 64, 1e-9);
  EXPECT_NEAR(powers[20], 0, 1e-9);
}

TEST(SpectrumFraming, RoundsToSamples) {
  const auto framing = spectrum_framing(0.025, 0.010, 44100);

  EXPECT_EQ(framing.window, 1103U);
  EXPECT_EQ(framing.hop, 441U);
  EXPECT_EQ(framing.fft(), 2048U);
}

}  // namespace
}  // namespace lipsound2::eval
