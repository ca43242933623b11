#include "plain_folder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "lipsound2/core/error.h"
#include "lipsound2/core/progress.h"
#include "lipsound2/video/recording.h"

#include "folder_listing.h"
#include "prepare_text.h"
#include "speech_parts.h"
#include "transcript_file.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 19> kVideoEndings{".mp4",
                                                         ".m4v",
                                                         ".mov",
                                                         ".mkv",
                                                         ".webm",
                                                         ".avi",
                                                         ".mpg",
                                                         ".mpeg",
                                                         ".vob",
                                                         ".ts",
                                                         ".mts",
                                                         ".m2ts",
                                                         ".flv",
                                                         ".wmv",
                                                         ".asf",
                                                         ".3gp",
                                                         ".ogv",
                                                         ".mxf",
                                                         ".dv"};

/// A path that a text file and the videos it belongs to share.
std::string without_ending(const fs::path& file) {
  return (file.parent_path() / file.stem()).string();
}

struct FolderTree {
  std::vector<fs::path> videos;
  std::map<std::string, fs::path> texts;      ///< by without_ending()
  std::map<std::string, std::int64_t> other;  ///< endings of what is neither
};

void walk(const fs::path& folder, FolderTree& tree) {
  for (const fs::path& path : list_folder(folder)) {
    const std::string ending = lower_case(path.extension().string());
    if (fs::is_directory(path))
      walk(path, tree);
    else if (std::ranges::find(kVideoEndings, ending) != kVideoEndings.end())
      tree.videos.push_back(path);
    else if (ending == ".txt")
      tree.texts.emplace(without_ending(path), path);
    else
      ++tree.other[ending];
  }
}

/// Keeps what lists of ids, shards and JSON can hold.
std::string clean_name(std::string name) {
  const bool readable = is_utf8(name);
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f || (byte >= 0x80 && !readable))
      c = '_';
  }
  return name;
}

/// Names for clips, each given once.
class FreshNames {
 public:
  std::string take(const std::string& wanted) {
    std::string name = wanted;
    for (int n = 2; !taken_.insert(name).second; ++n)
      name = fmt::format("{}~{}", wanted, n);
    return name;
  }

 private:
  std::set<std::string> taken_;
};

/// The message without the file's name in front.
std::string fault_of(const Error& error, const fs::path& file) {
  const std::string message = error.what();
  const std::string name = file.string() + ": ";
  return message.starts_with(name) ? message.substr(name.size()) : message;
}

/// A video and what its header says, or why it cannot be read.
struct FolderVideo {
  SourceClip clip;  ///< as if it were not cut
  fs::path text;    ///< empty: none
  video::Recording recording;
  bool is_long = false;
};

FolderVideo look_at(const fs::path& path, const FolderTree& tree, const CorpusOptions& options) {
  const fs::path relative = path.lexically_relative(options.root);
  const bool has_folder = std::distance(relative.begin(), relative.end()) > 1;
  FolderVideo found;
  found.clip.id = clean_name(without_ending(relative));
  found.clip.speaker = clean_name(has_folder ? relative.begin()->string()
                                             : fs::canonical(options.root).filename().string());
  found.clip.video.path = path.string();
  found.clip.bytes = static_cast<std::int64_t>(fs::file_size(path));
  if (const auto text = tree.texts.find(without_ending(path)); text != tree.texts.end())
    found.text = text->second;
  try {
    found.recording = video::open_recording(path);
    found.is_long = found.recording.seconds == 0 || found.recording.seconds > options.longest;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData)
      throw;
    found.clip.fault = fault_of(error, path);
  }
  return found;
}

/// The words whose middles lie in the part.
std::string words_within(const std::vector<TimedWords>& timed, double start, double end) {
  std::string text;
  for (const TimedWords& words : timed)
    if (const double middle = (words.start + words.end) / 2; middle >= start && middle < end)
      text += (text.empty() ? "" : " ") + words.words;
  return text;
}

/// Cuts long videos and hands over clips.
class FolderCutter {
 public:
  FolderCutter(const CorpusOptions& options,
               double long_seconds,
               const std::function<void(SourceClip)>& take)
      : longest_(options.longest),
        take_(take),
        progress_("listen", static_cast<std::int64_t>(long_seconds), "s") {}

  void add(FolderVideo found) {
    const Transcript transcript = found.text.empty() ? Transcript{} : read_transcript(found.text);
    found.clip.note = transcript.note;
    if (found.is_long && found.clip.fault.empty()) {
      cut(found, transcript);
      return;
    }
    found.clip.text = transcript.text;
    hand_over(std::move(found.clip));
  }

