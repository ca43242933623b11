#include "cmlr.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "folder_listing.h"
#include "transcript_file.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> kUnseenSpeakers{"s2", "s6"};

constexpr const char* kExample = "section_1_000.80_002.91";

/// Speakers by number.
std::map<int, std::string> cmlr_speakers(const fs::path& root) {
  std::map<int, std::string> speakers;
  for (const char* tree : {"video", "audio"})
    for (const fs::path& path : list_folder(root / tree)) {
      const std::string name = path.filename().string();
      const bool fits = name.size() >= 2 && name.size() <= 4 && name[0] == 's' &&
                        name.find_first_not_of("0123456789", 1) == std::string::npos;
      if (fits && fs::is_directory(path))
        speakers[std::stoi(name.substr(1))] = name;
    }
  return speakers;
}

/// Files below a speaker's folder by <date>/<stem>.
using CmlrFiles = std::map<std::string, fs::path>;

CmlrFiles cmlr_files(const fs::path& speaker, const std::string& extension) {
  CmlrFiles files;
  if (!fs::is_directory(speaker))
    return files;
  for (const fs::path& date : list_folder(speaker)) {
    if (!fs::is_directory(date))
      continue;
    for (const fs::path& file : list_folder(date))
      if (lower_case(file.extension().string()) == extension)
        files.emplace(date.filename().string() + "/" + file.stem().string(), file);
  }
  return files;
}

std::int64_t size_of(const fs::path& file) {
  return static_cast<std::int64_t>(fs::file_size(file));
}

/// All that lies in the three trees of one speaker.
class CmlrSpeaker {
 public:
  CmlrSpeaker(const fs::path& root, std::string name)
      : root_(root),
        name_(std::move(name)),
        videos_(cmlr_files(root / "video" / name_, ".mp4")),
        sounds_(cmlr_files(root / "audio" / name_, ".wav")),
        texts_(cmlr_files(root / "text" / name_, ".txt")) {}

  /// Clips of which there is a video or a sound.
  std::set<std::string> stems() const {
    std::set<std::string> stems;
    for (const CmlrFiles* files : {&videos_, &sounds_})
      for (const auto& [stem, path] : *files)
        stems.insert(stem);
    return stems;
  }

  SourceClip clip(const std::string& stem) const {
    SourceClip clip;
    clip.id = name_ + "/" + stem;
    clip.speaker = name_;
    add_video(clip, stem);
    add_sound(clip, stem);
    add_text(clip, stem);
    return clip;
  }

 private:
  void add_video(SourceClip& clip, const std::string& stem) const {
    const auto found = videos_.find(stem);
    const fs::path path =
        found == videos_.end() ? root_ / "video" / name_ / (stem + ".mp4") : found->second;
    clip.video.path = path.string();
    if (found == videos_.end())
      clip.fault = "expected a video beside the sound, found none";
    else
      clip.bytes += size_of(path);
  }

  void add_sound(SourceClip& clip, const std::string& stem) const {
    const auto found = sounds_.find(stem);
    if (found == sounds_.end()) {
      clip.fault = "expected its sound in the tree audio, found none";
      return;
    }
    clip.sound.path = found->second.string();
    clip.bytes += size_of(found->second);
  }

  void add_text(SourceClip& clip, const std::string& stem) const {
    const auto found = texts_.find(stem);
    const Transcript transcript = found == texts_.end()
                                      ? Transcript{.text = "", .timed = {}, .note = "no transcript"}
                                      : read_first_line(found->second);
    clip.text = transcript.text;
    clip.note = transcript.note;
  }

  fs::path root_;
  std::string name_;
  CmlrFiles videos_;
  CmlrFiles sounds_;
  CmlrFiles texts_;
};

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
      remarks.push_back(fmt::format("{} names {} clips, published are {}", file, count, published));
  }
  if (unlisted > 0)
    remarks.push_back(fmt::format("in none of the lists, so split by hash: {} clips", unlisted));
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

/// The distributor ships one zip file per speaker.
void require_unpacked(const fs::path& root, const std::string& tree) {
  const fs::path folder = root / tree;
  require_folder(folder, "the tree of CMLR, unpacked, beside the others");
  const std::vector<fs::path> entries = list_folder(folder);
  const auto zip = std::ranges::find_if(entries, [&](const fs::path& path) {
    return path.extension() == ".zip" && !fs::is_directory(folder / path.stem());
  });
  require(zip == entries.end(),
          ErrorKind::kData,
          "{}: expected it unpacked, as {}/{}/20170121/{}; found the archive alone",
          zip == entries.end() ? "" : zip->string(),
          folder.string(),
          zip == entries.end() ? "" : zip->stem().string(),
          kExample);
}

}  // namespace

CmlrReader::CmlrReader(CorpusOptions options) : options_(std::move(options)) {
  require_folder(options_.root, "the folder of CMLR, with video, audio and text in it");
  require_unpacked(options_.root, "video");
  require_unpacked(options_.root, "audio");
}

std::vector<std::string> CmlrReader::find(const std::function<void(SourceClip)>& take) const {
  std::vector<std::string> speakers;
  for (const auto& [number, name] : cmlr_speakers(options_.root))
    speakers.push_back(name);
  require_found(options_.root, options_.speakers, speakers);
  const std::map<std::string, Split> lists = read_lists(options_.root);
  std::int64_t found = 0;
  std::int64_t unlisted = 0;
  for (const std::string& name : speakers) {
    if (!is_wanted(name, options_.speakers))
      continue;
    const CmlrSpeaker speaker(options_.root, name);
    for (const std::string& stem : speaker.stems()) {
      SourceClip clip = speaker.clip(stem);
      const auto split = lists.find(clip.id);
      clip.split = split == lists.end() ? Split::kNone : split->second;
      unlisted += clip.split == Split::kNone;
      take(std::move(clip));
      ++found;
    }
  }
  require(found > 0,
          ErrorKind::kData,
          "{}: expected clips of CMLR such as video/s1/20170121/{}.mp4, found none",
          options_.root.string(),
          kExample);
  return list_remarks(lists, unlisted);
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
