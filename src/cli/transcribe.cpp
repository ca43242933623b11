#include <optional>

#include <nlohmann/json.hpp>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/sound_clips.h"
#include "lipsound2/experiment/transcriber.h"
#include "lipsound2/train/checkpoint.h"

#include "commands.h"
#include "decoding_flags.h"
#include "json_flag.h"
#include "results.h"
#ifdef LIPSOUND2_WITH_VIDEO
#include "lip_reader.h"
#endif

namespace lipsound2::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct TranscribeFlags {
  std::vector<std::string> files;
  std::string run;
  std::string asr;
  std::string vocoder = "griffin-lim";
  std::string detector;
  std::string srt;
  experiment::DecodingConfig decoding;
  std::string log_probs;
  std::string json;
};

// What the lips of a video say, as sound.
class VideoSounds {
 public:
  explicit VideoSounds(const TranscribeFlags& flags) : flags_(flags) {}

  audio::Waveform read(const std::string& file) {
#ifdef LIPSOUND2_WITH_VIDEO
    if (!reader_)
      reader_.emplace(flags_.run, flags_.vocoder, flags_.detector);
    audio::Waveform sound{{}, reader_->rate()};
    reader_->read(file, [&](std::span<const float> samples) {
      sound.samples.insert(sound.samples.end(), samples.begin(), samples.end());
    });
    return sound;
#else
    fail(ErrorKind::kUsage, "{}: this program was built without video", file);
#endif
  }

 private:
  const TranscribeFlags& flags_;
#ifdef LIPSOUND2_WITH_VIDEO
  std::optional<LipReader> reader_;
#endif
};

Json as_json(const std::string& file, const experiment::Transcript& transcript) {
  Json words = Json::array();
  for (const experiment::TimedWord& word : transcript.words)
    words.push_back({{"word", word.text}, {"begin", word.begin}, {"end", word.end}});
  return {{"file", file}, {"text", transcript.text}, {"words", words}};
}

void transcribe(const TranscribeFlags& flags) {
  const bool has_subtitles = !flags.srt.empty();
  check_results({flags.files,
                 flags.srt,
                 has_subtitles ? std::vector<std::string>{".srt"} : std::vector<std::string>()});
  const auto trained = experiment::load_recognizer(flags.asr.empty() ? flags.run : flags.asr);
  const auto unit = asr::Alphabet::parse(trained.config.asr.symbols).unit();
  experiment::Transcriber transcriber(trained, flags.decoding);
  VideoSounds videos(flags);
  if (has_subtitles)
    make_folder(flags.srt);
  Json transcripts = Json::array();
  train::TensorFile log_probs{{}, {{"symbols", trained.config.asr.symbols}}};
  for (const std::string& file : flags.files) {
    const auto sound =
        experiment::is_sound_file(file) ? audio::read_sound(file) : videos.read(file);
    const experiment::Transcript transcript = transcriber(sound, file);
    fmt::print("{}\t{}\n", file, transcript.text);
    if (has_subtitles)
      write_file(fs::path(flags.srt) / (fs::path(file).stem().string() + ".srt"),
                 experiment::to_srt(transcript, unit));
    transcripts.push_back(as_json(file, transcript));
    if (!flags.log_probs.empty())
      log_probs.tensors[file] = transcript.log_probs;
  }
  if (!flags.log_probs.empty())
    train::save_tensors(flags.log_probs, log_probs);
  write_json(flags.json, transcripts);
}

}  // namespace

void add_transcribe(CLI::App& program) {
  auto* command = program.add_subcommand(
      "transcribe", "text of sounds, and of silent videos by what a lip2mel run hears in them");
  const auto flags = std::make_shared<TranscribeFlags>();
  command->add_option("FILE", flags->files, "sounds (.wav, .flac, .ogg, .mp3) and videos")
      ->required();
  command->add_option("--run",
                      flags->run,
                      "the lip2mel run for videos, or a chain that holds it and the recognizer; "
                      "for sounds, a recognizer's run (default: the latest ones)");
  command->add_option("--asr", flags->asr, "the recognizer's run (default: in --run)")
      ->type_name("RUN");
  add_decoding_flags(*command, flags->decoding);
  command->add_option("--srt", flags->srt, "folder for subtitles, <stem>.srt")->type_name("DIR");
  command
      ->add_option("--log-probs",
                   flags->log_probs,
                   "file for the log-probabilities of all symbols and the blank, for `decode`")
      ->type_name("FILE.safetensors");
  command->add_option("--vocoder", flags->vocoder, "of videos: griffin-lim or a vocoder's run")
      ->type_name("griffin-lim|RUN")
      ->capture_default_str();
  command->add_option("--detector", flags->detector, "YuNet model (default: OpenCV's Haar cascade)")
      ->type_name("ONNX");
  add_json_flag(*command, flags->json);
  command->callback([flags] { transcribe(*flags); });
}

}  // namespace lipsound2::cli
