#pragma once

#include <filesystem>
#include <string>

#include "lipsound2/core/tensor.h"

namespace lipsound2::experiment {

/// The values that get the darkest and the brightest color.
struct HeatRange {
  double low = 0;
  double high = 1;
};

/// PNG bytes of a map [columns (time), rows (bands, low at the bottom)], dark to bright from
/// range.low to range.high; time runs to the right. About 900 pixels wide, no less than 160 high.
std::string heat_map_png(const Tensor& map, const HeatRange& range);

/// What is drawn of one clip.
struct ClipFigure {
  Tensor reference_mel;  ///< [M, bands]
  Tensor mel;            ///< [M', bands]
  Tensor weights;        ///< [steps, T] attention
};

/// Where the pictures of one clip lie.
struct FigureFiles {
  std::filesystem::path reference_mel;
  std::filesystem::path mel;
  std::filesystem::path attention;
};

/// <folder>/<name>_reference.png, _synthesized.png and _attention.png.
FigureFiles figure_files(const std::filesystem::path& folder, const std::string& name);

/// Writes the pictures, making their folder. Both mels have one range, so that they compare.
void write_figures(const FigureFiles& files, const ClipFigure& figure);

/// An id as a file name: '/' becomes '_'.
std::string file_stem(const std::string& id);

}  // namespace lipsound2::experiment
