#include "lipsound2/experiment/speech_clips.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "lipsound2/audio/resample.h"
#include "lipsound2/core/error.h"
#include "lipsound2/data/clip_list.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/eval/text_normalization.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/runs.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

constexpr std::size_t kNamedClips = 3;  // of those that an error is about

std::vector<std::string> texts_of(const std::vector<SpeechClip>& clips) {
  std::vector<std::string> texts;
  for (const SpeechClip& clip : clips)
    texts.push_back(clip.text);
  return texts;
}

// Such as "3 of 400 clips (a, b, ...)".
std::string named(const std::vector<std::string>& ids, std::size_t all) {
  const auto end = ids.begin() + static_cast<std::ptrdiff_t>(std::min(kNamedClips, ids.size()));
  return fmt::format("{} of {} clips ({}{})",
                     ids.size(),
                     all,
                     fmt::join(std::vector<std::string>(ids.begin(), end), ", "),
                     ids.size() > kNamedClips ? ", ..." : "");
}

std::vector<SpeechClip> clips_in(const fs::path& manifest, const std::string& split) {
  std::vector<SpeechClip> clips;
  std::vector<std::string> silent;
  for (data::ManifestEntry& entry :
       data::ClipList::read(manifest).split(split, manifest).entries()) {
    SpeechClip clip{.folder = manifest.parent_path(), .entry = std::move(entry), .text = ""};
    clip.text = eval::normalize_text(clip.entry.text);
    if (clip.text.empty())
      silent.push_back(clip.entry.id);
    clips.push_back(std::move(clip));
  }
  require(silent.empty(),
          ErrorKind::kData,
          "{}, split {}: expected a text for every clip, found none for {}",
          manifest.string(),
          split,
          named(silent, clips.size()));
  return clips;
}

// The labels and a blank between equal neighbors.
std::int64_t frames_needed(const std::vector<std::int64_t>& labels) {
  auto needed = static_cast<std::int64_t>(labels.size());
  for (std::size_t i = 1; i < labels.size(); ++i)
    needed += labels[i] == labels[i - 1] ? 1 : 0;
  return needed;
}

// The frames that the network gives for a clip in the fastest version of it.
std::int64_t frames_given(const SpeechClip& clip, const ExperimentConfig& config) {
  const auto fastest = static_cast<double>(*std::ranges::max_element(config.asr.speeds));
  const double samples = static_cast<double>(clip.entry.samples) *
                         static_cast<double>(config.audio.sample_rate) /
                         static_cast<double>(clip.entry.rate) * 100 / fastest;
  const auto frames = static_cast<std::int64_t>(samples / static_cast<double>(config.audio.hop));
  return (frames + asr::JasperImpl::kStride - 1) / asr::JasperImpl::kStride;
}

}  // namespace

std::vector<SpeechClip> speech_clips(const ExperimentConfig& config, const std::string& split) {
  std::vector<SpeechClip> clips = clips_in(find_manifest(config), split);
  if (split != "train")
    return clips;
  for (const std::string& manifest : config.asr.more_manifests)
    for (SpeechClip& clip : clips_in(manifest, split))
      clips.push_back(std::move(clip));
  return clips;
}

audio::Waveform read_speech(const SpeechClip& clip, std::int64_t rate) {
  audio::Waveform sound = data::read_clip_sound(clip.folder, clip.entry);
  if (sound.rate != rate)
    sound = audio::resample(sound, static_cast<int>(rate));
  return sound;
}

ExperimentConfig with_symbols(ExperimentConfig config) {
  std::string& symbols = config.asr.symbols;
  if (symbols.empty() && !config.from.empty())
    symbols = stored_config(config.from, "asr").asr.symbols;
  if (symbols.empty() && config.asr.alphabet == AlphabetKind::kEnglish)
    symbols = asr::Alphabet::english().text();
  if (symbols.empty())
    symbols = asr::Alphabet::of_characters(texts_of(speech_clips(config, "train"))).text();
  return config;
}

std::string describe_unknown_letters(const std::vector<SpeechClip>& clips,
                                     const ExperimentConfig& config) {
  const auto alphabet = asr::Alphabet::parse(config.asr.symbols);
  return alphabet.describe_unknown(alphabet.unknown_characters(texts_of(clips)));
}

void check_speech(const std::vector<SpeechClip>& clips, const ExperimentConfig& config) {
  const auto alphabet = asr::Alphabet::parse(config.asr.symbols);
  alphabet.check_texts(texts_of(clips), "the training texts");
  std::vector<std::string> crowded;
  for (const SpeechClip& clip : clips)
    if (frames_needed(alphabet.encode(clip.text, clip.entry.id)) > frames_given(clip, config))
      crowded.push_back(clip.entry.id);
  require(crowded.empty(),
          ErrorKind::kData,
          "too many letters for their length: {}; CTC needs a frame of {} samples per letter, also "
          "at the highest of asr.speeds",
          named(crowded, clips.size()),
          asr::JasperImpl::kStride * config.audio.hop);
}

}  // namespace lipsound2::experiment
