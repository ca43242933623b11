#include <map>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/experiment/evaluation.h"

#include "commands.h"
#include "json_flag.h"

namespace lipsound2::cli {
namespace {

namespace fs = std::filesystem;

struct ScoreFlags {
  std::string reference;
  std::string degraded;
  std::string metrics = "stoi,estoi";
  std::string json;
};

std::map<std::string, fs::path> sounds_by_stem(const fs::path& folder) {
  std::map<std::string, fs::path> sounds;
  for (const auto& item : fs::directory_iterator(folder))
    if (item.is_regular_file())
      require(sounds.emplace(item.path().stem().string(), item.path()).second,
              ErrorKind::kData,
              "{}: two files have the stem {}",
              folder.string(),
              item.path().stem().string());
  return sounds;
}

struct SoundPair {
  std::string id;
  fs::path reference;
  fs::path degraded;
};

std::vector<SoundPair> pair_sounds(const fs::path& reference, const fs::path& degraded) {
  for (const fs::path& path : {reference, degraded})
    require(fs::exists(path), ErrorKind::kIo, "{}: no such file or folder", path.string());
  if (!fs::is_directory(reference) && !fs::is_directory(degraded))
    return {{degraded.stem().string(), reference, degraded}};
  require(fs::is_directory(reference) && fs::is_directory(degraded),
          ErrorKind::kUsage,
          "--reference and --degraded must be two files or two folders");
  const auto references = sounds_by_stem(reference);
  auto others = sounds_by_stem(degraded);
  std::vector<SoundPair> pairs;
  std::string unpaired;
  for (const auto& [stem, file] : references) {
    const auto other = others.extract(stem);
    if (other.empty())
      unpaired += "\n  " + file.string();
    else
      pairs.push_back({stem, file, other.mapped()});
  }
  for (const auto& [stem, file] : others)
    unpaired += "\n  " + file.string();
  require(
      unpaired.empty(), ErrorKind::kData, "files without a partner of the same stem:{}", unpaired);
  require(!pairs.empty(), ErrorKind::kData, "{}: holds no files", reference.string());
  return pairs;
}

void score(const ScoreFlags& flags) {
  const auto metrics = experiment::parse_metrics(flags.metrics);
  eval::ScoreTable table = experiment::empty_table(metrics);
  for (const SoundPair& pair : pair_sounds(flags.reference, flags.degraded)) {
    const audio::Waveform reference = audio::read_sound(pair.reference);
    const audio::Waveform degraded = audio::read_sound(pair.degraded);
    require(reference.rate == degraded.rate,
            ErrorKind::kData,
            "{}: expected the rate of its reference, {} Hz, found {} Hz",
            pair.degraded.string(),
            reference.rate,
            degraded.rate);
    table.clips.push_back(experiment::score_pair(pair.id, reference, degraded, metrics));
  }
  if (!flags.json.empty())
    write_file(flags.json, eval::to_json(table));
  fmt::print("{}", eval::to_text(table));
}

}  // namespace

void add_score(CLI::App& program) {
  auto* command =
      program.add_subcommand("score", "score sound files against references; no network involved");
  const auto flags = std::make_shared<ScoreFlags>();
  command->add_option("--reference", flags->reference, "sound file, or folder of them")->required();
  command->add_option("--degraded", flags->degraded, "sound file, or folder paired by file stem")
      ->required();
  command->add_option("--metrics", flags->metrics, "comma-separated names")->capture_default_str();
  add_json_flag(*command, flags->json);
  command->callback([flags] { score(*flags); });
}

}  // namespace lipsound2::cli
