#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>

#include "lipsound2/audio/resample.h"
#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/file.h"
#include "lipsound2/experiment/mel_files.h"
#include "lipsound2/experiment/runs.h"

#include "commands.h"
#include "json_flag.h"
#include "results.h"

namespace lipsound2::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct VocodeFlags {
  std::vector<std::string> files;
  std::string run;
  std::string out;
  experiment::VoiceChoice choice;
  std::string json;
};

// The mel of a file: stored, or measured of its sound.
Tensor mel_of(const fs::path& file, const audio::MelConfig& mel) {
  if (file.extension() == ".safetensors")
    return experiment::read_mel(file, mel);
  const audio::Waveform sound =
      audio::resample(audio::read_sound(file), static_cast<int>(mel.sample_rate));
  audio::require_frame(sound, mel, file.string());
  return audio::MelSpectrogram(mel)(sound.samples);
}

void vocode(const VocodeFlags& flags) {
  check_results({flags.files, flags.out, {".wav"}});
  const experiment::Voice voice = experiment::load_voice(flags.run, {}, flags.choice);
  make_folder(flags.out);
  Json made = Json::array();
  for (const std::string& file : flags.files) {
    const std::string wav = (fs::path(flags.out) / fs::path(file).stem()).string() + ".wav";
    const audio::Waveform sound = voice.vocoder->vocode(mel_of(file, voice.mel), /*first_frame=*/0);
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
      ->add_option(
          "--sigma", flags->choice.sigma, "deviation of the noise (default: the vocoder's own)")
      ->check(CLI::Range(0.0, 2.0));
  command
      ->add_option("--mel-steps",
                   flags->choice.mel_steps,
                   "how often the sound's bands are set to the mel's (default: the vocoder's own)")
      ->check(CLI::Range(0, 1000));
  add_json_flag(*command, flags->json);
  command->callback([flags] { vocode(*flags); });
}

}  // namespace lipsound2::cli
