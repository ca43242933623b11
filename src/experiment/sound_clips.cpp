#include "lipsound2/experiment/sound_clips.h"

#include <algorithm>

#include "lipsound2/audio/resample.h"
#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"
#include "lipsound2/data/clip_list.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/mel_files.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kHeldOut = 20;  // of so many files one is for validation

std::vector<SoundClip> files_below(const fs::path& folder) {
  require(fs::is_directory(folder),
          ErrorKind::kData,
          "vocoder.sounds: {}: no such folder",
          folder.string());
  std::vector<SoundClip> clips;
  for (const auto& item : fs::recursive_directory_iterator(folder))
    if (item.is_regular_file() && is_sound_file(item.path()))
      clips.push_back({.id = fs::relative(item.path(), folder).replace_extension().string(),
                       .file = item.path()});
  require(
      clips.size() >= 2,
      ErrorKind::kData,
      "vocoder.sounds: {}: expected two sound files at least, one of them to validate, found {}",
      folder.string(),
      clips.size());
  std::ranges::sort(clips, {}, [](const SoundClip& clip) { return hash(clip.id); });
  return clips;
}

// Sorted by hash, the first ones are held out.
std::vector<SoundClip> split_of(std::vector<SoundClip> clips, const std::string& split) {
  const auto held_out =
      static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, clips.size() / kHeldOut));
  if (split == "train")
    return {clips.begin() + held_out, clips.end()};
  return {clips.begin(), clips.begin() + held_out};
}

fs::path stored_mel(const fs::path& folder, const std::string& id) {
  return folder / (id + ".safetensors");
}

// All of them now, rather than the first one that training comes upon.
void check_stored_mels(const fs::path& folder, const std::vector<SoundClip>& clips) {
  std::size_t missing = 0;
  std::string first;
  for (const SoundClip& clip : clips)
    if (!fs::exists(stored_mel(folder, clip.id)) && missing++ == 0)
      first = stored_mel(folder, clip.id).string();
  require(missing == 0,
          ErrorKind::kData,
          "vocoder.mels: {} of {} clips have no mel there, the first is {}; `lipsound2 synthesize "
          "--mels` writes them",
          missing,
          clips.size(),
          first);
}

std::vector<SoundClip> listed_clips(const ExperimentConfig& config, const std::string& split) {
  if (!config.vocoder.sounds.empty())
    return split_of(files_below(config.vocoder.sounds), split);
  const fs::path manifest = find_manifest(config);
  std::vector<SoundClip> clips;
  for (const data::ManifestEntry& entry :
       data::ClipList::read(manifest).split(split, manifest).entries())
    clips.push_back({.id = entry.id, .file = {}, .entry = entry});
  return clips;
}

}  // namespace

bool is_sound_file(const fs::path& file) {
  const std::string extension = file.extension().string();
  for (const char* known : {".wav", ".flac", ".ogg", ".mp3"})
    if (extension == known)
      return true;
  return false;
}

std::vector<SoundClip> sound_clips(const ExperimentConfig& config, const std::string& split) {
  std::vector<SoundClip> clips = listed_clips(config, split);
  if (!config.vocoder.mels.empty())
    check_stored_mels(config.vocoder.mels, clips);
  return clips;
}

SoundClipReader::SoundClipReader(const ExperimentConfig& config)
    : audio_(config.audio), mel_(config.audio), mels_(config.vocoder.mels) {
  if (config.vocoder.sounds.empty())
    manifest_folder_ = find_manifest(config).parent_path();
}

SoundWithMel SoundClipReader::read(const SoundClip& clip) const {
  SoundWithMel read;
  read.sound = clip.file.empty() ? data::read_clip_sound(manifest_folder_, clip.entry)
                                 : audio::read_sound(clip.file);
  if (read.sound.rate != audio_.sample_rate)
    read.sound = audio::resample(read.sound, static_cast<int>(audio_.sample_rate));
  audio::require_frame(read.sound, audio_, clip.id);
  const auto frames = static_cast<std::int64_t>(read.sound.samples.size()) / audio_.hop;
  read.sound.samples.resize(static_cast<std::size_t>(frames * audio_.hop));
  if (mels_.empty()) {
    read.mel = mel_(read.sound.samples);
    return read;
  }
  const fs::path stored = stored_mel(mels_, clip.id);
  read.mel = read_mel(stored, audio_);
  require(read.mel.size(0) == frames,
          ErrorKind::kData,
          "{}: expected {} frames, as the sound of {} has, found {}",
          stored.string(),
          frames,
          clip.id,
          read.mel.size(0));
  return read;
}

}  // namespace lipsound2::experiment
