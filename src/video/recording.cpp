#include "lipsound2/video/recording.h"

#include <algorithm>
#include <cmath>

#include "lipsound2/core/error.h"

#include "media_reader.h"

namespace lipsound2::video {
namespace {

constexpr std::size_t kMostLevels = 100 * 3600 * 48;  // two days; more is a broken clock

// Sums squares into steps by the time of each sample, so that gaps and a drifting clock do no harm.
class LevelMeter {
 public:
  void add(const DecodedSound& piece, const std::filesystem::path& file) {
    if (energy_.empty())
      start_ = piece.start;
    const double first = (piece.start - start_) / SoundLevels::kStep;
    const double per_sample = 1 / (SoundLevels::kStep * piece.wave.rate);
    const double last = first + per_sample * static_cast<double>(piece.wave.samples.size());
    require(first > -1 / SoundLevels::kStep && last < static_cast<double>(kMostLevels),
            ErrorKind::kData,
            "{}: damaged: the time of the sound jumps from {:.1f} s to {:.1f} s",
            file.string(),
            start_ + SoundLevels::kStep * static_cast<double>(energy_.size()),
            piece.start);
    const auto steps = static_cast<std::size_t>(std::max(0.0, last)) + 1;
    energy_.resize(std::max(energy_.size(), steps));
    counts_.resize(energy_.size());
    for (std::size_t i = 0; i < piece.wave.samples.size(); ++i) {
      const double step = std::max(0.0, first + per_sample * static_cast<double>(i));
      const float sample = piece.wave.samples[i];
      energy_[static_cast<std::size_t>(step)] += sample * sample;
      ++counts_[static_cast<std::size_t>(step)];
    }
  }

  SoundLevels levels() const {
    SoundLevels levels{.start = start_, .rms = {}};
    for (std::size_t i = 0; i < energy_.size(); ++i)
      levels.rms.push_back(std::sqrt(energy_[i] / static_cast<float>(std::max(1, counts_[i]))));
    return levels;
  }

 private:
  double start_ = 0;
  std::vector<float> energy_;
  std::vector<int> counts_;
};

}  // namespace

Recording open_recording(const std::filesystem::path& file) {
  const MediaReader reader(file, MediaReader::Sound::kSkip);
  return {.start = reader.first_time(), .seconds = reader.promised_seconds()};
}

SoundLevels measure_sound_levels(const std::filesystem::path& file,
                                 const std::function<void(double seconds)>& heard) {
  MediaReader reader(file, MediaReader::Sound::kDecode);
  LevelMeter meter;
  double seconds = 0;
  for (DecodedSound piece = reader.next_sound(); !piece.wave.samples.empty();
       piece = reader.next_sound()) {
    meter.add(piece, file);
    heard(seconds += piece.wave.seconds());
  }
  return meter.levels();
}

}  // namespace lipsound2::video
