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

#include "folder_listing.h"
#include "found_files.h"
#include "prepare_text.h"
#include "transcript_file.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> kUnseenSpeakers{"s2", "s6"};

constexpr const char* kExample = "section_1_000.80_002.91";

/// The three trees, each file under its speaker and <date>/<stem>.
struct CmlrFiles {
  FoundFiles videos;
  FoundFiles sounds;
  FoundFiles texts;
  std::set<int> speakers;  ///< also those whom nobody wants

  /// By the ending of a file's name; null for other files.
  FoundFiles* with_ending(const std::string& ending) {
    return ending == ".mp4"   ? &videos
           : ending == ".wav" ? &sounds
           : ending == ".txt" ? &texts
                              : nullptr;
  }
};

/// "20170121/section_1_000.80_002.91" of a path that ends so; nothing for a name without a date.
std::optional<std::string> cmlr_stem(const fs::path& path) {
  const std::string date = path.parent_path().filename().string();
  if (date.empty() || numbered_speaker(date))
    return std::nullopt;
  return date + "/" + path.stem().string();
}

void add_cmlr_folder(const fs::path& folder, int speaker, CmlrFiles& files) {
  for (const fs::path& date : list_folder(folder)) {
    if (!fs::is_directory(date))
      continue;
    for (const fs::path& file : list_folder(date))
      if (FoundFiles* kind = files.with_ending(lower_case(file.extension().string())))
        kind->add({speaker, *cmlr_stem(file)}, file);
  }
}

void add_cmlr_archive(const std::vector<fs::path>& parts,
                      const std::vector<std::string>& speakers,
                      CmlrFiles& files) {
  const auto archive = std::make_shared<const Archive>(parts);
  archive->visit([&](const Archive::Member& member) {
    const fs::path name(member.name);
    FoundFiles* kind = files.with_ending(lower_case(name.extension().string()));
    const std::optional<int> speaker = speaker_of_member(member.name, *archive);
    const std::optional<std::string> stem = cmlr_stem(name);
    if (!kind || !speaker || !stem)
      return;
    files.speakers.insert(*speaker);
    if (is_wanted(name_of_speaker(*speaker), speakers))
      kind->add({*speaker, *stem}, archive, member);
  });
}

/// What lies in a folder, without the archives.
void add_cmlr_tree(const fs::path& tree,
                   const std::vector<std::string>& speakers,
                   CmlrFiles& files) {
  for (const fs::path& folder : list_folder(tree)) {
    const auto speaker = numbered_speaker(folder.filename().string());
    if (!speaker || !fs::is_directory(folder))
      continue;
    files.speakers.insert(*speaker);
    if (is_wanted(name_of_speaker(*speaker), speakers))
      add_cmlr_folder(folder, *speaker, files);
  }
}

CmlrFiles find_cmlr_files(const fs::path& root, const std::vector<std::string>& speakers) {
  CmlrFiles files;
  std::vector<std::vector<fs::path>> archives = find_archives(root);
  for (const char* name : {"video", "audio", "text"}) {
    const fs::path tree = root / name;
    if (!fs::is_directory(tree))
      continue;
    add_cmlr_tree(tree, speakers, files);
    std::ranges::move(find_archives(tree), std::back_inserter(archives));
  }
  for (const std::vector<fs::path>& archive : archives) {
    const std::optional<int> speaker = speaker_of_archive(archive.front());
    if (speaker)
      files.speakers.insert(*speaker);
    if (!speaker || is_wanted(name_of_speaker(*speaker), speakers))
      add_cmlr_archive(archive, speakers, files);
  }
  return files;
}

/// Throws kData unless there are videos and sounds, and some of every speaker that is wanted.
void require_trees(const fs::path& root,
                   const CmlrFiles& files,
                   const std::vector<std::string>& wanted) {
  std::vector<std::string> speakers;
  for (const int speaker : files.speakers)
    speakers.push_back(name_of_speaker(speaker));
  require_found(root, wanted, speakers);
  const auto require_tree = [&](const FoundFiles& tree, const char* name, const char* ending) {
    require(!tree.files().empty(),
            ErrorKind::kData,
            "{}: expected CMLR's {}/s1/20170121/{}{}, or {}/s1.zip with it, found none",
            root.string(),
            name,
            kExample,
            ending,
            name);
  };
  require_tree(files.videos, "video", ".mp4");
  require_tree(files.sounds, "audio", ".wav");
}

