#include "lipsound2/data/jpeg.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>

#include <c10/util/Exception.h>

// libjpeg's header wants size_t and FILE declared before it.
#include <jpeglib.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/vectorized.h"

#include "jpeg_decoder.h"

namespace lipsound2::data {

/// libjpeg reports through callbacks that must not return. These throw: the library is C, but the
/// ABIs that we build for keep unwind tables for C too, and nothing in it needs cleaning up that
/// jpeg_destroy() does not clean.
struct JpegErrors {
  jpeg_error_mgr manager{};  ///< first, so that a pointer to it is a pointer to this
  std::string name;
  std::size_t number = 0;  ///< of the picture; 0: there is but one

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
    fail(ErrorKind::kData, "{}: expected a whole JPEG picture, found: {}", errors->picture(), text);
  }
  std::string picture() const {
    return number == 0 ? name : fmt::format("{}, picture {}", name, number);
  }
};

namespace {

constexpr JDIMENSION kLargestSide = 8192;

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

/// Bytes 0, 1 and 2 of each pixel into three planes.
void split_quads(const std::uint32_t* quads,
                 std::size_t count,
                 std::uint8_t* out,
                 std::int64_t plane) {
  static_assert(std::endian::native == std::endian::little);
  run_vectorized([=]() __attribute__((always_inline)) {
    // Locals: bytes written could change what a lambda holds, for all that the compiler knows.
    const std::uint32_t* const __restrict in = quads;
    const std::size_t all = count;
    std::uint8_t* const __restrict red = out;
    std::uint8_t* const __restrict green = out + plane;
    std::uint8_t* const __restrict blue = out + 2 * plane;
    for (std::size_t i = 0; i < all; ++i) {
      red[i] = static_cast<std::uint8_t>(in[i]);
      green[i] = static_cast<std::uint8_t>(in[i] >> 8);
      blue[i] = static_cast<std::uint8_t>(in[i] >> 16);
    }
  });
}

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

struct JpegDecoder::State {
  explicit State(const std::string& name) : errors(name) {
    codec.err = &errors.manager;
    jpeg_create_decompress(&codec);
  }
  ~State() { jpeg_destroy_decompress(&codec); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// The largest of the divisors that libjpeg is fast at.
  unsigned divisor(int least_side) const {
    const JDIMENSION smaller = std::min(codec.image_width, codec.image_height);
    for (const unsigned by : {8U, 4U, 2U})
      if (least_side > 0 && smaller >= by * static_cast<unsigned>(least_side))
        return by;
    return 1;
  }

  JpegErrors errors;
  jpeg_decompress_struct codec{};
  std::size_t readable_behind = 0;
  bool splits = false;  ///< rows of four bytes a pixel (red, green, blue, nothing) into planes
  std::vector<std::uint32_t> quads;
};

JpegDecoder::JpegDecoder(const std::string& name) : state_(std::make_unique<State>(name)) {}

JpegDecoder::~JpegDecoder() = default;

PictureSize JpegDecoder::begin(const JpegTask& task) {
  jpeg_decompress_struct& codec = state_->codec;
  JpegErrors& errors = state_->errors;
  errors.number = task.number;
  require(!task.bytes.empty(),
          ErrorKind::kData,
          "{}: expected a JPEG picture, found no bytes",
          errors.picture());
  state_->readable_behind = task.readable_behind;
  jpeg_mem_src(&codec,
               reinterpret_cast<const unsigned char*>(task.bytes.data()),
               task.bytes.size() + task.readable_behind);
  jpeg_read_header(&codec, /*require_image=*/TRUE);
  require(codec.image_width <= kLargestSide && codec.image_height <= kLargestSide,
          ErrorKind::kData,
          "{}: expected a picture of at most {} x {} pixels, found {} x {}",
          errors.picture(),
          kLargestSide,
          kLargestSide,
          codec.image_width,
          codec.image_height);
  state_->splits = task.channels == 3 && task.layout == PixelLayout::kPlanes;
  codec.out_color_space = task.channels == 1 ? JCS_GRAYSCALE
                          : state_->splits   ? JCS_EXT_RGBX
                                             : JCS_RGB;
  codec.scale_num = 1;
  codec.scale_denom = state_->divisor(task.least_side);
  jpeg_start_decompress(&codec);
  return {static_cast<int>(codec.output_width), static_cast<int>(codec.output_height)};
}

void JpegDecoder::finish(std::uint8_t* pixels, std::int64_t plane) {
  constexpr JDIMENSION kRows = 16;
  constexpr std::size_t kUnaligned = 1;  // libjpeg-turbo writes aligned rows past the caches, from
                                         // which they are to be read at once
  jpeg_decompress_struct& codec = state_->codec;
  std::vector<std::uint32_t>& quads = state_->quads;
  const std::size_t width = codec.output_width;
  const std::size_t stride = width * static_cast<std::size_t>(codec.output_components);
  quads.resize(state_->splits ? kUnaligned + kRows * width : 0);
  std::uint32_t* const unsplit = state_->splits ? quads.data() + kUnaligned : nullptr;
  JSAMPROW rows[kRows];
  while (codec.output_scanline < codec.output_height) {
    const JDIMENSION first = codec.output_scanline;
    auto* const into =
        state_->splits ? reinterpret_cast<std::uint8_t*>(unsplit) : pixels + first * stride;
    const JDIMENSION most = std::min(kRows, codec.output_height - first);
    for (JDIMENSION i = 0; i < most; ++i)
      rows[i] = into + i * stride;
    // libjpeg gives one or two rows at a time, too few to split quickly.
    for (JDIMENSION read = 0; read < most;)
      read += jpeg_read_scanlines(&codec, rows + read, most - read);
    if (state_->splits)
      split_quads(unsplit, most * width, pixels + first * width, plane);
  }
  jpeg_finish_decompress(&codec);
  require(codec.src->bytes_in_buffer >= state_->readable_behind,
          ErrorKind::kData,
          "{}: expected a whole JPEG picture, found one that does not end",
          state_->errors.picture());
}

Picture decode_jpeg(std::string_view bytes, int channels, const std::string& name) {
  TORCH_CHECK(channels == 1 || channels == 3, "channels: ", channels);
  JpegDecoder decoder(name);
  const PictureSize size = decoder.begin({.bytes = bytes, .channels = channels});
  Picture picture{size.width, size.height, channels, {}};
  picture.pixels.resize(static_cast<std::size_t>(size.width) * size.height * channels);
  decoder.finish(picture.pixels.data());
  return picture;
}

}  // namespace lipsound2::data
