#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/data/manifest.h"
#include "lipsound2/experiment/experiment_config.h"

namespace lipsound2::experiment {

/// A sound to train or score a vocoder on: a clip of a manifest, of which only the sound is read,
/// or a file.
struct SoundClip {
  std::string id;
  std::filesystem::path file;   ///< empty: a clip of the manifest
  data::ManifestEntry entry{};  ///< of that clip
};

/// Whether the file is called as sounds are: .wav, .flac, .ogg or .mp3.
bool is_sound_file(const std::filesystem::path& file);

/// The sounds of one split: those of config.data.manifest, or the files (WAV, FLAC...) in or below
/// config.vocoder.sounds, such as LJSpeech's folder, of which every twentieth by the hash of its
/// name is "valid" (one at least). Throws kData when there are none, and when one of them lacks its
/// mel in config.vocoder.mels.
std::vector<SoundClip> sound_clips(const ExperimentConfig& config, const std::string& split);

/// A sound and its mel, which has a frame per whole hop.
struct SoundWithMel {
  audio::Waveform sound;  ///< cut to whole hops, at config.audio.sample_rate
  Tensor mel;             ///< [M, bands] natural log
};

/// Reads sounds with their mels; with config.vocoder.mels those stored there. Safe to use from
/// several threads.
class SoundClipReader {
 public:
  explicit SoundClipReader(const ExperimentConfig& config);

  /// Throws kIo or kData, naming the clip or file, for what is not readable or too short for a
  /// frame, and for stored mels that do not fit.
  SoundWithMel read(const SoundClip& clip) const;

 private:
  audio::MelConfig audio_;
  audio::MelSpectrogram mel_;
  std::filesystem::path manifest_folder_;
  std::filesystem::path mels_;
};

}  // namespace lipsound2::experiment