/// Clips of which there is a video or a sound.
std::set<FoundFiles::Key> cmlr_clips(const CmlrFiles& files) {
  std::set<FoundFiles::Key> keys;
  for (const FoundFiles* tree : {&files.videos, &files.sounds})
    for (const auto& [key, file] : tree->files())
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

SourceClip cmlr_clip(const fs::path& root, const CmlrFiles& files, const FoundFiles::Key& key) {
  SourceClip clip;
  clip.speaker = name_of_speaker(key.first);
  clip.id = clip.speaker + "/" + key.second;
  add_video(root, key, files.videos.find(key), clip);
  add_sound(files.sounds.find(key), clip);
  add_text(files.texts.find(key), clip);
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
  std::istringstream lines(read_file(file));
  std::vector<std::string> ids;
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (number == 1 && line.starts_with("\xef\xbb\xbf"))
      line.erase(0, 3);
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

/// The official lists, with the number of their clips on the page of the corpus.
struct OfficialList {
  const char* file;
  Split split;
  std::int64_t published;
};
constexpr std::array<OfficialList, 3> kOfficialLists{{{"train.csv", Split::kTrain, 71448},
                                                      {"val.csv", Split::kValid, 10206},
                                                      {"test.csv", Split::kTest, 20418}}};

/// Those lists that are there, by id.
std::map<std::string, Split> read_lists(const fs::path& root) {
  std::map<std::string, Split> lists;
  for (const auto& [name, split, published] : kOfficialLists) {
    if (!fs::exists(root / name))
      continue;
    for (const std::string& id : read_csv_ids(root / name)) {
      const auto [first, is_new] = lists.emplace(id, split);
      require(is_new || first->second == split,
              ErrorKind::kData,
              "{}: expected clips of no other list, found {}, which is in that for {} too",
              (root / name).string(),
              id,
              name_of(first->second));
    }
  }
  return lists;
}

/// What is unusual in the lists, and how many clips they do not name.
std::vector<std::string> list_remarks(const std::map<std::string, Split>& lists,
                                      std::int64_t unlisted) {
  std::vector<std::string> remarks;
  if (lists.empty())
    return remarks;
  for (const auto& [file, split, published] : kOfficialLists) {
    std::int64_t count = 0;
    for (const auto& [id, listed] : lists)
      count += listed == split;
    if (count != published)
      remarks.push_back(
          fmt::format("{} names {}, published are {}", file, counted(count, "clip"), published));
  }
  if (unlisted > 0)
    remarks.push_back("in none of the lists, so split by hash: " + counted(unlisted, "clip"));
  return remarks;
}

bool is_unseen(const std::string& id) {
  return std::ranges::any_of(kUnseenSpeakers, [&](const char* speaker) {
    return id.starts_with(std::string(speaker) + "/");
  });
}

/// The official split; `name` is the one that needs it.
Splits official_split(const fs::path& root, const char* name) {
  const std::map<std::string, Split> lists = read_lists(root);
  require(!lists.empty(),
          ErrorKind::kData,
          "{}: expected train.csv, val.csv and test.csv for the split {}, found none of them",
          root.string(),
          name);
  std::map<std::string, std::string> listed;
  for (const auto& [id, split] : lists)
    listed[id] = name_of(split);
  return Splits(std::move(listed));
}

}  // namespace

CmlrReader::CmlrReader(CorpusOptions options) : options_(std::move(options)) {
  require_folder(options_.root,
                 "the folder of CMLR, with video, audio and text in it, unpacked or as zip files");
}

std::vector<std::string> CmlrReader::find(const std::function<void(SourceClip)>& take) const {
  const CmlrFiles files = find_cmlr_files(options_.root, options_.speakers);
  require_trees(options_.root, files, options_.speakers);
  const std::map<std::string, Split> lists = read_lists(options_.root);
  std::int64_t unlisted = 0;
  for (const FoundFiles::Key& key : cmlr_clips(files)) {
    SourceClip clip = cmlr_clip(options_.root, files, key);
    const auto split = lists.find(clip.id);
    clip.split = split == lists.end() ? Split::kNone : split->second;
    unlisted += clip.split == Split::kNone;
    take(std::move(clip));
  }
  std::vector<std::string> remarks;
  for (const FoundFiles* tree : {&files.videos, &files.sounds, &files.texts})
    std::ranges::move(tree->remarks(), std::back_inserter(remarks));
  std::ranges::move(list_remarks(lists, unlisted), std::back_inserter(remarks));
  return remarks;
}

std::vector<PublishedSplit> CmlrReader::published_splits() const {
  const auto official = [this] { return official_split(options_.root, "official"); };
  const auto unseen = [this] {
    std::map<std::string, std::string> listed = official_split(options_.root, "unseen").listed();
    for (auto& [id, split] : listed)
      split = is_unseen(id) ? "test" : split == "test" ? "train" : split;
    return Splits(std::move(listed));
  };
  return {{"official", official}, {"unseen", unseen}};
}

}  // namespace lipsound2::corpora
