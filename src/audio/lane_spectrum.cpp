#include "lane_spectrum.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <c10/util/Exception.h>

#include "lipsound2/core/vectorized.h"

namespace lipsound2::audio {
namespace {

[[gnu::always_inline]] inline ComplexLanes operator+(const ComplexLanes& a, const ComplexLanes& b) {
  return {a.real + b.real, a.imaginary + b.imaginary};
}
[[gnu::always_inline]] inline ComplexLanes operator-(const ComplexLanes& a, const ComplexLanes& b) {
  return {a.real - b.real, a.imaginary - b.imaginary};
}
[[gnu::always_inline]] inline ComplexLanes operator*(const ComplexLanes& a, const Turn& b) {
  return {a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real};
}
/// Times -i.
[[gnu::always_inline]] inline ComplexLanes turned_back(const ComplexLanes& a) {
  return {a.imaginary, -a.real};
}

/// exp(-2 pi i numerator / denominator).
Turn turn(std::int64_t numerator, std::int64_t denominator) {
  const double angle = -2 * std::numbers::pi * static_cast<double>(numerator % denominator) /
                       static_cast<double>(denominator);
  return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
}

/// Four, as long as it divides, then the smallest prime.
std::int64_t choose_radix(std::int64_t length) {
  if (length % 4 == 0)
    return 4;
  std::int64_t radix = 2;
  while (length % radix != 0)
    ++radix;
  return radix;
}

SpectrumPass plan_pass(std::int64_t all, std::int64_t stride) {
  const std::int64_t radix = choose_radix(all);
  SpectrumPass pass{radix, all / radix, stride, {}, {}};
  for (std::int64_t p = 0; p < pass.length; ++p)
    for (std::int64_t k = 0; k < radix; ++k)
      pass.turns.push_back(turn(p * k, all));
  for (std::int64_t k = 0; k < radix; ++k)
    pass.roots.push_back(turn(k, radix));
  return pass;
}

[[gnu::always_inline]] inline void run_radix_4(const SpectrumPass& pass,
                                               const ComplexLanes* __restrict in,
                                               ComplexLanes* __restrict out) {
  const std::int64_t apart = pass.length * pass.stride;
  for (std::int64_t p = 0; p < pass.length; ++p, out += 3 * pass.stride) {
    const Turn* const turns = pass.turns.data() + 4 * p;
    for (std::int64_t q = 0; q < pass.stride; ++q, ++in, ++out) {
      const ComplexLanes even = in[0] + in[2 * apart];
      const ComplexLanes even_apart = in[0] - in[2 * apart];
      const ComplexLanes odd = in[apart] + in[3 * apart];
      const ComplexLanes odd_apart = turned_back(in[apart] - in[3 * apart]);
      out[0] = even + odd;
      out[pass.stride] = (even_apart + odd_apart) * turns[1];
      out[2 * pass.stride] = (even - odd) * turns[2];
      out[3 * pass.stride] = (even_apart - odd_apart) * turns[3];
    }
  }
}

[[gnu::always_inline]] inline void run_any_radix(const SpectrumPass& pass,
                                                 const ComplexLanes* __restrict in,
                                                 ComplexLanes* __restrict out) {
  const std::int64_t apart = pass.length * pass.stride;
  for (std::int64_t p = 0; p < pass.length; ++p, out += (pass.radix - 1) * pass.stride) {
    const Turn* const turns = pass.turns.data() + pass.radix * p;
    for (std::int64_t q = 0; q < pass.stride; ++q, ++in, ++out)
      for (std::int64_t k = 0; k < pass.radix; ++k) {
        ComplexLanes sum = in[0];
        for (std::int64_t j = 1; j < pass.radix; ++j)
          sum = sum + in[j * apart] * pass.roots[static_cast<std::size_t>(j * k % pass.radix)];
        out[k * pass.stride] = sum * turns[k];
      }
  }
}

/// The transform of a real signal out of that of its even samples as real and its odd ones as
/// imaginary parts.
[[gnu::always_inline]] inline void real_magnitudes(const ComplexLanes* __restrict parts,
                                                   const std::vector<Turn>& turns,
                                                   std::int64_t half,
                                                   Lanes* __restrict magnitudes) {
  for (std::int64_t k = 0; 2 * k <= half; ++k) {
    const ComplexLanes& a = parts[k];
    const ComplexLanes& b = parts[k == 0 ? 0 : half - k];
    const ComplexLanes even{0.5F * (a.real + b.real), 0.5F * (a.imaginary - b.imaginary)};
    const ComplexLanes odd =
        ComplexLanes{0.5F * (a.imaginary + b.imaginary), 0.5F * (b.real - a.real)} *
        turns[static_cast<std::size_t>(k)];
    const ComplexLanes low = even + odd;
    const ComplexLanes high = even - odd;
    magnitudes[half - k] = high.real * high.real + high.imaginary * high.imaginary;
    magnitudes[k] = low.real * low.real + low.imaginary * low.imaginary;
  }
  auto* const __restrict squares = reinterpret_cast<float*>(magnitudes);
  for (std::int64_t i = 0; i < (half + 1) * kLanes; ++i)
    squares[i] = std::sqrt(squares[i]);
}

}  // namespace

LaneSpectrum::LaneSpectrum(std::int64_t size) : half_(size / 2) {
  TORCH_CHECK(size > 0 && size % 2 == 0, "a transform of ", size, " samples");
  for (std::int64_t all = half_; all > 1; all = passes_.back().length)
    passes_.push_back(plan_pass(all, half_ / all));
  for (std::int64_t k = 0; 2 * k <= half_; ++k)
    turns_.push_back(turn(k, size));
}

const Lanes* LaneSpectrum::operator()(ComplexLanes* signals, ComplexLanes* scratch) const {
  Lanes* magnitudes = nullptr;
  run_vectorized([=, this, &magnitudes]() __attribute__((always_inline)) {
    ComplexLanes* in = signals;
    ComplexLanes* out = scratch;
    for (const SpectrumPass& pass : passes_) {
      if (pass.radix == 4)
        run_radix_4(pass, in, out);
      else
        run_any_radix(pass, in, out);
      std::swap(in, out);
    }
    magnitudes = &out->real;
    real_magnitudes(in, turns_, half_, magnitudes);
  });
  return magnitudes;
}

}  // namespace lipsound2::audio
