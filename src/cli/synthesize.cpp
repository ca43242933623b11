#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "lipsound2/audio/sound_stream.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/data/face_input.h"
#include "lipsound2/data/jpeg.h"
#include "lipsound2/experiment/mel_files.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/synthesizer.h"
#include "lipsound2/video/face_clip.h"
#include "lipsound2/video/movie_writer.h"

#include "commands.h"
#include "json_flag.h"
#include "results.h"

namespace lipsound2::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct SynthesizeFlags {
  std::string run;
  std::vector<std::string> videos;
  std::string out;
  std::string vocoder = "griffin-lim";
  std::string detector;
  bool mux = false;
  std::string mels;
  std::string manifest;
  std::vector<std::string> splits = {"train", "valid"};
  bool teacher_forced = false;
  std::string json;
};

// The stored form of a picture, then what the loader makes of it: the network sees what it was
// trained on.
Tensor as_network_input(const video::Image& face, const data::FaceInputConfig& config) {
  const data::Picture picture{face.width, face.height, face.channels, face.pixels};
  return data::centered_face(data::encode_jpeg(picture, data::kFaceQuality), config, "face");
}

class VideoToSound {
 public:
  explicit VideoToSound(const SynthesizeFlags& flags)
      : flags_(flags),
        trained_(experiment::load_network(flags.run)),
        synthesizer_(trained_.network,
                     trained_.config,
                     trained_.device,
                     experiment::make_vocoder(flags.vocoder, trained_.config)),
        reader_({.detector = flags.detector}) {}

  /// What was made of the video.
  Json convert(const fs::path& file) {
    const std::string stem = (fs::path(flags_.out) / file.stem()).string();
    if (flags_.mux)
      video::require_muxable(file, stem + ".mp4");
    audio::WavWriter wav(stem + ".wav", synthesizer_.rate());
    experiment::WindowedSynthesis synthesis(
        synthesizer_, trained_.config, [&](std::span<const float> samples) { wav.write(samples); });
    const video::MediaFacts facts = reader_.stream(file, [&](const video::Image& face) {
      synthesis.add(as_network_input(face, trained_.config.data.faces));
    });
    synthesis.finish();
    wav.commit();
    const std::string note = fmt::format("{}", fmt::join(facts.notes, "; "));
    fmt::print("{}.wav  {:.2f} s  {}\n", stem, wav.seconds(), note);
    Json made{{"video", file.string()},
              {"wav", stem + ".wav"},
              {"seconds", wav.seconds()},
              {"faces", facts.faces},
              {"note", note}};
    if (flags_.mux) {
      video::mux(file, stem + ".wav", stem + ".mp4");
      fmt::print("{}.mp4\n", stem);
      made["mp4"] = stem + ".mp4";
    }
    return made;
  }

 private:
  const SynthesizeFlags& flags_;
  experiment::TrainedNetwork trained_;
  experiment::Synthesizer synthesizer_;
  video::FaceClipReader reader_;
};

// --mels DIR: the mels of a corpus, no sound.
void write_mels(const SynthesizeFlags& flags) {
  const std::size_t written =
      experiment::write_mels({.run = flags.run,
                              .manifest = flags.manifest,
                              .splits = flags.splits,
                              .feed = flags.teacher_forced ? lip2mel::DecoderFeed::kTruth
                                                           : lip2mel::DecoderFeed::kOwnOutput},
                             flags.mels);
  fmt::print("{}: {} mels\n", flags.mels, written);
  write_json(flags.json, {{"mels", flags.mels}, {"clips", written}});
}

void write_sounds(const SynthesizeFlags& flags) {
  require(!flags.videos.empty() && !flags.out.empty(),
          ErrorKind::kUsage,
          "expected VIDEO... and --out DIR for sounds, or --mels DIR for the mels of a corpus");
  check_results({flags.videos, flags.out, {".wav", ".mp4"}});
  make_folder(flags.out);
  VideoToSound converter(flags);
  Json made = Json::array();
  for (const std::string& file : flags.videos)
    made.push_back(converter.convert(file));
  write_json(flags.json, made);
}

void synthesize(const SynthesizeFlags& flags) {
  flags.mels.empty() ? write_sounds(flags) : write_mels(flags);
}

// The flags of --mels, which goes without the options that `sounds` lists.
void add_mel_flags(CLI::App& command,
                   SynthesizeFlags& flags,
                   const std::vector<CLI::Option*>& sounds) {
  auto* mels =
      command
          .add_option("--mels",
                      flags.mels,
                      "instead of sounds: folder for <id>.safetensors, the mels of a corpus, to "
                      "train a vocoder on (vocoder.mels)")
          ->type_name("DIR");
  for (CLI::Option* option : sounds)
    mels->excludes(option);
  command.add_option("--manifest", flags.manifest, "of that corpus (default: the one of the run)")
      ->type_name("FILE")
      ->needs(mels);
  command.add_option("--split", flags.splits, "its splits, comma-separated")
      ->delimiter(',')
      ->capture_default_str()
      ->needs(mels);
  command
      .add_flag("--teacher-forced",
                flags.teacher_forced,
                "the decoder hears the true mel instead of its own: the timing of the true "
                "sound, as training on pairs of both needs it")
      ->needs(mels);
}

}  // namespace

void add_synthesize(CLI::App& program) {
  auto* command = program.add_subcommand("synthesize", "give silent videos a voice");
  const auto flags = std::make_shared<SynthesizeFlags>();
  auto* videos = command->add_option("VIDEO", flags->videos, "any video of a speaking face");
  command->add_option("--run", flags->run, "run or checkpoint (default: the latest run)");
  auto* out = command->add_option("--out", flags->out, "folder for <stem>.wav")->type_name("DIR");
  auto* vocoder =
      command
          ->add_option(
              "--vocoder", flags->vocoder, "what makes the sound: griffin-lim or a vocoder's run")
          ->type_name("griffin-lim|RUN")
          ->capture_default_str();
  auto* detector =
      command
          ->add_option(
              "--detector", flags->detector, "YuNet model (default: OpenCV's Haar cascade)")
          ->type_name("ONNX");
  auto* mux =
      command->add_flag("--mux", flags->mux, "also write <stem>.mp4: the video with its new sound");
  add_mel_flags(*command, *flags, {videos, out, vocoder, detector, mux});
  add_json_flag(*command, flags->json);
  command->callback([flags] { synthesize(*flags); });
}

}  // namespace lipsound2::cli
