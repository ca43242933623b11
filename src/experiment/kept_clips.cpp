#include "kept_clips.h"

#include <fmt/format.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/file.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/experiment/figure.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

fs::path kept_wav(const fs::path& folder, const std::string& id) {
  return folder / "wav" / (id + ".wav");
}

FigureFiles kept_figures(const fs::path& folder, const std::string& id) {
  return figure_files(folder / "figures", id);
}

eval::ReportAxis seconds_axis(const std::string& label, const audio::Waveform& sound) {
  return {label, 0, sound.seconds()};
}

}  // namespace

void keep_clip(const fs::path& folder, const EvaluatedClip& clip) {
  const fs::path wav = kept_wav(folder, clip.entry.id);
  make_folder(wav.parent_path());
  audio::write_wav(wav, clip.sound);
  write_figures(kept_figures(folder, clip.entry.id),
                {clip.reference_mel, clip.generated.mel, clip.generated.weights});
}

eval::ReportClip shown_clip(const fs::path& folder,
                            const fs::path& corpus,
                            const data::ManifestEntry& entry,
                            const audio::MelConfig& mel) {
  const audio::Waveform reference = data::read_clip_sound(corpus, entry);
  const audio::Waveform sound = audio::read_sound(kept_wav(folder, entry.id));
  const FigureFiles figures = kept_figures(folder, entry.id);
  const eval::ReportAxis bands{fmt::format("mel band ({} to {} Hz)", mel.low_hz, mel.high_hz),
                               0,
                               static_cast<double>(mel.bands)};
  eval::ReportClip clip;
  clip.text = entry.text;
  clip.sounds = {{"Reference", reference}, {"Synthesized", sound}};
  clip.pictures = {
      {"Reference: mel spectrogram",
       read_file(figures.reference_mel),
       seconds_axis("time (s)", reference),
       bands},
      {"Synthesized: mel spectrogram",
       read_file(figures.mel),
       seconds_axis("time (s)", sound),
       bands},
      {"Attention: from video to sound",
       read_file(figures.attention),
       seconds_axis("time in the sound (s)", sound),
       seconds_axis("time in the video (s)", sound)}};  // as long as what is made of it
  return clip;
}

}  // namespace lipsound2::experiment