  std::vector<std::string> remarks() const {
    if (cut_ == 0)
      return {};
    return {fmt::format("cut {} of more than {} s into {}; {:.0f} s of pauses are in none of them",
                        counted(cut_, "video"),
                        longest_,
                        counted(parts_, "clip"),
                        left_out_)};
  }

  std::int64_t clips() const { return clips_; }

 private:
  void hand_over(SourceClip clip) {
    clip.id = names_.take(clip.id);
    take_(std::move(clip));
    ++clips_;
  }

  void cut(const FolderVideo& found, const Transcript& transcript) {
    std::vector<video::Span> parts;
    SourceClip clip = found.clip;
    try {
      parts = parts_of(found);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kData)
        throw;
      clip.fault = fault_of(error, clip.video.path);
    }
    if (parts.empty()) {
      if (clip.fault.empty())
        clip.fault = "expected speech, found no sound above -60 dB";
      hand_over(std::move(clip));
      return;
    }
    if (transcript.timed.empty() && !transcript.text.empty())
      clip.note = "transcript left out, it has no times to share it out by";
    ++cut_;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      clip.id = fmt::format("{}/{:04}", found.clip.id, i + 1);
      clip.part = parts[i];
      const double start = found.recording.start;
      clip.text = words_within(transcript.timed, parts[i].start - start, parts[i].end - start);
      left_out_ -= parts[i].end - parts[i].start;
      hand_over(clip);
    }
    parts_ += std::ssize(parts);
  }

  /// Within the pictures.
  std::vector<video::Span> parts_of(const FolderVideo& found) {
    const video::SoundLevels levels = video::measure_sound_levels(
        found.clip.video.path,
        [&](double seconds) { progress_.update(static_cast<std::int64_t>(heard_ + seconds)); });
    const double start = found.recording.start;
    const double end = found.recording.seconds > 0 ? start + found.recording.seconds : levels.end();
    heard_ += end - start;
    left_out_ += end - start;
    std::vector<video::Span> parts = cut_at_pauses(levels, longest_);
    for (video::Span& part : parts)
      part = {std::max(part.start, start), std::min(part.end, end)};
    std::erase_if(parts, [](const video::Span& part) { return part.start >= part.end; });
    return parts;
  }

  double longest_;
  const std::function<void(SourceClip)>& take_;
  Progress progress_;
  FreshNames names_;
  double heard_ = 0;     ///< seconds
  double left_out_ = 0;  ///< seconds of long videos in no part
  std::int64_t cut_ = 0;
  std::int64_t parts_ = 0;
  std::int64_t clips_ = 0;
};

std::string describe_other(const FolderTree& tree) {
  std::string text;
  for (const auto& [ending, count] : tree.other)
    text += fmt::format("{}{} of '{}'", text.empty() ? "" : ", ", count, ending);
  return text.empty() ? "no files" : "files that are none: " + text;
}

}  // namespace

PlainFolderReader::PlainFolderReader(CorpusOptions options) : options_(std::move(options)) {
  require_folder(options_.root, "a folder with videos");
}

std::vector<std::string> PlainFolderReader::find(
    const std::function<void(SourceClip)>& take) const {
  FolderTree tree;
  walk(options_.root, tree);
  require(!tree.videos.empty(),
          ErrorKind::kData,
          "{}: expected videos such as anna/talk.mp4, found {}",
          options_.root.string(),
          describe_other(tree));
  std::vector<FolderVideo> videos;
  std::vector<std::string> speakers;
  double long_seconds = 0;
  for (const fs::path& path : tree.videos) {
    FolderVideo found = look_at(path, tree, options_);
    speakers.push_back(found.clip.speaker);
    if (!is_wanted(found.clip.speaker, options_.speakers))
      continue;
    long_seconds += found.is_long ? found.recording.seconds : 0;
    videos.push_back(std::move(found));
  }
  std::ranges::sort(speakers);
  speakers.erase(std::unique(speakers.begin(), speakers.end()), speakers.end());
  require_found(options_.root, options_.speakers, speakers);
  std::ranges::stable_sort(videos, {}, [](const FolderVideo& video) { return video.clip.speaker; });
  FolderCutter cutter(options_, long_seconds, take);
  for (FolderVideo& found : videos)
    cutter.add(std::move(found));
  return cutter.remarks();
}

}  // namespace lipsound2::corpora
