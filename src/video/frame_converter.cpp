#include "frame_converter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <new>

#include <opencv2/imgproc.hpp>

#include "lipsound2/core/error.h"

namespace lipsound2::video {
namespace {

constexpr int kHighDefinitionHeight = 720;

// FFmpeg puts numbers out of files into enumerations, also numbers that these do not have: C++ must
// read them as integers.
void set_colors(SwsContext* scaler, const AVFrame& frame) {
  int space = std::bit_cast<int>(frame.colorspace);
  if (space == AVCOL_SPC_UNSPECIFIED || space < 0 || space >= AVCOL_SPC_NB)
    space = frame.height >= kHighDefinitionHeight ? SWS_CS_ITU709 : SWS_CS_ITU601;
  const int* coefficients = sws_getCoefficients(space);
  const bool full = std::bit_cast<int>(frame.color_range) == AVCOL_RANGE_JPEG ||
                    frame.format == AV_PIX_FMT_YUVJ420P || frame.format == AV_PIX_FMT_YUVJ422P ||
                    frame.format == AV_PIX_FMT_YUVJ444P;
  sws_setColorspaceDetails(
      scaler, coefficients, full, coefficients, /*dstRange=*/1, 0, 1 << 16, 1 << 16);
}

// Turns by 90 degrees, clockwise, that bring the frame upright: 0 to 3.
int quarter_turns(const AVFrame& frame) {
  const AVFrameSideData* matrix = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
  const double angle =
      matrix ? av_display_rotation_get(reinterpret_cast<const std::int32_t*>(matrix->data)) : 0.0;
  return std::isfinite(angle) ? (static_cast<int>(std::lround(-angle / 90)) + 4) % 4 : 0;
}

Image turned(Image image, int turns) {
  if (turns == 0)
    return image;
  constexpr std::array<int, 4> kCodes{
      -1, cv::ROTATE_90_CLOCKWISE, cv::ROTATE_180, cv::ROTATE_90_COUNTERCLOCKWISE};
  Image result{turns % 2 ? image.height : image.width,
               turns % 2 ? image.width : image.height,
               image.channels,
               std::vector<std::uint8_t>(image.pixels.size())};
  const cv::Mat in(image.height, image.width, CV_8UC(image.channels), image.pixels.data());
  cv::Mat out(result.height, result.width, CV_8UC(image.channels), result.pixels.data());
  cv::rotate(in, out, kCodes[static_cast<std::size_t>(turns)]);
  return result;
}

// Where a square of the upright frame lies in the stored one, on even pixels.
Square stored_square(const AVFrame& frame, const Square& square, int turns) {
  const auto even = [](int value) { return value & ~1; };
  const int right = frame.width - square.side;
  const int bottom = frame.height - square.side;
  switch (turns) {
    case 1:
      return {square.y, even(bottom - square.x), square.side};
    case 2:
      return {even(right - square.x), even(bottom - square.y), square.side};
    case 3:
      return {even(right - square.y), square.x, square.side};
    default:
      return square;
  }
}

FramePtr part_of(const AVFrame& frame, const cv::Rect& part) {
  FramePtr result(av_frame_clone(&frame));
  if (!result)
    throw std::bad_alloc();
  result->crop_left = static_cast<std::size_t>(part.x);
  result->crop_top = static_cast<std::size_t>(part.y);
  result->crop_right = static_cast<std::size_t>(frame.width - part.x - part.width);
  result->crop_bottom = static_cast<std::size_t>(frame.height - part.y - part.height);
  const int code = av_frame_apply_cropping(result.get(), AV_FRAME_CROP_UNALIGNED);
  require(code >= 0, ErrorKind::kData, "cannot crop pictures of this format: {}", describe(code));
  return result;
}

}  // namespace

// swscale writes whole vectors, so it gets rows with padding and not an Image's own.
FramePtr FrameConverter::convert(const AVFrame& frame, std::pair<int, int> size, int channels) {
  FramePtr out = make_frame();
  out->format = channels == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24;
  out->width = size.first;
  out->height = size.second;
  scaler_.reset(sws_getCachedContext(scaler_.release(),
                                     frame.width,
                                     frame.height,
                                     static_cast<AVPixelFormat>(frame.format),
                                     out->width,
                                     out->height,
                                     static_cast<AVPixelFormat>(out->format),
                                     out->height < frame.height ? SWS_AREA : SWS_BICUBIC,
                                     nullptr,
                                     nullptr,
                                     nullptr));
  require(scaler_ && av_frame_get_buffer(out.get(), 0) >= 0,
          ErrorKind::kData,
          "cannot convert pictures of this format");
  set_colors(scaler_.get(), frame);
  sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, out->data, out->linesize);
  return out;
}

std::pair<int, int> upright_size(const AVFrame& frame) {
  return quarter_turns(frame) % 2 ? std::pair(frame.height, frame.width)
                                  : std::pair(frame.width, frame.height);
}

Image FrameConverter::scale(const AVFrame& frame, int height, int channels) {
  const auto [upright_width, upright_height] = upright_size(frame);
  const int width = std::max(1, (upright_width * height + upright_height / 2) / upright_height);
  const int turns = quarter_turns(frame);
  const FramePtr scaled =
      convert(frame, turns % 2 ? std::pair(height, width) : std::pair(width, height), channels);
  Image image{scaled->width, scaled->height, channels, {}};
  const std::size_t row = static_cast<std::size_t>(image.width) * channels;
  for (int y = 0; y < image.height; ++y) {
    const std::uint8_t* begin = scaled->data[0] + std::ptrdiff_t{y} * scaled->linesize[0];
    image.pixels.insert(image.pixels.end(), begin, begin + row);
  }
  return turned(std::move(image), turns);
}

Image FrameConverter::crop(const AVFrame& frame, const Square& square, int size) {
  const int turns = quarter_turns(frame);
  return turned(crop_stored(frame, stored_square(frame, square, turns), size), turns);
}

Image FrameConverter::crop_stored(const AVFrame& frame, const Square& square, int size) {
  const cv::Rect wanted(square.x, square.y, square.side, square.side);
  const cv::Rect part = wanted & cv::Rect(0, 0, frame.width, frame.height);
  const auto scaled = [&](int length) { return (length * size + square.side / 2) / square.side; };
  const FramePtr pixels =
      convert(*part_of(frame, part),
              {std::max(1, scaled(part.width)), std::max(1, scaled(part.height))},
              3);
  const cv::Mat inside(pixels->height,
                       pixels->width,
                       CV_8UC3,
                       pixels->data[0],
                       static_cast<std::size_t>(pixels->linesize[0]));

  const int left = std::min(scaled(part.x - wanted.x), size - inside.cols);
  const int top = std::min(scaled(part.y - wanted.y), size - inside.rows);
  Image result{size, size, 3, std::vector<std::uint8_t>(std::size_t{3} * size * size)};
  cv::Mat out(size, size, CV_8UC3, result.pixels.data());
  cv::copyMakeBorder(inside,
                     out,
                     top,
                     size - inside.rows - top,
                     left,
                     size - inside.cols - left,
                     cv::BORDER_REPLICATE);
  return result;
}

}  // namespace lipsound2::video
