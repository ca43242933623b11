#include <cmath>

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/torch.h>

#include "lipsound2/core/error.h"
#include "lipsound2/experiment/experiment_config.h"

#include "commands.h"
#ifdef LIPSOUND2_WITH_VIDEO
#include "lipsound2/video/face_clip.h"
#include "lipsound2/video/libraries.h"
#endif

namespace lipsound2::cli {
namespace {

// The built-in sound: one second of a chirp from 200 Hz to 3 kHz.
std::vector<float> chirp() {
  std::vector<float> samples(16000);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double t = static_cast<double>(i) / 16000;
    samples[i] = static_cast<float>(0.5 * std::sin(2 * M_PI * (200 * t + 1400 * t * t)));
  }
  return samples;
}

void check_mel() {
  // Mean of librosa 0.11.0's log mel of that chirp (scripts/reference/make_golden_mel.py).
  constexpr double kGolden = -9.625877;
  const double mean = audio::MelSpectrogram({})(chirp()).mean().item<double>();
  fmt::print("golden mel      {:.5f}\n", mean);
  require(std::abs(mean - kGolden) < 1e-3,
          ErrorKind::kNumeric,
          "golden mel: expected {:.5f}, found {:.5f}",
          kGolden,
          mean);
}

void check_step() {
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
  fmt::print("training step   loss {:.4f}\n", loss.item<double>());
  require(std::isfinite(loss.item<double>()),
          ErrorKind::kNumeric,
          "training step: the loss is not finite");
}

void print_machine() {
  fmt::print("lipsound2       {}\nLibTorch        {}\n", LIPSOUND2_VERSION, TORCH_VERSION);
  fmt::print("compiler        {}\n", __VERSION__);
  fmt::print("threads         {}\n", at::get_num_threads());
  fmt::print("CUDA devices    {}\n", torch::cuda::device_count());
  fmt::print("matrix library  {}\n",
             at::hasMKL()      ? "MKL"
             : at::hasLAPACK() ? "LAPACK"
                               : "built-in");
  const auto disk = std::filesystem::space(".");
  fmt::print("disk            {:.1f} GB free here\n", static_cast<double>(disk.available) * 1e-9);
#ifdef LIPSOUND2_WITH_VIDEO
  fmt::print("{}", video::describe_libraries());
  video::FaceClipReader reader({});
  fmt::print("face detector   Haar cascade found\n");
#else
  fmt::print("video           not built in\n");
#endif
}

void examine() {
  print_machine();
  check_mel();
  check_step();
  fmt::print("all is well\n");
}

}  // namespace

void add_doctor(CLI::App& program) {
  auto* command = program.add_subcommand(
      "doctor", "versions, devices, codecs, disk; a golden mel; a training step");
  command->callback([] { examine(); });
}

}  // namespace lipsound2::cli
