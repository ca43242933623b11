#include "voxceleb2.h"

#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/random.h"

#include "archive.h"
#include "folder_listing.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kValidationShare = 100;  // one speaker in so many
constexpr std::size_t kMetaFields = 4;           // speaker, name in VGGFace2, gender, set

struct Vox2Speaker {
  Sex sex = Sex::kUnknown;
  std::string set;  ///< "dev" or "test"
};
using Vox2Speakers = std::map<std::string, Vox2Speaker>;

std::string trimmed(const std::string& text) {
  constexpr const char* kBlanks = " \t\r";
  const auto first = text.find_first_not_of(kBlanks);
  return first == std::string::npos
             ? ""
             : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// The lines "id00012 , n000012 , m , dev", with blanks and tabs anywhere around their commas.
Vox2Speakers read_vox2_meta(const fs::path& file) {
  Vox2Speakers speakers;
  std::istringstream lines(read_file(file));
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::vector<std::string> fields;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');)
      fields.push_back(trimmed(cell));
    if (trimmed(line).empty() || !fields[0].starts_with("id"))
      continue;  // the heading
    const bool whole = fields.size() == kMetaFields && (fields[2] == "m" || fields[2] == "f") &&
                       (fields[3] == "dev" || fields[3] == "test");
    require(whole,
            ErrorKind::kData,
            "{}:{}: expected 'id, VGGFace2 id, m or f, dev or test', found '{}'",
            file.string(),
            number,
            line);
    speakers[fields[0]] = {fields[2] == "m" ? Sex::kMale : Sex::kFemale, fields[3]};
  }
  return speakers;
}

/// vox2_meta.csv at the root or beside it; nothing when there is none.
std::optional<fs::path> find_vox2_meta(const fs::path& root) {
  for (const fs::path& folder : {root, root / ".."})
    if (auto file = find_entry(folder, "vox2_meta.csv"))
      return file;
  return std::nullopt;
}

/// The last three names of ".../id00012/<video>/00001.mp4", with slashes and without the ending;
/// nothing for any other file.
std::optional<std::string> vox2_id(std::string_view path) {
  if (!path.ends_with(".mp4"))
    return std::nullopt;
  std::size_t begin = path.size();
  for (int names = 0; names < 3; ++names) {
    const auto slash = begin == 0 ? std::string_view::npos : path.rfind('/', begin - 1);
    if (slash == std::string_view::npos && names < 2)
      return std::nullopt;
    begin = slash == std::string_view::npos ? 0 : slash;
  }
  const std::string_view id = path.substr(path[begin] == '/' ? begin + 1 : begin);
  return id.starts_with("id") ? std::optional<std::string>(id.substr(0, id.size() - 4))
                              : std::nullopt;
}

/// "dev" or "test", when a name on the way says so.
std::string set_in(std::string_view path) {
  for (const char* set : {"dev", "test"})
    if (path.starts_with(fmt::format("{}/", set)) ||
        path.find(fmt::format("/{}/", set)) != std::string_view::npos ||
        path.find(fmt::format("vox2_{}_", set)) != std::string_view::npos)
      return set;
  return "";
}

/// Gives the clips out, with what is known of their speakers.
class Vox2Clips {
 public:
  Vox2Clips(const CorpusOptions& options,
            Vox2Speakers speakers,
            const std::function<void(SourceClip)>& take)
      : options_(options), speakers_(std::move(speakers)), take_(take) {}

  /// `where` tells the set, as far as it does.
  void add(const std::string& id, SourceFile video, std::int64_t bytes, std::string_view where) {
    SourceClip clip;
    clip.id = id;
    clip.speaker = id.substr(0, id.find('/'));
    if (!is_wanted(clip.speaker, options_.speakers))
      return;
    const auto known = speakers_.find(clip.speaker);
    std::string set = set_in(where);
    if (known != speakers_.end()) {
      clip.sex = known->second.sex;
      set = set.empty() ? known->second.set : set;
    }
    clip.split = split_in(set, clip.speaker);
    clip.video = std::move(video);
    clip.bytes = bytes;
    seen_.insert(clip.speaker);
    ++clips_;
    take_(std::move(clip));
  }

  const std::set<std::string>& seen() const { return seen_; }
  std::int64_t clips() const { return clips_; }

 private:
  static Split split_in(const std::string& set, const std::string& speaker) {
    if (set == "test")
      return Split::kTest;
    return hash(speaker) % kValidationShare == 0 ? Split::kValid : Split::kTrain;
  }

  const CorpusOptions& options_;
  const Vox2Speakers speakers_;
  const std::function<void(SourceClip)>& take_;
  std::set<std::string> seen_;
  std::int64_t clips_ = 0;
};

/// idNNNNN/<video>/NNNNN.mp4 in a folder.
void add_folder(const fs::path& folder, Vox2Clips& clips) {
  for (const fs::path& speaker : list_folder(folder)) {
    if (!speaker.filename().string().starts_with("id") || !fs::is_directory(speaker))
      continue;
    for (const fs::path& video : list_folder(speaker)) {
      if (!fs::is_directory(video))
        continue;
      for (const fs::path& file : list_folder(video))
        if (const auto id = vox2_id(file.string()))
          clips.add(*id,
                    {file.string(), nullptr},
                    static_cast<std::int64_t>(fs::file_size(file)),
                    file.string());
    }
  }
}

void add_archive(const std::vector<fs::path>& parts, Vox2Clips& clips) {
  const auto archive = std::make_shared<const Archive>(parts);
  archive->visit([&](const Archive::Member& member) {
    const std::string name(member.name);
    if (const auto id = vox2_id(name))
      clips.add(*id,
                {name, archive},
                member.bytes,
                set_in(name).empty() ? parts.front().filename().string() : name);
  });
}

/// The archives of pictures: those of sound alone (aac) and of texts are something else.
bool holds_pictures(const std::vector<fs::path>& parts) {
  const std::string name = parts.front().filename().string();
  return name.find("aac") == std::string::npos && name.find("txt") == std::string::npos;
}

}  // namespace

VoxCeleb2Reader::VoxCeleb2Reader(CorpusOptions options) : options_(std::move(options)) {
  require_folder(options_.root, "the folder of VoxCeleb2");
}

std::vector<std::string> VoxCeleb2Reader::find(const std::function<void(SourceClip)>& take) const {
  const fs::path& root = options_.root;
  const auto meta = find_vox2_meta(root);
  Vox2Clips clips(options_, meta ? read_vox2_meta(*meta) : Vox2Speakers(), take);
  for (const fs::path& folder : {root,
                                 root / "mp4",
                                 root / "dev",
                                 root / "dev" / "mp4",
                                 root / "test",
                                 root / "test" / "mp4"})
    if (fs::is_directory(folder))
      add_folder(folder, clips);
  for (const auto& parts : find_archives(root))
    if (holds_pictures(parts))
      add_archive(parts, clips);
  require(clips.clips() > 0 || !options_.speakers.empty(),
          ErrorKind::kData,
          "{}: expected clips such as dev/mp4/id00012/<video>/00001.mp4, or the archives "
          "vox2_dev_mp4_partaa and vox2_test_mp4.zip, found none",
          root.string());
  require_found(root, options_.speakers, {clips.seen().begin(), clips.seen().end()});
  std::vector<std::string> remarks;
  if (!meta)
    remarks.push_back("vox2_meta.csv is missing: the sex of the speakers is not known");
  return remarks;
}

}  // namespace lipsound2::corpora
