#include "demo_voice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <c10/util/Exception.h>
#include <espeak-ng/speak_lib.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

#include "demo_child.h"

namespace lipsound2::corpora::demo {

namespace {

constexpr double kPeak = 0.5;
constexpr double kRoomNoise = 1e-3;

/// As it travels out of the child process.
struct VoiceEvent {
  std::array<char, 8> phoneme{};  ///< zeros: a word begins
  std::int32_t text_position = 0;
  std::int32_t sample = 0;
};

struct VoiceRecording {
  std::vector<std::int16_t> samples;
  std::vector<VoiceEvent> events;
  int rate = 0;
};

std::string name_of(const VoiceEvent& event) {
  return {event.phoneme.data(), strnlen(event.phoneme.data(), event.phoneme.size())};
}

double seconds_of(const VoiceRecording& recording, const VoiceEvent& event) {
  return static_cast<double>(event.sample) / recording.rate;
}

/// eSpeak's callback: appends sound and events to the VoiceRecording that user_data names.
int record_speech(short* samples, int count, espeak_EVENT* events) {
  auto& recording = *static_cast<VoiceRecording*>(events->user_data);
  if (samples)
    recording.samples.insert(recording.samples.end(), samples, samples + count);
  for (; events->type != espeakEVENT_LIST_TERMINATED; ++events) {
    VoiceEvent event{{}, events->text_position, events->sample};
    if (events->type == espeakEVENT_PHONEME)
      std::memcpy(event.phoneme.data(), events->id.string, event.phoneme.size());
    if (events->type == espeakEVENT_PHONEME || events->type == espeakEVENT_WORD)
      recording.events.push_back(event);
  }
  return 0;
}

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// Rate, number of samples, samples, events.
std::string pack(const VoiceRecording& recording) {
  const std::vector<std::int32_t> head{recording.rate,
                                       static_cast<std::int32_t>(recording.samples.size())};
  std::string bytes(bytes_of(head));
  bytes += bytes_of(recording.samples);
  bytes += bytes_of(recording.events);
  return bytes;
}

VoiceRecording unpack(std::string_view bytes) {
  const auto take = [&bytes]<class T>(std::vector<T> values) {
    const std::size_t size = values.size() * sizeof(T);
    TORCH_CHECK(size <= bytes.size(), "a recording cut short");
    std::memcpy(values.data(), bytes.data(), size);
    bytes.remove_prefix(size);
    return values;
  };
  const std::vector<std::int32_t> head = take(std::vector<std::int32_t>(2));
  VoiceRecording recording;
  recording.rate = head[0];
  recording.samples = take(std::vector<std::int16_t>(static_cast<std::size_t>(head[1])));
  recording.events = take(std::vector<VoiceEvent>(bytes.size() / sizeof(VoiceEvent)));
  return recording;
}

int start_espeak() {
  const int rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS,
                                     /*buflength=*/0,
                                     /*path=*/nullptr,
                                     espeakINITIALIZE_PHONEME_EVENTS | espeakINITIALIZE_DONT_EXIT);
  require(
      rate > 0,
      ErrorKind::kIo,
      "eSpeak NG: expected its data folder (Debian package espeak-ng-data), found none that can "
      "be read");
  return rate;
}

/// Leaves the library initialized: for a process that ends after it.
VoiceRecording record_sentence(const VoiceStyle& style, const Sentence& sentence) {
  VoiceRecording recording;
  recording.rate = start_espeak();
  espeak_SetSynthCallback(record_speech);
  require(espeak_SetVoiceByName(style.name.c_str()) == EE_OK,
          ErrorKind::kData,
          "eSpeak NG: expected a voice that it knows, found '{}'",
          style.name);
  espeak_SetParameter(espeakRATE, style.words_per_minute, /*relative=*/0);
  espeak_SetParameter(espeakPITCH, style.pitch, /*relative=*/0);
  espeak_SetParameter(espeakRANGE, style.pitch_range, /*relative=*/0);

  const espeak_ERROR status = espeak_Synth(sentence.spoken.c_str(),
                                           sentence.spoken.size() + 1,
                                           /*position=*/0,
                                           POS_CHARACTER,
                                           /*end_position=*/0,
                                           espeakCHARS_UTF8 | espeakPHONEMES,
                                           /*unique_identifier=*/nullptr,
                                           &recording);
  require(status == EE_OK && !recording.samples.empty(),
          ErrorKind::kData,
          "eSpeak NG: expected speech for '{}', found none (status {})",
          sentence.spoken,
          static_cast<int>(status));
  return recording;
}

/// Each phoneme ends where the next begins; the pauses at the end are dropped.
std::vector<Phoneme> phonemes_of(const VoiceRecording& recording) {
  std::vector<Phoneme> phonemes;
  for (const VoiceEvent& event : recording.events) {
    if (name_of(event).empty())
      continue;
    const double seconds = seconds_of(recording, event);
    if (!phonemes.empty())
      phonemes.back().end = seconds;
    phonemes.push_back({name_of(event), seconds, seconds});
  }
  if (!phonemes.empty())
    phonemes.back().end = static_cast<double>(recording.samples.size()) / recording.rate;
  while (!phonemes.empty() && phonemes.back().name.starts_with('_'))
    phonemes.pop_back();
  return phonemes;
}

/// Each word ends where the next begins, the last at `end`.
std::vector<SpokenWord> words_of(const VoiceRecording& recording,
                                 const Sentence& sentence,
                                 double end) {
  std::vector<SpokenWord> words;
  int last_position = 0;
  for (const VoiceEvent& event : recording.events) {
    if (!name_of(event).empty() || event.text_position <= last_position)
      continue;
    last_position = event.text_position;
    const double seconds = seconds_of(recording, event);
    if (!words.empty())
      words.back().end = seconds;
    words.push_back({"", seconds, end});
  }
  require(words.size() == sentence.words.size(),
          ErrorKind::kData,
          "eSpeak NG: expected {} words in '{}', found {}",
          sentence.words.size(),
          sentence.id,
          words.size());
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i].text = sentence.words[i];
  return words;
}

