#include <algorithm>
#include <chrono>

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/synthesizer.h"
#include "lipsound2/train/weight_updater.h"

#include "bench_loader.h"
#include "commands.h"
#include "json_flag.h"

namespace lipsound2::cli {
namespace {

struct BenchFlags {
  std::string what = "step";
  std::string config = "grid_s1_small.yaml";
  std::vector<std::string> overrides;
  std::int64_t pictures = 75;
  std::int64_t repeats = 5;
  std::int64_t clips = 1000;
  std::string json;
};

struct Timings {
  std::vector<double> seconds;

  double median() {
    std::sort(seconds.begin(), seconds.end());
    return seconds.at(seconds.size() / 2);
  }
};

// Runs once to warm up, then `repeats` times.
template <class Work>
Timings measure(std::int64_t repeats, Work&& work) {
  Timings timings;
  for (std::int64_t i = 0; i <= repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    if (i > 0)
      timings.seconds.push_back(
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return timings;
}

struct StepInput {
  Tensor faces;
  Tensor lengths;
  Tensor mel;
};

StepInput random_input(const experiment::ExperimentConfig& config, std::int64_t pictures) {
  const std::int64_t clips = config.data.batch_size, size = config.data.faces.size;
  return {
      torch::randint(
          0, 256, {clips, config.data.faces.channels(), pictures, size, size}, torch::kUInt8),
      torch::full({clips}, pictures, torch::kInt64),
      torch::randn({clips, pictures * config.lip2mel.mel_frames_per_picture, config.audio.bands})};
}

// Forward, loss, backward, clipping, AdamW: what a training step does on the device, but for the
// running average of the weights.
template <class Loss>
Timings measure_updates(torch::nn::Module& network,
                        train::TrainConfig config,
                        std::int64_t repeats,
                        const Loss& loss) {
  config.ema = 0;
  train::WeightUpdater updater(network, config);
  std::int64_t step = 0;
  return measure(repeats, [&] {
    updater.zero_gradients();
    loss().backward();
    updater.clip();
    updater.update(config.learning_rate, step++);
  });
}

Timings measure_step(const experiment::ExperimentConfig& config, const BenchFlags& flags) {
  lip2mel::Lip2Mel network(config.lip2mel);
  const StepInput input = random_input(config, flags.pictures);
  return measure_updates(*network, config.train, flags.repeats, [&] {
    const auto output =
        network->forward(input.faces, input.lengths, input.mel, lip2mel::DecoderFeed::kTruth);
    return network->losses(output, input.lengths, input.mel, /*progress=*/0.5).total;
  });
}

// Forward and backward of the decoder alone, over a given memory.
Timings measure_decoder(const experiment::ExperimentConfig& config, const BenchFlags& flags) {
  const std::int64_t width = config.lip2mel.encoder.width();
  lip2mel::Decoder decoder(config.lip2mel.decoder, width);
  const StepInput input = random_input(config, flags.pictures);
  const Tensor memory =
      torch::randn({config.data.batch_size, flags.pictures, width}, torch::requires_grad());
  return measure(flags.repeats, [&] {
    decoder->forward(memory, input.lengths, input.mel, lip2mel::DecoderFeed::kTruth)
        .mel.square()
        .mean()
        .backward();
  });
}

Timings measure_synthesis(const experiment::ExperimentConfig& config, const BenchFlags& flags) {
  const torch::NoGradGuard no_grad;
  lip2mel::Lip2Mel network(config.lip2mel);
  network->eval();
  experiment::Synthesizer synthesizer(
      network, config, "cpu", experiment::make_vocoder("griffin-lim", config));
  const StepInput input = random_input(config, flags.pictures);
  data::Batch batch;
  batch.faces = input.faces;
  batch.face_lengths = input.lengths;
  return measure(flags.repeats, [&] {
    for (const auto& generated : synthesizer.mels(batch))
      synthesizer.sound(generated.mel);
  });
}

// With random weights, or those that the config starts from.
vocoder::WaveGlow make_waveglow(const experiment::ExperimentConfig& config) {
  vocoder::WaveGlow network(config.vocoder.network, config.audio);
  if (!config.from.empty())
    experiment::load_best_weights(*network,
                                  experiment::find_checkpoint(config.from, config.task),
                                  experiment::Mismatched::kRefused);
  return network;
}

std::int64_t mel_frames(const experiment::ExperimentConfig& config, std::int64_t pictures) {
  return pictures * config.audio.sample_rate / config.audio.hop / experiment::kPicturesPerSecond;
}

Timings measure_vocoder_step(const experiment::ExperimentConfig& config, const BenchFlags& flags) {
  vocoder::WaveGlow network = make_waveglow(config);
  const std::int64_t frames = mel_frames(config, flags.pictures);
  const Tensor mel = torch::randn({config.data.batch_size, frames, config.audio.bands}) - 5;
  const Tensor samples = 0.1 * torch::randn({config.data.batch_size, frames * config.audio.hop});
  return measure_updates(*network, config.train, flags.repeats, [&] {
    return network->forward(mel, samples).negative_log_likelihood(/*sigma=*/1);
  });
}

// One clip after the other through a vocoder.
Timings measure_vocoder(const experiment::ExperimentConfig& config, const BenchFlags& flags) {
  const torch::NoGradGuard no_grad;
  const vocoder::WaveGlowVocoder vocoder(
      make_waveglow(config), config.audio, config.vocoder.sound, torch::kCPU);
  const Tensor mel = torch::randn({mel_frames(config, flags.pictures), config.audio.bands}) - 5;
  return measure(flags.repeats, [&] {
    for (std::int64_t clip = 0; clip < config.data.batch_size; ++clip)
      vocoder.vocode(mel, /*first_frame=*/0);
  });
}

Timings measure_what(const experiment::ExperimentConfig& config, const BenchFlags& flags) {
  if (flags.what == "step")
    return config.task == "vocoder" ? measure_vocoder_step(config, flags)
                                    : measure_step(config, flags);
  if (flags.what == "vocoder")
    return measure_vocoder(config, flags);
  return flags.what == "decoder" ? measure_decoder(config, flags)
                                 : measure_synthesis(config, flags);
}

void bench(const BenchFlags& flags) {
  const auto config =
      experiment::load_config(flags.config, {flags.overrides.begin(), flags.overrides.end()});
  experiment::choose_device(config);
  if (flags.what == "loader") {
    bench_loader(config, flags.clips, flags.json);
    return;
  }
  Timings timings = measure_what(config, flags);
  const double seconds = timings.median();
  const auto pictures = static_cast<double>(config.data.batch_size * flags.pictures);
  fmt::print(
      "{} of {} ({} clips of {} pictures, {} threads): median {:.3f} s, best {:.3f} s, {:.0f} "
      "pictures/s\n",
      flags.what,
      config.name,
      config.data.batch_size,
      flags.pictures,
      at::get_num_threads(),
      seconds,
      timings.seconds.front(),
      pictures / seconds);
  if (!flags.json.empty())
    write_file(flags.json,
               fmt::format("{{\"what\": \"{}\", \"config\": \"{}\", \"threads\": {}, \"seconds\": "
                           "{}, \"pictures_per_second\": {}}}\n",
                           flags.what,
                           config.name,
                           at::get_num_threads(),
                           seconds,
                           pictures / seconds));
}

}  // namespace

void add_bench(CLI::App& program) {
  auto* command = program.add_subcommand("bench",
                                         "throughput of a training step, of the decoder, of "
                                         "synthesis or of a vocoder, on random input, "
                                         "or of the loader");
  const auto flags = std::make_shared<BenchFlags>();
  command->add_option("WHAT", flags->what, "step, decoder, synthesis, vocoder or loader")
      ->check(CLI::IsMember({"step", "decoder", "synthesis", "vocoder", "loader"}))
      ->capture_default_str();
  command->add_option("--config", flags->config, "YAML file, or the name of one that is installed")
      ->capture_default_str()
      ->type_name("FILE");
  command
      ->add_option("--set", flags->overrides, "a config key and its value: key=value (repeatable)")
      ->type_name("KEY=VALUE");
  command->add_option("--pictures", flags->pictures, "per clip")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--repeats", flags->repeats, "after one to warm up")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--clips", flags->clips, "of the training split; at most, for the loader")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->capture_default_str();
  add_json_flag(*command, flags->json);
  command->callback([flags] { bench(*flags); });
}

}  // namespace lipsound2::cli
