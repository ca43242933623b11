#include "cmlr.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/utf8.h"
#include "lipsound2/corpora/demo_corpus.h"

#include "folder_listing.h"
#include "prepare_text.h"
#include "speaker_files.h"
#include "transcript_file.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> kUnseenSpeakers{"s2", "s6"};

constexpr const char* kExample = "section_1_000.80_002.91";

constexpr const char* kCmlrVideo = ".mp4";
constexpr const char* kCmlrSound = ".wav";
constexpr const char* kCmlrText = ".txt";

/// "20170121/section_1_000.80_002.91" of a path that ends so; nothing for a name without a date.
std::optional<std::string> cmlr_stem(const fs::path& path) {
  const std::string date = path.parent_path().filename().string();
  if (date.empty() || numbered_speaker(date))
    return std::nullopt;
  return date + "/" + path.stem().string();
}

/// The three trees, each file under its speaker and <date>/<stem>.
SpeakerFiles find_cmlr_files(const CorpusOptions& options) {
  SpeakerFiles files(options.speakers, {kCmlrVideo, kCmlrSound, kCmlrText}, cmlr_stem);
  const std::array<fs::path, 3> trees{
      options.root / "video", options.root / "audio", options.root / "text"};
  for (const fs::path& tree : trees)
    for (const auto& [speaker, folder] : numbered_folders(tree))
      if (files.meet(speaker))
        for (const fs::path& date : list_folder(folder))
          files.add_folder(speaker, date);
  files.add_archives(options.root);
  for (const fs::path& tree : trees)
    if (fs::is_directory(tree))
      files.add_archives(tree);
  return files;
}

/// Throws kData unless there are videos and sounds, and some of every speaker that is wanted.
void require_trees(const CorpusOptions& options, const SpeakerFiles& files) {
  require_found(options.root, options.speakers, files.speakers());
  const auto require_tree = [&](const char* name, const char* ending) {
    require(
        !files.with_ending(ending).files().empty(),
        ErrorKind::kData,
        "{}: expected CMLR's {}/s1/20170121/{}{}, or {}/s1.zip with it, found none; there is {}",
        options.root.string(),
        name,
        kExample,
        ending,
        name,
        contents_text(options.root));
  };
  require_tree("video", kCmlrVideo);
  require_tree("audio", kCmlrSound);
}

/// Clips of which there is a video or a sound.
std::set<FoundFiles::Key> cmlr_clips(const SpeakerFiles& files) {
  std::set<FoundFiles::Key> keys;
  for (const char* ending : {kCmlrVideo, kCmlrSound})
    for (const auto& [key, file] : files.with_ending(ending).files())
      keys.insert(key);
  return keys;
}

void add_video(const fs::path& root,
               const FoundFiles::Key& key,
               const FoundFile* video,
               SourceClip& clip) {
  if (video) {
    clip.video = video->source;
    clip.bytes += video->bytes;
    return;
  }
  clip.video.path = (root / "video" / clip.speaker / (key.second + ".mp4")).string();
  clip.fault = "expected a video beside the sound, found none";
}

void add_sound(const FoundFile* sound, SourceClip& clip) {
  if (!sound) {
    clip.fault = "expected its sound in the tree audio, found none";
    return;
  }
  clip.sound = sound->source;
  clip.bytes += sound->bytes;
}

void add_text(const FoundFile* file, SourceClip& clip) {
  if (!file) {
    clip.note = "no transcript";
    return;
  }
  try {
    const Transcript transcript = first_line(file->source.read());
    clip.text = transcript.text;
    clip.note = transcript.note;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData)
      throw;
    clip.note = std::string("transcript left out, ") + error.what();
  }
}

SourceClip cmlr_clip(const fs::path& root, const SpeakerFiles& files, const FoundFiles::Key& key) {
  SourceClip clip;
  clip.speaker = name_of_speaker(key.first);
  clip.id = clip.speaker + "/" + key.second;
  add_video(root, key, files.with_ending(kCmlrVideo).find(key), clip);
  add_sound(files.with_ending(kCmlrSound).find(key), clip);
  add_text(files.with_ending(kCmlrText).find(key), clip);
  return clip;
}