audio::Waveform normalized(const VoiceRecording& recording, double seconds) {
  const auto count = std::min(recording.samples.size(),
                              static_cast<std::size_t>(std::lround(seconds * recording.rate)));
  int peak = 1;
  for (const std::int16_t sample : recording.samples)
    peak = std::max(peak, std::abs(static_cast<int>(sample)));
  audio::Waveform sound{{}, recording.rate};
  for (std::size_t i = 0; i < count; ++i)
    sound.samples.push_back(static_cast<float>(recording.samples[i] * kPeak / peak));
  return sound;
}

}  // namespace

Utterance speak(const VoiceStyle& style, const Sentence& sentence) {
  const VoiceRecording recording =
      unpack(run_in_child("eSpeak NG", [&] { return pack(record_sentence(style, sentence)); }));
  Utterance speech;
  speech.phonemes = phonemes_of(recording);
  require(!speech.phonemes.empty(),
          ErrorKind::kData,
          "eSpeak NG: expected phonemes for '{}', found none",
          sentence.id);
  const double end = speech.phonemes.back().end;
  speech.words = words_of(recording, sentence, end);
  speech.sound = normalized(recording, end);
  return speech;
}

Utterance place_in_room(const Utterance& speech, double start, double seconds, std::uint64_t seed) {
  TORCH_CHECK(start >= 0 && start + speech.sound.seconds() <= seconds, "speech outside the clip");
  const int rate = speech.sound.rate;
  Utterance placed = speech;
  placed.sound.samples.resize(static_cast<std::size_t>(std::lround(seconds * rate)));
  Rng rng(seed);
  for (float& sample : placed.sound.samples)
    sample = static_cast<float>(kRoomNoise * rng.normal());
  const auto first = static_cast<std::size_t>(std::lround(start * rate));
  for (std::size_t i = 0; i < speech.sound.samples.size(); ++i)
    if (first + i < placed.sound.samples.size())
      placed.sound.samples[first + i] += speech.sound.samples[i];
  for (Phoneme& phoneme : placed.phonemes) {
    phoneme.begin += start;
    phoneme.end += start;
  }
  for (SpokenWord& word : placed.words) {
    word.begin += start;
    word.end += start;
  }
  return placed;
}

}  // namespace lipsound2::corpora::demo
