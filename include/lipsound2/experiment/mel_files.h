#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lipsound2/audio/mel.h"
#include "lipsound2/core/tensor.h"
#include "lipsound2/lip2mel/decoder.h"

namespace lipsound2::experiment {

/// Mels in files, one each: safetensors with the tensor "mel" [M, bands], natural log, and in the
/// metadata "audio", a YAML text of MelConfig.

/// Throws kData, naming the file, for a mel of another shape than [M > 0, audio.bands] or one that
/// is not finite, kConfig with both settings when "audio" is not `audio`; where it is missing, a
/// warning says so.
Tensor read_mel(const std::filesystem::path& file, const audio::MelConfig& audio);

/// Throws kConfig with both settings, called by these names, when they differ.
void require_same_mels(const audio::MelConfig& mel,
                       const std::string& mel_name,
                       const audio::MelConfig& vocoder,
                       const std::string& vocoder_name);

/// Clips whose mels are to be written, to train a vocoder on them.
struct MelRequest {
  std::string run;                  ///< run or checkpoint of task lip2mel; empty: the latest run
  std::string manifest;             ///< empty: the one the run was trained on
  std::vector<std::string> splits;  ///< such as "train"
  lip2mel::DecoderFeed feed = lip2mel::DecoderFeed::kTruth;
};

/// Writes <folder>/<id>.safetensors for every clip of the splits: what the network makes of its
/// pictures. They are as long as the clip's sound and may be cut into segments together with it.
/// Returns how many.
std::size_t write_mels(const MelRequest& request, const std::filesystem::path& folder);

}  // namespace lipsound2::experiment
