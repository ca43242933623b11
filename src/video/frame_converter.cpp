#include "frame_converter.h"

#include <algorithm>
#include <cstddef>
#include <new>

#include <opencv2/imgproc.hpp>

#include "lipsound2/core/error.h"

namespace lipsound2::video {
namespace {

constexpr int kHighDefinitionHeight = 720;

void set_colors(SwsContext* scaler, const AVFrame& frame) {
  int space = frame.colorspace;
  if (space == AVCOL_SPC_UNSPECIFIED)
    space = frame.height >= kHighDefinitionHeight ? SWS_CS_ITU709 : SWS_CS_ITU601;
  const int* coefficients = sws_getCoefficients(space);
  const bool full = frame.color_range == AVCOL_RANGE_JPEG || frame.format == AV_PIX_FMT_YUVJ420P ||
                    frame.format == AV_PIX_FMT_YUVJ422P || frame.format == AV_PIX_FMT_YUVJ444P;
  sws_setColorspaceDetails(
      scaler, coefficients, full, coefficients, /*dstRange=*/1, 0, 1 << 16, 1 << 16);
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

Image FrameConverter::scale(const AVFrame& frame, int height, int channels) {
  const int width = std::max(1, (frame.width * height + frame.height / 2) / frame.height);
  const FramePtr scaled = convert(frame, {width, height}, channels);
  Image image{width, height, channels, {}};
  const std::size_t row = static_cast<std::size_t>(width) * channels;
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* begin = scaled->data[0] + std::ptrdiff_t{y} * scaled->linesize[0];
    image.pixels.insert(image.pixels.end(), begin, begin + row);
  }
  return image;
}

Image FrameConverter::crop(const AVFrame& frame, const Square& square, int size) {
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
