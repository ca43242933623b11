#include <cmath>

#include <fmt/format.h>

#include "lipsound2/experiment/transcriber.h"

namespace lipsound2::experiment {
namespace {

constexpr double kPause = 0.5;    // seconds of silence that end a subtitle
constexpr double kLongest = 5.0;  // seconds

std::string srt_time(double seconds) {
  const auto ms = std::llround(seconds * 1000);
  return fmt::format(
      "{:02}:{:02}:{:02},{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

std::vector<TimedWord> subtitles_of(const Transcript& transcript, asr::TextUnit unit) {
  const char* const between = unit == asr::TextUnit::kWord ? " " : "";
  std::vector<TimedWord> subtitles;
  for (const TimedWord& word : transcript.words) {
    const bool joins = !subtitles.empty() && word.begin - subtitles.back().end < kPause &&
                       word.end - subtitles.back().begin <= kLongest;
    if (!joins) {
      subtitles.push_back(word);
      continue;
    }
    subtitles.back().text += between + word.text;
    subtitles.back().end = word.end;
  }
  return subtitles;
}

}  // namespace

std::string to_srt(const Transcript& transcript, asr::TextUnit unit) {
  std::string text;
  int number = 0;
  for (const TimedWord& subtitle : subtitles_of(transcript, unit))
    text += fmt::format("{}\n{} --> {}\n{}\n\n",
                        ++number,
                        srt_time(subtitle.begin),
                        srt_time(subtitle.end),
                        subtitle.text);
  return text;
}

}  // namespace lipsound2::experiment
