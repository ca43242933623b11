#include <filesystem>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>
#include <torch/types.h>

#include "lipsound2/audio/resample.h"
#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/sound_clips.h"

#include "commands.h"
#include "json_flag.h"

namespace lipsound2::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct VocodeFlags {
  std::vector<std::string> files;
  std::string run;
  std::string out;
  std::optional<double> sigma;
  std::string json;
};

// A vocoder and the mels that it takes.
struct LoadedVocoder {
  audio::MelConfig mel;
  std::shared_ptr<const vocoder::Vocoder> vocoder;
};

LoadedVocoder load(const VocodeFlags& flags) {
  if (flags.run == "griffin-lim") {
    const experiment::ExperimentConfig config;
    return {config.audio, experiment::make_vocoder(flags.run, config)};
  }
  const auto trained = experiment::load_vocoder(flags.run);
  vocoder::WaveGlowSoundConfig sound = trained.config.vocoder.sound;
  sound.sigma = flags.sigma.value_or(sound.sigma);
  return {trained.config.audio,
          std::make_shared<vocoder::WaveGlowVocoder>(
              trained.network, trained.config.audio, sound, torch::Device(trained.device))};
}

// The mel of a file: stored, or measured of its sound.
Tensor mel_of(const fs::path& file, const audio::MelConfig& mel) {
  if (file.extension() == ".safetensors")
    return experiment::read_mel(file, mel);
  const audio::Waveform sound =
      audio::resample(audio::read_sound(file), static_cast<int>(mel.sample_rate));
  require(static_cast<std::int64_t>(sound.samples.size()) >= mel.hop,
          ErrorKind::kData,
          "{}: expected one hop of {} samples at {} Hz at least, found {}",
          file.string(),
          mel.hop,
          mel.sample_rate,
          sound.samples.size());
  return audio::MelSpectrogram(mel)(sound.samples);
}

// Refuses results that would overwrite a source or each other, before anything is made.
void check_results(const VocodeFlags& flags) {
  std::set<std::string> stems;
  for (const std::string& file : flags.files) {
    require(fs::exists(file), ErrorKind::kIo, "{}: no such file", file);
    const std::string stem = fs::path(file).stem().string();
    require(stems.insert(stem).second,
            ErrorKind::kUsage,
            "{}: another file has the same stem, so {}.wav would be written twice",
            file,
            stem);
    const fs::path target = fs::path(flags.out) / (stem + ".wav");
    require(!fs::exists(target) || !fs::equivalent(target, file),
            ErrorKind::kUsage,
            "{}: --out would overwrite this file",
            file);
  }
}

void vocode(const VocodeFlags& flags) {
  check_results(flags);
  const LoadedVocoder loaded = load(flags);
  make_folder(flags.out);
  Json made = Json::array();
  for (const std::string& file : flags.files) {
    const std::string wav = (fs::path(flags.out) / fs::path(file).stem()).string() + ".wav";
    const audio::Waveform sound = loaded.vocoder->vocode(mel_of(file, loaded.mel), 0);
    audio::write_wav(wav, sound);
    fmt::print("{}  {:.2f} s\n", wav, sound.seconds());
    made.push_back({{"source", file}, {"wav", wav}, {"seconds", sound.seconds()}});
  }
  write_json(flags.json, made);
}

}  // namespace

void add_vocode(CLI::App& program) {
  auto* command =
      program.add_subcommand("vocode", "copy synthesis: sound, or mels, through a vocoder");
  const auto flags = std::make_shared<VocodeFlags>();
  command
      ->add_option("FILE",
                   flags->files,
                   "sound files, or mels as safetensors: tensor \"mel\" [M, bands], natural log")
      ->required();
  command->add_option("--run", flags->run, "a vocoder's run or checkpoint, or griffin-lim")
      ->required()
      ->type_name("RUN");
  command->add_option("--out", flags->out, "folder for <stem>.wav")->required()->type_name("DIR");
  command
      ->add_option("--sigma", flags->sigma, "deviation of the noise (default: the vocoder's own)")
      ->check(CLI::Range(0.0, 2.0));
  add_json_flag(*command, flags->json);
  command->callback([flags] { vocode(*flags); });
}

}  // namespace lipsound2::cli
