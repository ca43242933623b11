#include "lipsound2/experiment/figure.h"

#include <algorithm>
#include <array>
#include <vector>

#include <png.h>
#include <torch/types.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

using Palette = std::array<png_color, 256>;

// From dark to bright: lightness grows steadily, so that a map reads in gray and for the
// color-blind.
Palette heat_colors() {
  static constexpr std::array<std::array<double, 3>, 6> anchors = {
      {{8, 6, 30}, {62, 20, 100}, {140, 40, 112}, {214, 74, 80}, {248, 150, 60}, {252, 244, 170}}};
  Palette palette;
  for (std::size_t i = 0; i < palette.size(); ++i) {
    const double place = static_cast<double>(i * (anchors.size() - 1)) / (palette.size() - 1);
    const auto low = std::min(static_cast<std::size_t>(place), anchors.size() - 2);
    const double share = place - static_cast<double>(low);
    const auto blend = [&](std::size_t c) {
      return static_cast<png_byte>(anchors[low][c] * (1 - share) + anchors[low + 1][c] * share +
                                   0.5);
    };
    palette[i] = {blend(0), blend(1), blend(2)};
  }
  return palette;
}

struct Raster {
  std::int64_t width = 0;
  std::vector<png_byte> pixels;  // places in the palette, row by row
};

// Each value becomes a block of pixels.
Raster as_raster(const Tensor& map, const HeatRange& range) {
  const double span = std::max(range.high - range.low, 1e-9);
  const Tensor colors = ((map.detach().to(torch::kCPU, torch::kFloat64) - range.low) / span * 255)
                            .round()
                            .clamp(0, 255)
                            .to(torch::kUInt8);
  const std::int64_t columns = map.size(0), rows = map.size(1);
  const std::int64_t wide = std::max<std::int64_t>(1, 900 / columns);
  const std::int64_t high = std::max<std::int64_t>(2, 160 / rows);
  const Tensor blocks = colors.t().flip(0).repeat_interleave(high, 0).repeat_interleave(wide, 1);
  const Tensor pixels = blocks.contiguous();
  const auto* first = pixels.const_data_ptr<std::uint8_t>();
  return {columns * wide, std::vector<png_byte>(first, first + pixels.numel())};
}

void append_bytes(png_structp png, png_bytep bytes, std::size_t count) {
  static_cast<std::string*>(png_get_io_ptr(png))
      ->append(reinterpret_cast<const char*>(bytes), count);
}

void refuse_png(png_structp, png_const_charp message) {
  fail(ErrorKind::kIo, "PNG: {}", message);
}

std::string encode_png(const Raster& raster) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, refuse_png, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &bytes, append_bytes, nullptr);
  const auto width = static_cast<png_uint_32>(raster.width);
  const auto height = static_cast<png_uint_32>(raster.pixels.size() / width);
  png_set_IHDR(png,
               info,
               width,
               height,
               8,
               PNG_COLOR_TYPE_PALETTE,
               PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  const Palette palette = heat_colors();
  png_set_PLTE(png, info, palette.data(), palette.size());
  png_write_info(png, info);
  for (png_uint_32 y = 0; y < height; ++y)
    png_write_row(png, &raster.pixels[static_cast<std::size_t>(y) * width]);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

HeatRange range_of(const Tensor& values) {
  return {values.min().item<double>(), values.max().item<double>()};
}

}  // namespace

std::string heat_map_png(const Tensor& map, const HeatRange& range) {
  return encode_png(as_raster(map, range));
}

FigureFiles figure_files(const fs::path& folder, const std::string& name) {
  return {folder / (name + "_reference.png"),
          folder / (name + "_synthesized.png"),
          folder / (name + "_attention.png")};
}

void write_figures(const FigureFiles& files, const ClipFigure& figure) {
  make_folder(files.mel.parent_path());
  const HeatRange reference = range_of(figure.reference_mel), made = range_of(figure.mel);
  const HeatRange mels{std::min(reference.low, made.low), std::max(reference.high, made.high)};
  write_file(files.reference_mel, heat_map_png(figure.reference_mel, mels));
  write_file(files.mel, heat_map_png(figure.mel, mels));
  write_file(files.attention, heat_map_png(figure.weights, range_of(figure.weights)));
}

std::string file_stem(const std::string& id) {
  std::string stem = id;
  std::replace(stem.begin(), stem.end(), '/', '_');
  return stem;
}

}  // namespace lipsound2::experiment
