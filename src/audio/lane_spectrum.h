#pragma once

#include <cstdint>
#include <vector>

namespace lipsound2::audio {

/// The same sample of several signals side by side, so that one operation works on all of them.
/// The alignment, by which compilers for vectors of that size go, others do not know.
using Lanes [[gnu::vector_size(32), gnu::aligned(32)]] = float;
inline constexpr std::int64_t kLanes = sizeof(Lanes) / sizeof(float);

struct ComplexLanes {
  Lanes real;
  Lanes imaginary;
};

/// A complex factor.
struct Turn {
  float real;
  float imaginary;
};

/// One step of Stockham's algorithm (Cochran et al. 1967): `stride` interleaved transforms of
/// radix * length values become radix * stride of `length` values.
struct SpectrumPass {
  std::int64_t radix;
  std::int64_t length;
  std::int64_t stride;
  std::vector<Turn> turns;  ///< [length, radix], of the outputs
  std::vector<Turn> roots;  ///< [radix], of one
};

/// Magnitudes of the Fourier transforms of kLanes real signals at once. Any even size, fast for
/// products of small primes. Immutable, so safe to use from several threads.
class LaneSpectrum {
 public:
  explicit LaneSpectrum(std::int64_t size);

  /// `signals` holds an even and an odd sample of each in each of its size / 2 values; `scratch`
  /// is as long. Overwrites both; size / 2 + 1 magnitudes are in the one that is returned.
  const Lanes* operator()(ComplexLanes* signals, ComplexLanes* scratch) const;

 private:
  std::int64_t half_;
  std::vector<SpectrumPass> passes_;
  std::vector<Turn> turns_;  ///< [half_ / 2 + 1]: by how much odd samples come after even ones
};

}  // namespace lipsound2::audio
