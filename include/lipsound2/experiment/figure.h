#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lipsound2/core/tensor.h"

namespace lipsound2::experiment {

/// PNG bytes of a stack of heat maps, one below the other, each scaled to its own range: dark is
/// low, bright is high. Time runs to the right. Each panel is [columns (time), rows (bands, low at
/// the bottom)].
std::string heat_map_png(const std::vector<Tensor>& panels);

/// Mel spectrograms (reference above, generated below) and the attention weights of one clip.
struct ClipFigure {
  Tensor reference_mel;  ///< [M, bands]; may be undefined
  Tensor mel;            ///< [M, bands]
  Tensor weights;        ///< [steps, T]
};

/// The PNG bytes of a clip's figure.
struct FigurePngs {
  std::string mel;
  std::string attention;
};

/// Writes <stem>_mel.png and <stem>_attention.png into the folder, and hands them out.
FigurePngs write_figures(const std::filesystem::path& folder,
                         const std::string& stem,
                         const ClipFigure& figure);

/// An id as a file name: '/' becomes '_'.
std::string file_stem(const std::string& id);

}  // namespace lipsound2::experiment
