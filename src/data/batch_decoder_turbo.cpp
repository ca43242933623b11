#include "batch_decoder.h"

namespace lipsound2::data {

struct BatchDecoder::State {
  c10::Device device;
};

bool BatchDecoder::works_on(const c10::Device& device) {
  return device.is_cpu();
}

BatchDecoder::BatchDecoder(const c10::Device& device) : state_(new State{device}) {}

BatchDecoder::~BatchDecoder() = default;

Tensor BatchDecoder::operator()(const Batch& batch) {
  return decode_on_cpu(batch).to(state_->device);
}

}  // namespace lipsound2::data
