#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "lipsound2/audio/waveform.h"

namespace lipsound2 {

/// What scripts/reference/make_companions_reference.py calls by the same names.
struct TestSpeech {
  int rate = 16000;
  double seconds = 2;
  double pitch = 1;      ///< factor
  double tempo = 1;      ///< factor
  double noise = 0.002;  ///< greatest amplitude
  std::uint64_t seed = 1;
};

/// Ten harmonics of a voice that glides around 140 Hz, changes its timbre and falls silent now and
/// then, with white noise.
inline audio::Waveform make_test_speech(const TestSpeech& speech) {
  constexpr double kTurn = 2 * 3.14159265358979323846;
  audio::Waveform sound{std::vector<float>(static_cast<std::size_t>(speech.rate * speech.seconds)),
                        speech.rate};
  std::uint64_t state = speech.seed;
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    const double t = speech.tempo * static_cast<double>(i) / speech.rate;
    const double phase =
        speech.pitch / speech.tempo * (kTurn * 140 * t + 40 / 0.8 * std::sin(kTurn * 0.8 * t));
    double voice = 0;
    for (int k = 1; k <= 10; ++k)
      voice += (1 + 0.6 * std::sin(kTurn * (0.9 * t + 0.2 * k))) / k * std::sin(k * phase);
    state = state * 6364136223846793005U + 1442695040888963407U;
    const double uniform = static_cast<double>(state >> 44) / (1 << 20);
    sound.samples[i] =
        static_cast<float>(0.15 * std::max(0.0, std::sin(kTurn * 1.25 * t + 0.3)) * voice +
                           speech.noise * (2 * uniform - 1));
  }
  return sound;
}

}  // namespace lipsound2
