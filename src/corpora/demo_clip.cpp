#include "demo_clip.h"

#include <cmath>

#include <fmt/format.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"
#include "lipsound2/video/movie_writer.h"

#include "demo_face.h"
#include "demo_head.h"
#include "demo_mouth.h"

namespace lipsound2::corpora::demo {

namespace {

constexpr double kSilenceSeconds = 0.25;
/// GRID's alignments are multiples of 10 ms and end 20 ms before the picture.
constexpr long kUnitsPerStep = 250;
constexpr long kLastUnit = 74500;

long alignment_unit(double seconds) {
  const double steps = seconds * kPicturesPerSecond * 1000 / static_cast<double>(kUnitsPerStep);
  return std::lround(steps) * kUnitsPerStep;
}

video::MovieWriter::Format movie_format() {
  video::MovieWriter::Format format;
  format.width = kPictureWidth;
  format.height = kPictureHeight;
  format.fps = static_cast<int>(kPicturesPerSecond);
  return format;
}

/// The person saying this clip, with a sound track of `sound`.
void write_movie(const std::filesystem::path& file,
                 const Person& person,
                 const Utterance& clip,
                 std::uint64_t seed,
                 const audio::Waveform& sound) {
  video::MovieWriter movie(file, movie_format());
  Rng rng(lipsound2::mix({seed, hash("pose")}));
  const long pictures = std::lround(clip.sound.seconds() * kPicturesPerSecond);
  const auto poses = draw_poses(pictures, kPicturesPerSecond, rng);
  const auto mouths = mouth_track(clip.phonemes, pictures, kPicturesPerSecond);
  for (std::size_t i = 0; i < poses.size(); ++i)
    movie.write(draw_face(person.look, poses[i], mouths[i]));
  movie.finish(sound);
}

}  // namespace

Utterance speak_clip(const Person& person, const Sentence& sentence, std::uint64_t seed) {
  constexpr double kLongest = kClipSeconds - 2 * kSilenceSeconds;
  constexpr int kTries = 4;
  VoiceStyle style = person.voice;
  Utterance speech = speak(style, sentence);
  for (int i = 0; i < kTries && speech.sound.seconds() > kLongest; ++i) {
    style.words_per_minute = style.words_per_minute * 6 / 5;
    speech = speak(style, sentence);
  }
  const double seconds = speech.sound.seconds();
  require(seconds <= kLongest,
          ErrorKind::kData,
          "{}: expected at most {} s of speech from voice {}, found {:.2f} s",
          sentence.id,
          kLongest,
          style.name,
          seconds);
  Rng rng(lipsound2::mix({seed, hash("start")}));
  const double start = rng.uniform(kSilenceSeconds, kClipSeconds - kSilenceSeconds - seconds);
  return place_in_room(speech, start, kClipSeconds, lipsound2::mix({seed, hash("room")}));
}

Utterance speak_whole_clip(const Person& person, const Sentence& sentence, std::uint64_t seed) {
  const Utterance speech = speak(person.voice, sentence);
  Rng rng(lipsound2::mix({seed, hash("start")}));
  const double start = rng.uniform(0.2, 0.26);
  const double pictures = std::ceil((start + speech.sound.seconds() + 0.2) * kPicturesPerSecond);
  return place_in_room(
      speech, start, pictures / kPicturesPerSecond, lipsound2::mix({seed, hash("room")}));
}

std::string alignment(const Utterance& clip) {
  long begin = 0;
  std::string text;
  const auto add = [&](long end, const std::string& word) {
    text += fmt::format("{} {} {}\n", begin, end, word);
    begin = end;
  };
  add(alignment_unit(clip.words.front().begin), "sil");
  for (const SpokenWord& word : clip.words)
    add(alignment_unit(word.end), word.text);
  add(kLastUnit, "sil");
  return text;
}

void write_clip(const std::filesystem::path& file,
                const Person& person,
                const Utterance& clip,
                std::uint64_t seed) {
  write_movie(file, person, clip, seed, clip.sound);
}

void write_silent_clip(const std::filesystem::path& file,
                       const Person& person,
                       const Utterance& clip,
                       std::uint64_t seed) {
  write_movie(file, person, clip, seed, /*sound=*/{});
}

}  // namespace lipsound2::corpora::demo
