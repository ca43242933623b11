#include "lipsound2/experiment/figure.h"

#include <algorithm>
#include <array>

#include <png.h>
#include <torch/types.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

struct Rgb {
  std::uint8_t r, g, b;
};

// Anchors from dark to bright whose lightness grows steadily, so that the map reads in gray and for
// the color-blind.
Rgb heat_color(double value) {
  static constexpr std::array<std::array<double, 3>, 6> anchors = {
      {{8, 6, 30}, {62, 20, 100}, {140, 40, 112}, {214, 74, 80}, {248, 150, 60}, {252, 244, 170}}};
  const double place = std::clamp(value, 0.0, 1.0) * (anchors.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(place), anchors.size() - 2);
  const double share = place - static_cast<double>(low);
  const auto blend = [&](std::size_t c) {
    return static_cast<std::uint8_t>(anchors[low][c] * (1 - share) + anchors[low + 1][c] * share +
                                     0.5);
  };
  return {blend(0), blend(1), blend(2)};
}

struct Raster {
  std::int64_t width = 0;
  std::vector<Rgb> pixels;
};

// Each value becomes a block of pixels, so that a panel is about 900 pixels wide and no less than
// 160 high.
void append_panel(Raster& raster, const Tensor& panel) {
  const Tensor values = panel.detach().to(torch::kCPU, torch::kFloat64).contiguous();
  const double low = values.min().item<double>();
  const double range = std::max(values.max().item<double>() - low, 1e-9);
  const std::int64_t columns = values.size(0), rows = values.size(1);
  const std::int64_t high = std::max<std::int64_t>(2, 160 / rows);
  const auto cell = values.accessor<double, 2>();
  for (std::int64_t y = 0; y < rows * high; ++y)
    for (std::int64_t x = 0; x < raster.width; ++x)
      raster.pixels.push_back(
          heat_color((cell[x * columns / raster.width][rows - 1 - y / high] - low) / range));
  raster.pixels.insert(
      raster.pixels.end(), static_cast<std::size_t>(raster.width * 6), Rgb{255, 255, 255});
}

void append_bytes(png_structp png, png_bytep bytes, std::size_t count) {
  static_cast<std::string*>(png_get_io_ptr(png))
      ->append(reinterpret_cast<const char*>(bytes), count);
}

void refuse_png(png_structp, png_const_charp message) {
  fail(ErrorKind::kIo, "PNG: {}", message);
}

std::string encode_png(Raster& raster) {
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
               PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (png_uint_32 y = 0; y < height; ++y)
    png_write_row(
        png,
        reinterpret_cast<png_const_bytep>(&raster.pixels[static_cast<std::size_t>(y) * width]));
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

}  // namespace

std::string heat_map_png(const std::vector<Tensor>& panels) {
  std::int64_t longest = 1;
  for (const Tensor& panel : panels)
    longest = std::max(longest, panel.size(0));
  Raster raster;
  raster.width = longest * std::max<std::int64_t>(1, 900 / longest);
  for (const Tensor& panel : panels)
    append_panel(raster, panel);
  return encode_png(raster);
}

FigurePngs write_figures(const fs::path& folder,
                         const std::string& stem,
                         const ClipFigure& figure) {
  make_folder(folder);
  std::vector<Tensor> mels;
  if (figure.reference_mel.defined())
    mels.push_back(figure.reference_mel);
  mels.push_back(figure.mel);
  FigurePngs pngs{.mel = heat_map_png(mels), .attention = heat_map_png({figure.weights})};
  write_file(folder / (stem + "_mel.png"), pngs.mel);
  write_file(folder / (stem + "_attention.png"), pngs.attention);
  return pngs;
}

std::string file_stem(const std::string& id) {
  std::string stem = id;
  std::replace(stem.begin(), stem.end(), '/', '_');
  return stem;
}

}  // namespace lipsound2::experiment
