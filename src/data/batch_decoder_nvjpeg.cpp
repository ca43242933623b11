#include <map>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ATen/core/List.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/cuda/CUDAStream.h>
#include <nvjpeg.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/log.h"

#include "batch_decoder.h"
#include "jpeg_decoder.h"
#include "resize_batch.h"

// It has been compiled and linked, but has never run: no GPU was at hand.
namespace lipsound2::data {

template <auto kDestroy>
struct NvjpegDestroyer {
  template <class Handle>
  void operator()(Handle* handle) const {
    kDestroy(handle);
  }
};

/// Decodes pictures of one size on the current CUDA stream.
class NvjpegDecoder {
 public:
  NvjpegDecoder() {
    nvjpegHandle_t handle = nullptr;
    check(nvjpegCreateSimple(&handle));
    handle_.reset(handle);
    nvjpegJpegState_t state = nullptr;
    check(nvjpegJpegStateCreate(handle, &state));
    state_.reset(state);
  }

  /// Nothing for what it cannot decode.
  std::optional<PictureSize> size(std::string_view jpeg) const {
    int components = 0;
    nvjpegChromaSubsampling_t subsampling{};
    int widths[NVJPEG_MAX_COMPONENT] = {};
    int heights[NVJPEG_MAX_COMPONENT] = {};
    const nvjpegStatus_t status = nvjpegGetImageInfo(
        handle_.get(), bytes_of(jpeg), jpeg.size(), &components, &subsampling, widths, heights);
    if (status != NVJPEG_STATUS_SUCCESS)
      return std::nullopt;
    return PictureSize{widths[0], heights[0]};
  }

  /// Into pixels [N, C, height, width] uint8; false when it cannot.
  [[nodiscard]] bool decode(const std::vector<std::string_view>& jpegs, const Tensor& pixels) {
    const auto count = static_cast<int>(jpegs.size());
    const std::int64_t plane = pixels.size(2) * pixels.size(3);
    std::vector<const unsigned char*> bytes;
    std::vector<std::size_t> lengths;
    std::vector<nvjpegImage_t> images(jpegs.size());
    unsigned char* next = pixels.mutable_data_ptr<std::uint8_t>();
    for (std::size_t i = 0; i < jpegs.size(); ++i) {
      bytes.push_back(bytes_of(jpegs[i]));
      lengths.push_back(jpegs[i].size());
      for (std::int64_t c = 0; c < pixels.size(1); ++c, next += plane) {
        images[i].channel[c] = next;
        images[i].pitch[c] = static_cast<std::size_t>(pixels.size(3));
      }
    }
    const auto format = pixels.size(1) == 3 ? NVJPEG_OUTPUT_RGB : NVJPEG_OUTPUT_Y;
    return nvjpegDecodeBatchedInitialize(
               handle_.get(), state_.get(), count, /*max_cpu_threads=*/1, format) ==
               NVJPEG_STATUS_SUCCESS &&
           nvjpegDecodeBatched(handle_.get(),
                               state_.get(),
                               bytes.data(),
                               lengths.data(),
                               images.data(),
                               c10::cuda::getCurrentCUDAStream().stream()) == NVJPEG_STATUS_SUCCESS;
  }

 private:
  static const unsigned char* bytes_of(std::string_view jpeg) {
    return reinterpret_cast<const unsigned char*>(jpeg.data());
  }
  static void check(nvjpegStatus_t status) {
    require(status == NVJPEG_STATUS_SUCCESS,
            ErrorKind::kConfig,
            "device: expected nvJPEG to start, found status {}; a build with "
            "-DLIPSOUND2_NVJPEG=OFF does without",
            static_cast<int>(status));
  }

  std::unique_ptr<std::remove_pointer_t<nvjpegHandle_t>, NvjpegDestroyer<nvjpegDestroy>> handle_;
  std::unique_ptr<std::remove_pointer_t<nvjpegJpegState_t>, NvjpegDestroyer<nvjpegJpegStateDestroy>>
      state_;
};

namespace {

/// Pictures of one size, and where they belong.
struct SizeGroup {
  std::vector<std::string_view> jpegs;
  std::vector<std::int64_t> clips;
  std::vector<std::int64_t> frames;
};

}  // namespace

struct BatchDecoder::State {
  c10::Device device;
  std::optional<NvjpegDecoder> nvjpeg{};  ///< none on a CPU; else from the first batch on
  bool warned = false;

  /// Nothing when nvJPEG cannot read one of them.
  std::optional<std::map<std::pair<int, int>, SizeGroup>> by_size(const Batch& batch) const {
    std::map<std::pair<int, int>, SizeGroup> groups;
    for (std::size_t clip = 0; clip < batch.left.jpegs.size(); ++clip)
      for (std::size_t frame = 0; frame < batch.left.jpegs[clip].size(); ++frame) {
        const std::string& jpeg = batch.left.jpegs[clip][frame];
        const std::optional<PictureSize> size = nvjpeg->size(jpeg);
        if (!size)
          return std::nullopt;
        SizeGroup& group = groups[{size->width, size->height}];
        group.jpegs.emplace_back(jpeg);
        group.clips.push_back(static_cast<std::int64_t>(clip));
        group.frames.push_back(static_cast<std::int64_t>(frame));
      }
    return groups;
  }

  std::optional<Tensor> decode(const Batch& batch) {
    const auto groups = by_size(batch);
    if (!groups)
      return std::nullopt;
    const FaceInputConfig& input = batch.left.input;
    const auto options = at::TensorOptions(at::kByte).device(device);
    const Tensor faces = at::zeros({batch.face_lengths.numel(),
                                    input.channels(),
                                    batch.face_lengths.max().item<std::int64_t>(),
                                    input.resize_to,
                                    input.resize_to},
                                   options);
    for (const auto& [size, group] : *groups) {
      const Tensor pixels =
          at::empty({std::ssize(group.jpegs), input.channels(), size.second, size.first}, options);
      if (!nvjpeg->decode(group.jpegs, pixels))
        return std::nullopt;
      const c10::List<std::optional<Tensor>> places(
          {at::tensor(group.clips).to(device), at::tensor(group.frames).to(device)});
      faces.transpose(1, 2).index_put_(places, resize_batch(pixels, input.resize_to));
    }
    return faces;
  }
};

bool BatchDecoder::works_on(const c10::Device& device) {
  return device.is_cpu() || device.is_cuda();
}

BatchDecoder::BatchDecoder(const c10::Device& device) : state_(new State{.device = device}) {}

BatchDecoder::~BatchDecoder() = default;

Tensor BatchDecoder::operator()(const Batch& batch) {
  State& state = *state_;
  if (state.device.is_cpu())
    return decode_on_cpu(batch);
  if (!state.nvjpeg)
    state.nvjpeg.emplace();
  if (const std::optional<Tensor> faces = state.decode(batch))
    return *faces;
  Tensor faces = decode_on_cpu(batch);  // which names what is no JPEG picture
  if (!std::exchange(state.warned, true))
    log::warn(
        "nvJPEG cannot decode the pictures of the batch of clip '{}'; libjpeg-turbo decodes such "
        "batches, which is slower",
        batch.ids.front());
  return faces.to(state.device);
}

}  // namespace lipsound2::data
