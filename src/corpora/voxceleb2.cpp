#include "voxceleb2.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/random.h"

#include "archive.h"
#include "folder_listing.h"
#include "found_files.h"
#include "prepare_text.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kValidationShare = 100;  // one speaker in so many
constexpr std::size_t kMetaFields = 4;           // speaker, name in VGGFace2, gender, set

/// Chung, Nagrani, Zisserman 2018: 1,128,246 in all.
constexpr std::array<std::pair<const char*, std::int64_t>, 2> kPublishedClips{
    {{"dev", 1092009}, {"test", 36237}}};

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

/// vox2_meta.csv at the root, in its dev or test, or up to two folders above the root, which may be
/// dev/mp4; nothing when there is none.
std::optional<fs::path> find_vox2_meta(const fs::path& root) {
  for (const fs::path& folder :
       {root, root / "dev", root / "test", root.parent_path(), root.parent_path().parent_path()})
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

bool is_vox2_speaker(const fs::path& path) {
  return path.filename().string().starts_with("id") && fs::is_directory(path);
}

/// With a name at its end: that of the working directory for ".".
fs::path named_path(const fs::path& path) {
  const fs::path whole = fs::absolute(path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

/// "dev" or "test" where speakers lie in dev/mp4 or dev; nothing for another folder. What lies
/// further up says nothing: /data/test/voxceleb2 is no test set.
std::string set_of_folder(const fs::path& speakers) {
  const fs::path folder =
      speakers.filename() == "mp4" ? speakers.parent_path().filename() : speakers.filename();
  return folder == "dev" || folder == "test" ? folder.string() : "";
}

/// The same for the folder in which an archive's members lie; else for the archive itself, which is
/// called "vox2_test_mp4.zip" or lies in dev or test.
std::string set_of_archive(std::string_view members, const fs::path& archive) {
  if (std::string set = set_of_folder(members); !set.empty())
    return set;
  for (const char* set : {"dev", "test"})
    if (archive.filename().string().find(fmt::format("_{}_", set)) != std::string::npos)
      return set;
  return set_of_folder(named_path(archive).parent_path());
}

/// Gives the clips out, with what is known of their speakers.
class Vox2Clips {
 public:
  Vox2Clips(const CorpusOptions& options,
            Vox2Speakers speakers,
            const std::function<void(SourceClip)>& take)
      : options_(options), speakers_(std::move(speakers)), take_(take) {}

  /// `set` is "dev", "test" or, where no place tells it, nothing.
  void add(const std::string& id, SourceFile video, std::int64_t bytes, std::string set) {
    SourceClip clip;
    clip.id = id;
    clip.speaker = id.substr(0, id.find('/'));
    met_.insert(clip.speaker);
    if (!is_wanted(clip.speaker, options_.speakers))
      return;
    const auto known = speakers_.find(clip.speaker);
    if (known != speakers_.end()) {
      clip.sex = known->second.sex;
      set = set.empty() ? known->second.set : set;
    } else if (!speakers_.empty()) {
      unknown_.insert(clip.speaker);
    }
    clip.split = split_in(set, clip.speaker);
    clip.video = std::move(video);
    clip.bytes = bytes;
    seen_.insert(clip.speaker);
    ++clips_;
    ++sets_[set];
    take_(std::move(clip));
  }

  /// Speakers, also those whom nobody wants.
  const std::set<std::string>& met() const { return met_; }
  /// Speakers of the clips.
  const std::set<std::string>& seen() const { return seen_; }
  const std::set<std::string>& unknown() const { return unknown_; }
  std::int64_t clips() const { return clips_; }
  /// Clips by set; under no name those of which no place tells it.
  const std::map<std::string, std::int64_t>& sets() const { return sets_; }

 private:
  static Split split_in(const std::string& set, const std::string& speaker) {
    if (set == "test")
      return Split::kTest;
    return hash(speaker) % kValidationShare == 0 ? Split::kValid : Split::kTrain;
  }

  const CorpusOptions& options_;
  const Vox2Speakers speakers_;
  const std::function<void(SourceClip)>& take_;
  std::set<std::string> met_;
  std::set<std::string> seen_;
  std::set<std::string> unknown_;  ///< whom vox2_meta.csv does not name
  std::int64_t clips_ = 0;
  std::map<std::string, std::int64_t> sets_;
};

/// The distributor's archives, parts of one together.
using Vox2Archives = std::vector<std::vector<fs::path>>;

/// The archives of pictures: those of sound alone (aac) and of texts are something else.
bool holds_pictures(const std::vector<fs::path>& parts) {
  const std::string name = parts.front().filename().string();
  return name.find("aac") == std::string::npos && name.find("txt") == std::string::npos;
}

Vox2Archives find_vox2_archives(const fs::path& root) {
  Vox2Archives archives;
  for (const fs::path& folder : {root, root / "dev", root / "test"})
    if (fs::is_directory(folder))
      for (std::vector<fs::path>& parts : find_archives(folder))
        if (holds_pictures(parts))
          archives.push_back(std::move(parts));
  return archives;
}

/// Folders of speakers: those that hold idNNNNN.
std::vector<fs::path> find_vox2_folders(const fs::path& root) {
  std::vector<fs::path> folders;
  for (const fs::path& folder : {root,
                                 root / "mp4",
                                 root / "dev",
                                 root / "dev" / "mp4",
                                 root / "test",
                                 root / "test" / "mp4"})
    if (fs::is_directory(folder) && std::ranges::any_of(list_folder(folder), is_vox2_speaker))
      folders.push_back(folder);
  return folders;
}

/// What lies in archives, to tell it from what is unpacked beside them; 24 bytes a clip.
class PackedClips {
 public:
  explicit PackedClips(const std::vector<std::shared_ptr<const Archive>>& archives) {
    for (const auto& archive : archives)
      archive->visit([&](const Archive::Member& member) {
        if (const auto id = vox2_id(member.name))
          clips_.push_back({.id = hash(*id), .bytes = member.bytes});
      });
    std::ranges::sort(clips_, {}, &Clip::id);
  }

  /// Whether to read this unpacked clip, rather than that of the archive.
  bool take_unpacked(const std::string& id, std::int64_t bytes) {
    Clip* packed = find(id);
    if (!packed)
      return true;
    packed->is_unpacked = packed->bytes == bytes;
    if (packed->is_unpacked)
      ++twice_.same;
    else if (++twice_.other_size == 1)
      twice_.example = id;
    return packed->is_unpacked;
  }

  bool take_packed(const std::string& id) {
    const Clip* packed = find(id);
    return !packed || !packed->is_unpacked;
  }

  std::vector<std::string> remarks() const { return twice_.remarks(); }

 private:
  struct Clip {
    std::uint64_t id = 0;  ///< a hash of it
    std::int64_t bytes = 0;
    bool is_unpacked = false;
  };

  Clip* find(const std::string& id) {
    const std::uint64_t wanted = hash(id);
    const auto found = std::ranges::lower_bound(clips_, wanted, {}, &Clip::id);
    return found == clips_.end() || found->id != wanted ? nullptr : &*found;
  }

  std::vector<Clip> clips_;
  StoredTwice twice_;
};

/// idNNNNN/<video>/NNNNN.mp4 in a folder.
void add_folder(const fs::path& folder, PackedClips& packed, Vox2Clips& clips) {
  const std::string set = set_of_folder(named_path(folder));
  for (const fs::path& speaker : list_folder(folder)) {
    if (!is_vox2_speaker(speaker))
      continue;
    for (const fs::path& video : list_folder(speaker)) {
      if (!fs::is_directory(video))
        continue;
      for (const fs::path& file : list_folder(video)) {
        const auto id = vox2_id(file.string());
        if (!id)
          continue;
        const auto bytes = static_cast<std::int64_t>(fs::file_size(file));
        if (packed.take_unpacked(*id, bytes))
          clips.add(*id, {file.string(), nullptr}, bytes, set);
      }
    }
  }
}

void add_archive(const std::shared_ptr<const Archive>& archive,
                 const fs::path& file,
                 PackedClips& packed,
                 Vox2Clips& clips) {
  std::string folder;  // of the members, most of which lie in one
  std::string set = set_of_archive(folder, file);
  archive->visit([&](const Archive::Member& member) {
    const auto id = vox2_id(member.name);
    if (!id || !packed.take_packed(*id))
      return;
    const std::string_view before = member.name.substr(0, member.name.rfind(*id));
    if (before != folder) {
      folder = before;
      set = set_of_archive(before.substr(0, before.find_last_not_of('/') + 1), file);
    }
    clips.add(*id, {std::string(member.name), archive}, member.bytes, set);
  });
}

/// All clips: of folders first. Returns what lies there twice.
std::vector<std::string> add_clips(const fs::path& root, Vox2Clips& clips) {
  const std::vector<fs::path> folders = find_vox2_folders(root);
  const Vox2Archives files = find_vox2_archives(root);
  std::vector<std::shared_ptr<const Archive>> archives;
  for (const std::vector<fs::path>& parts : files)
    archives.push_back(std::make_shared<const Archive>(parts));
  PackedClips packed(folders.empty() ? std::vector<std::shared_ptr<const Archive>>() : archives);
  for (const fs::path& folder : folders)
    add_folder(folder, packed, clips);
  for (std::size_t i = 0; i < archives.size(); ++i)
    add_archive(archives[i], files[i].front(), packed, clips);
  return packed.remarks();
}

/// What is to be said of the list of speakers.
std::vector<std::string> meta_remarks(const Vox2Clips& clips, const std::optional<fs::path>& meta) {
  if (!meta)
    return {"vox2_meta.csv is missing: the sex of the speakers is not known"};
  if (clips.unknown().empty())
    return {};
  return {fmt::format("{} names all but {} of {}, such as {}: their sex is not known",
                      meta->filename().string(),
                      clips.unknown().size(),
                      counted(std::ssize(clips.seen()), "speaker"),
                      *clips.unknown().begin())};
}

/// Of the sets that are there.
std::vector<std::string> vox2_count_remarks(const std::map<std::string, std::int64_t>& sets) {
  std::vector<std::string> remarks;
  for (const auto& [set, published] : kPublishedClips)
    if (const auto found = sets.find(set); found != sets.end() && found->second != published)
      remarks.push_back(
          fmt::format("{}: {}, published are {}", set, counted(found->second, "clip"), published));
  return remarks;
}

}  // namespace

VoxCeleb2Reader::VoxCeleb2Reader(CorpusOptions options) : options_(std::move(options)) {
  require_folder(options_.root, "the folder of VoxCeleb2");
}

std::vector<std::string> VoxCeleb2Reader::find(const std::function<void(SourceClip)>& take) const {
  const fs::path& root = options_.root;
  const auto meta = find_vox2_meta(root);
  Vox2Clips clips(options_, meta ? read_vox2_meta(*meta) : Vox2Speakers(), take);
  std::vector<std::string> remarks = add_clips(root, clips);
  require(clips.clips() > 0 || !options_.speakers.empty(),
          ErrorKind::kData,
          "{}: expected clips such as dev/mp4/id00012/<video>/00001.mp4, or the archives "
          "vox2_dev_mp4_partaa and vox2_test_mp4.zip, found none; there is {}",
          root.string(),
          contents_text(root));
  require_found(root, options_.speakers, {clips.met().begin(), clips.met().end()});
  std::ranges::move(meta_remarks(clips, meta), std::back_inserter(remarks));
  if (options_.speakers.empty())
    std::ranges::move(vox2_count_remarks(clips.sets()), std::back_inserter(remarks));
  return remarks;
}

}  // namespace lipsound2::corpora