/// s5/20151009/section_3_030.36_032.65 for s5/20151009_section_3_030.36_032.65, which may also be
/// written with slashes throughout; nothing for another line.
std::optional<std::string> listed_id(std::string line) {
  const std::size_t slash = line.find('/');
  if (slash == std::string::npos || slash == 0)
    return std::nullopt;
  const std::size_t after_date = line.find_first_of("_/", slash + 1);
  if (after_date == std::string::npos || after_date == slash + 1 || after_date + 1 == line.size())
    return std::nullopt;
  line[after_date] = '/';
  return line;
}

std::vector<std::string> read_csv_ids(const fs::path& file) {
  std::istringstream lines(without_byte_order_mark(read_file(file)));
  std::vector<std::string> ids;
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (line.empty())
      continue;
    const std::optional<std::string> id = listed_id(line);
    require(id.has_value(),
            ErrorKind::kData,
            "{}: line {}: expected a clip such as s1/20170121_{}, found '{}'",
            file.string(),
            number,
            kExample,
            line);
    ids.push_back(*id);
  }
  return ids;
}

struct OfficialList {
  const char* file;
  const char* split;
};
constexpr std::array<OfficialList, 3> kOfficialLists{
    {{"train.csv", "train"}, {"val.csv", "valid"}, {"test.csv", "test"}}};

bool is_unseen(const std::string& id) {
  return std::ranges::any_of(kUnseenSpeakers, [&](const char* speaker) {
    return id.starts_with(std::string(speaker) + "/");
  });
}

/// The official lists, those that are there; `name` is the split that needs them.
std::map<std::string, std::string> read_lists(const fs::path& root, const char* name) {
  std::map<std::string, std::string> lists;
  for (const auto& [file, split] : kOfficialLists) {
    if (!fs::exists(root / file))
      continue;
    for (const std::string& id : read_csv_ids(root / file)) {
      const auto [first, is_new] = lists.emplace(id, split);
      require(is_new || first->second == split,
              ErrorKind::kData,
              "{}: expected clips of no other list, found {}, which is in that for {} too",
              (root / file).string(),
              id,
              first->second);
    }
  }
  require(!lists.empty(),
          ErrorKind::kData,
          "{}: expected train.csv, val.csv and test.csv for the split {}, found none of them",
          root.string(),
          name);
  return lists;
}

std::vector<std::string> missing_lists(const fs::path& root) {
  std::vector<std::string> missing;
  for (const OfficialList& list : kOfficialLists)
    if (!fs::exists(root / list.file))
      missing.emplace_back(list.file);
  return missing;
}

}  // namespace

CmlrReader::CmlrReader(CorpusOptions options) : options_(std::move(options)) {
  require_folder(options_.root,
                 "the folder of CMLR, with video, audio and text in it, unpacked or as zip files");
}

std::vector<std::string> CmlrReader::find(const std::function<void(SourceClip)>& take) const {
  const SpeakerFiles files = find_cmlr_files(options_);
  require_trees(options_, files);
  for (const FoundFiles::Key& key : cmlr_clips(files))
    take(cmlr_clip(options_.root, files, key));
  std::vector<std::string> remarks;
  for (const char* ending : {kCmlrVideo, kCmlrSound, kCmlrText})
    std::ranges::move(files.with_ending(ending).remarks(), std::back_inserter(remarks));
  if (const auto missing = missing_lists(options_.root); !missing.empty())
    remarks.push_back(fmt::format("official lists that are missing: {}", fmt::join(missing, ", ")));
  return remarks;
}

std::string CmlrReader::default_split() const {
  return missing_lists(options_.root).size() < kOfficialLists.size() ? "official" : "";
}

std::vector<PublishedSplit> CmlrReader::published_splits() const {
  const auto official = [this] { return Splits(read_lists(options_.root, "official")); };
  const auto unseen = [this] {
    std::map<std::string, std::string> listed = read_lists(options_.root, "unseen");
    for (auto& [id, split] : listed)
      split = is_unseen(id) ? "test" : split == "test" ? "train" : split;
    return Splits(std::move(listed));
  };
  std::optional<SplitCounts> counts;
  if (!fs::exists(options_.root / kDemoCorpusNote))
    counts = SplitCounts{.train = 71448, .valid = 10206, .test = 20418};
  return {{"official", official, counts}, {"unseen", unseen}};
}

}  // namespace lipsound2::corpora
