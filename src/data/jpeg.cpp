#include "lipsound2/data/jpeg.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <c10/util/Exception.h>

// libjpeg's header wants size_t and FILE declared before it.
#include <jpeglib.h>

#include "lipsound2/core/error.h"

namespace lipsound2::data {
namespace {

constexpr JDIMENSION kLargestSide = 8192;

/// libjpeg reports through callbacks that must not return. These throw: the library is C, but the
/// ABIs that we build for keep unwind tables for C too, and nothing in it needs cleaning up that
/// jpeg_destroy() does not clean.
struct JpegErrors {
  jpeg_error_mgr manager{};  ///< first, so that a pointer to it is a pointer to this
  std::string name;

  explicit JpegErrors(std::string what) : name(std::move(what)) {
    jpeg_std_error(&manager);
    manager.error_exit = [](j_common_ptr codec) { raise(codec); };
    manager.emit_message = [](j_common_ptr codec, int level) {
      if (level < 0)  // A warning: the data are damaged, or end early.
        raise(codec);
    };
  }

  [[noreturn]] static void raise(j_common_ptr codec) {
    char text[JMSG_LENGTH_MAX] = {};
    codec->err->format_message(codec, text);
    const auto* errors = reinterpret_cast<const JpegErrors*>(codec->err);
    fail(ErrorKind::kData, "{}: expected a whole JPEG picture, found: {}", errors->name, text);
  }
};

class JpegEncoder {
 public:
  JpegEncoder() : errors_("JPEG encoder") {
    codec_.err = &errors_.manager;
    jpeg_create_compress(&codec_);
  }
  ~JpegEncoder() {
    jpeg_destroy_compress(&codec_);
    std::free(bytes_);
  }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;

  std::string operator()(const Picture& picture, int quality) {
    jpeg_mem_dest(&codec_, &bytes_, &size_);
    codec_.image_width = static_cast<JDIMENSION>(picture.width);
    codec_.image_height = static_cast<JDIMENSION>(picture.height);
    codec_.input_components = picture.channels;
    codec_.in_color_space = picture.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&codec_);
    jpeg_set_quality(&codec_, quality, /*force_baseline=*/TRUE);
    jpeg_start_compress(&codec_, /*write_all_tables=*/TRUE);
    const std::size_t stride = static_cast<std::size_t>(picture.width) * picture.channels;
    while (codec_.next_scanline < codec_.image_height) {
      // libjpeg's rows are not const, but it only reads them.
      auto* row = const_cast<JSAMPLE*>(picture.pixels.data() + codec_.next_scanline * stride);
      jpeg_write_scanlines(&codec_, &row, 1);
    }
    jpeg_finish_compress(&codec_);
    return {reinterpret_cast<const char*>(bytes_), size_};
  }

 private:
  JpegErrors errors_;
  jpeg_compress_struct codec_{};
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;  // NOLINT: libjpeg's own type
};

class JpegDecoder {
 public:
  explicit JpegDecoder(const std::string& name) : errors_(name) {
    codec_.err = &errors_.manager;
    jpeg_create_decompress(&codec_);
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&codec_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  Picture operator()(std::string_view bytes, int channels) {
    jpeg_mem_src(&codec_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&codec_, /*require_image=*/TRUE);
    require(codec_.image_width <= kLargestSide && codec_.image_height <= kLargestSide,
            ErrorKind::kData,
            "{}: expected a picture of at most {} x {} pixels, found {} x {}",
            errors_.name,
            kLargestSide,
            kLargestSide,
            codec_.image_width,
            codec_.image_height);
    codec_.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&codec_);
    Picture picture{static_cast<int>(codec_.output_width),
                    static_cast<int>(codec_.output_height),
                    channels,
                    {}};
    const std::size_t stride = static_cast<std::size_t>(codec_.output_width) * channels;
    picture.pixels.resize(stride * codec_.output_height);
    while (codec_.output_scanline < codec_.output_height)
      read_rows(picture, stride);
    jpeg_finish_decompress(&codec_);
    return picture;
  }

 private:
  void read_rows(Picture& picture, std::size_t stride) {
    constexpr JDIMENSION kRows = 16;
    JSAMPROW rows[kRows];
    const JDIMENSION count = std::min(kRows, codec_.output_height - codec_.output_scanline);
    for (JDIMENSION i = 0; i < count; ++i)
      rows[i] = picture.pixels.data() + (codec_.output_scanline + i) * stride;
    jpeg_read_scanlines(&codec_, rows, count);
  }

  JpegErrors errors_;
  jpeg_decompress_struct codec_{};
};

}  // namespace

std::string encode_jpeg(const Picture& picture, int quality) {
  TORCH_CHECK(picture.channels == 1 || picture.channels == 3, "channels: ", picture.channels);
  TORCH_CHECK(picture.width > 0 && picture.height > 0 &&
                  picture.pixels.size() ==
                      static_cast<std::size_t>(picture.width) * picture.height * picture.channels,
              "a picture of ",
              picture.width,
              " x ",
              picture.height,
              " with ",
              picture.pixels.size(),
              " bytes");
  return JpegEncoder()(picture, quality);
}

Picture decode_jpeg(std::string_view bytes, int channels, const std::string& name) {
  TORCH_CHECK(channels == 1 || channels == 3, "channels: ", channels);
  require(!bytes.empty(), ErrorKind::kData, "{}: expected a JPEG picture, found no bytes", name);
  return JpegDecoder(name)(bytes, channels);
}

}  // namespace lipsound2::data
