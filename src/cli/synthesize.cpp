#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "lipsound2/audio/sound_stream.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/experiment/generated_corpus.h"
#include "lipsound2/experiment/mel_files.h"
#include "lipsound2/video/movie_writer.h"

#include "commands.h"
#include "json_flag.h"
#include "lip_reader.h"
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

// What was made of the video.
Json convert(LipReader& reader, const fs::path& file, const SynthesizeFlags& flags) {
  const std::string stem = (fs::path(flags.out) / file.stem()).string();
  if (flags.mux)
    video::require_muxable(file, stem + ".mp4");
  audio::WavWriter wav(stem + ".wav", reader.rate());
  const video::MediaFacts facts =
      reader.read(file, [&](std::span<const float> samples) { wav.write(samples); });
  wav.commit();
  const std::string note = fmt::format("{}", fmt::join(facts.notes, "; "));
  fmt::print("{}.wav  {:.2f} s  {}\n", stem, wav.seconds(), note);
  Json made{{"video", file.string()},
            {"wav", stem + ".wav"},
            {"seconds", wav.seconds()},
            {"faces", facts.faces},
            {"note", note}};
  if (flags.mux) {
    video::mux(file, stem + ".wav", stem + ".mp4");
    fmt::print("{}.mp4\n", stem);
    made["mp4"] = stem + ".mp4";
  }
  return made;
}

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

// --manifest FILE --out DIR: a corpus with the sound that its pictures give.
void write_corpus(const SynthesizeFlags& flags) {
  require(!flags.out.empty(),
          ErrorKind::kUsage,
          "--manifest needs --out DIR for a corpus with generated sound, or --mels DIR for mels");
  const fs::path manifest = experiment::generate_corpus({.run = flags.run,
                                                         .manifest = flags.manifest,
                                                         .splits = flags.splits,
                                                         .out = flags.out,
                                                         .vocoder = flags.vocoder});
  write_json(flags.json, {{"manifest", manifest.string()}});
  fmt::print("{}\n", manifest.string());
}

void write_sounds(const SynthesizeFlags& flags) {
  require(!flags.videos.empty() && !flags.out.empty(),
          ErrorKind::kUsage,
          "expected VIDEO... and --out DIR for sounds, or --mels DIR for the mels of a corpus");
  check_results({flags.videos, flags.out, {".wav", ".mp4"}});
  make_folder(flags.out);
  LipReader reader(flags.run, flags.vocoder, flags.detector);
  Json made = Json::array();
  for (const std::string& file : flags.videos)
    made.push_back(convert(reader, file, flags));
  write_json(flags.json, made);
}

void synthesize(const SynthesizeFlags& flags) {
  if (!flags.mels.empty())
    write_mels(flags);
  else if (!flags.manifest.empty())
    write_corpus(flags);
  else
    write_sounds(flags);
}

/// The options that only videos have, or only sounds.
struct SoundOptions {
  std::vector<CLI::Option*> of_videos;
  std::vector<CLI::Option*> of_sounds;
};

// The flags about a prepared corpus, of which sounds or, with --mels, mels are made.
void add_corpus_flags(CLI::App& command, SynthesizeFlags& flags, const SoundOptions& others) {
  auto* mels = command
                   .add_option("--mels",
                               flags.mels,
                               "folder for <id>.safetensors, the mels of a corpus instead of "
                               "sounds, to train a vocoder on (vocoder.mels)")
                   ->type_name("DIR");
  auto* manifest =
      command
          .add_option("--manifest",
                      flags.manifest,
                      "a prepared corpus instead of videos: --out gets one like it whose sound is "
                      "generated; with --mels the default is that of the run")
          ->type_name("FILE");
  auto* split = command.add_option("--split", flags.splits, "its splits, comma-separated")
                    ->delimiter(',')
                    ->capture_default_str();
  for (CLI::Option* option : others.of_videos)
    for (CLI::Option* of_corpus : {mels, manifest, split})
      of_corpus->excludes(option);
  for (CLI::Option* option : others.of_sounds)
    mels->excludes(option);
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
  auto* out = command->add_option("--out", flags->out, "folder for <stem>.wav, or a corpus")
                  ->type_name("DIR");
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
  add_corpus_flags(*command, *flags, {{videos, detector, mux}, {out, vocoder}});
  add_json_flag(*command, flags->json);
  command->callback([flags] { synthesize(*flags); });
}

}  // namespace lipsound2::cli
