#include <cmath>

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include "lipsound2/core/error.h"
#include "lipsound2/experiment/find_config.h"

#include "commands.h"
#include "json_flag.h"
#include "version.h"
#ifdef LIPSOUND2_WITH_VIDEO
#include "lipsound2/video/face_clip.h"
#include "lipsound2/video/libraries.h"
#endif

namespace lipsound2::cli {
namespace {

using Json = nlohmann::ordered_json;

// The built-in sound: one second of a chirp from 200 Hz to 3 kHz.
std::vector<float> chirp() {
  std::vector<float> samples(16000);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double t = static_cast<double>(i) / 16000;
    samples[i] = static_cast<float>(0.5 * std::sin(2 * M_PI * (200 * t + 1400 * t * t)));
  }
  return samples;
}

// What is found, told line by line: a check that fails leaves the lines before it to be read.
class Examination {
 public:
  void note(const std::string& name, const Json& value) {
    found_[name] = value;
    fmt::print("{}", readable({{name, value}}));
  }

  const Json& found() const { return found_; }

 private:
  Json found_;
};

void check_mel(Examination& examination) {
  // Mean of librosa 0.11.0's log mel of that chirp (scripts/reference/make_golden_mel.py).
  constexpr double kGolden = -9.625877;
  const double mean = audio::MelSpectrogram({})(chirp()).mean().item<double>();
  examination.note("golden mel", fmt::format("{:.5f}", mean));
  require(std::abs(mean - kGolden) < 1e-3,
          ErrorKind::kNumeric,
          "golden mel: expected {:.5f}, found {:.5f}",
          kGolden,
          mean);
}

void check_step(Examination& examination) {
  torch::manual_seed(1);
  const auto config = experiment::load_config("tiny.yaml", {});
  lip2mel::Lip2Mel network(config.lip2mel);
  const std::int64_t size = config.data.faces.size, pictures = 10;
  const Tensor faces = torch::randint(0, 256, {2, 1, pictures, size, size}, torch::kUInt8);
  const Tensor lengths = torch::full({2}, pictures, torch::kInt64);
  const Tensor mel =
      torch::randn({2, pictures * config.lip2mel.mel_frames_per_picture, config.audio.bands});
  const auto output = network->forward(faces, lengths, mel, lip2mel::DecoderFeed::kTruth);
  const Tensor loss = network->losses(output, lengths, mel, /*progress=*/0).total;
  loss.backward();
  examination.note("training step", fmt::format("loss {:.4f}", loss.item<double>()));
  require(std::isfinite(loss.item<double>()),
          ErrorKind::kNumeric,
          "training step: the loss is not finite");
}

void describe_machine(Examination& examination) {
  examination.note("lipsound2", program_version());
  examination.note("LibTorch", TORCH_VERSION);
  examination.note("compiler", __VERSION__);
  examination.note("threads", at::get_num_threads());
  examination.note("CUDA devices", torch::cuda::device_count());
  examination.note("matrix library",
                   at::hasMKL()      ? "MKL"
                   : at::hasLAPACK() ? "LAPACK"
                                     : "built-in");
  const auto disk = std::filesystem::space(".");
  examination.note("disk",
                   fmt::format("{:.1f} GB free here", static_cast<double>(disk.available) * 1e-9));
#ifdef LIPSOUND2_WITH_VIDEO
  for (const video::LibraryFact& fact : video::describe_libraries())
    examination.note(fact.name, fact.value);
  video::FaceClipReader reader({});
  examination.note("face detector", "Haar cascade found");
#else
  examination.note("video", "not built in");
#endif
}

void examine(const std::string& json) {
  Examination examination;
  describe_machine(examination);
  check_mel(examination);
  check_step(examination);
  write_json(json, examination.found());
  fmt::print("all is well\n");
}

}  // namespace

void add_doctor(CLI::App& program) {
  auto* command = program.add_subcommand(
      "doctor", "versions, devices, codecs, disk; a golden mel; a training step");
  const auto json = std::make_shared<std::string>();
  add_json_flag(*command, *json);
  command->callback([json] { examine(*json); });
}

}  // namespace lipsound2::cli
