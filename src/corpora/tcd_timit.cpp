#include "tcd_timit.h"

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
#include "lipsound2/core/random.h"

#include "folder_listing.h"
#include "master_labels.h"
#include "published_list.h"
#include "transcript_file.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStraightCamera = "straightcam";
constexpr const char* kThirtyDegreeCamera = "30degcam";
constexpr const char* kLipspeaker = "Lipspkr";
constexpr std::int64_t kVolunteerSentences = 98;
constexpr std::int64_t kLipspeakerSentences = 377;
/// On whom the speaker-independent split tests, in the same label lists as the volunteers' clips.
constexpr std::array<std::string_view, 17> kUnseenVolunteers{"08F",
                                                             "09F",
                                                             "15F",
                                                             "18M",
                                                             "25M",
                                                             "28M",
                                                             "33F",
                                                             "34M",
                                                             "36F",
                                                             "41M",
                                                             "44F",
                                                             "45F",
                                                             "49F",
                                                             "54M",
                                                             "55F",
                                                             "56M",
                                                             "58F"};
constexpr int kDeepest = 2;  ///< folders between the root and a speaker's

/// "Lipspkr1" or "01M" for the folder of a speaker, in whatever case; nothing for another folder.
std::optional<std::string> tcd_speaker(const std::string& folder) {
  const std::string name = lower_case(folder);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (name.size() == 8 && name.starts_with("lipspkr") && is_digit(name[7]))
    return kLipspeaker + name.substr(7);
  if (name.size() != 3 || !is_digit(name[0]) || !is_digit(name[1]) ||
      (name[2] != 'm' && name[2] != 'f'))
    return std::nullopt;
  return name == "30m" ? "30F" : name.substr(0, 2) + (name[2] == 'm' ? "M" : "F");
}

/// Folders by speaker; 30M and 30F may both be there.
using SpeakerFolders = std::multimap<std::string, fs::path>;

struct TcdTree {
  SpeakerFolders speakers;
  std::vector<fs::path> label_files;
};

void search_tree(const fs::path& folder, int depth, TcdTree& tree) {
  for (const fs::path& path : list_folder(folder)) {
    if (lower_case(path.extension().string()) == ".mlf")
      tree.label_files.push_back(path);
    if (!fs::is_directory(path))
      continue;
    if (const auto speaker = tcd_speaker(path.filename().string()))
      tree.speakers.emplace(*speaker, path);
    else if (depth < kDeepest)
      search_tree(path, depth + 1, tree);
  }
}

/// Texts by clip, such as "01M/sa1", and by sentence, such as "sa1".
struct TcdTexts {
  std::map<std::string, std::string> by_clip;
  std::map<std::string, std::string> by_sentence;
  std::set<std::string> phones;  ///< clips of which only the phones are known
};

/// "01M/sa1" of "Q:/Videos/TCD-TIMIT/volunteers/01M/Clips/straightcam/sa1.rec".
std::optional<std::string> labeled_clip(const std::string& name) {
  std::optional<std::string> speaker;
  const fs::path path(name);
  for (const fs::path& part : path)
    if (const auto found = tcd_speaker(part.string()))
      speaker = found;
  return speaker ? std::optional(*speaker + "/" + lower_case(path.stem().string())) : std::nullopt;
}

std::string joined_words(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels)
    if (const std::string name = lower_case(label); name != "sil" && name != "sp")
      text += (text.empty() ? "" : " ") + label;
  return text;
}

void read_labels(const fs::path& file, TcdTexts& texts) {
  for (const LabelFile& labels : read_master_labels(file)) {
    const std::optional<std::string> clip = labeled_clip(labels.name);
    if (!clip)
      continue;
    if (are_phones(labels.labels))
      texts.phones.insert(*clip);
    else
      texts.by_clip[*clip] = joined_words(labels.labels);
  }
}

/// Lines such as "She had your dark suit in greasy wash water all year. (sa1)"; others, such as the
/// comments that begin with a semicolon, are passed over.
void read_prompts(const fs::path& file, TcdTexts& texts) {
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t close = line.find_last_of(')');
    const std::size_t open = line.find_last_of('(');
    if (line.starts_with(";") || close == std::string::npos || open == std::string::npos ||
        open > close || open == 0)
      continue;
    const std::size_t end = line.find_last_not_of(" \t", open - 1);
    texts.by_sentence[lower_case(line.substr(open + 1, close - open - 1))] =
        line.substr(0, end + 1);
  }
}

TcdTexts read_texts(const fs::path& root, const TcdTree& tree) {
  TcdTexts texts;
  for (const fs::path& file : tree.label_files)
    read_labels(file, texts);
  if (const auto prompts = find_entry(root, "prompts.txt"))
    read_prompts(*prompts, texts);
  return texts;
}

/// Files of one camera by their names in lower case, such as "sa1.mp4".
using CameraFiles = std::map<std::string, fs::path>;

CameraFiles camera_files(const fs::path& speaker, const std::string& camera) {
  CameraFiles files;
  const fs::path clips = find_entry(speaker, "clips").value_or(speaker);
  const std::optional<fs::path> folder = find_entry(clips, camera);
  if (folder && fs::is_directory(*folder))
    for (const fs::path& file : list_folder(*folder))
      files.emplace(lower_case(file.filename().string()), file);
  return files;
}

/// `file` is empty when there is none.
void add_text(SourceClip& clip, const fs::path& file, const TcdTexts& texts) {
  const std::string sentence = clip.id.substr(clip.id.find('/') + 1);
  if (!file.empty()) {
    const Transcript transcript = read_transcript(file);
    clip.text = transcript.text;
    clip.note = transcript.note;
  }
  if (!clip.text.empty())
    return;
  if (const auto found = texts.by_clip.find(clip.id); found != texts.by_clip.end())
    clip.text = found->second;
  else if (const auto prompt = texts.by_sentence.find(sentence); prompt != texts.by_sentence.end())
    clip.text = prompt->second;
  else if (clip.note.empty())
    clip.note = texts.phones.contains(clip.id) ? "no transcript, the MLF file holds its phones only"
                                               : "no transcript";
}

/// Of a volunteer; nothing is said of the lipspeakers.
Sex sex_of(const std::string& speaker) {
  return speaker.size() != 3 ? Sex::kUnknown : speaker[2] == 'M' ? Sex::kMale : Sex::kFemale;
}

/// Hands over the clips of one speaker after another.
class TcdClips {
 public:
  TcdClips(std::string camera, TcdTexts texts, const std::function<void(SourceClip)>& take)
      : camera_(std::move(camera)), texts_(std::move(texts)), take_(take) {}

  void add(const std::string& speaker, const fs::path& folder) {
    const CameraFiles files = camera_files(folder, camera_);
    const CameraFiles straight = camera_files(folder, kStraightCamera);
    for (const auto& [name, path] : files) {
      if (!name.ends_with(".mp4"))
        continue;
      const std::string sentence = name.substr(0, name.size() - 4);
      SourceClip clip;
      clip.id = speaker + "/" + sentence;
      clip.speaker = speaker;
      clip.video.path = path.string();
      clip.sex = sex_of(speaker);
      clip.bytes = static_cast<std::int64_t>(fs::file_size(path));
      if (!places_.emplace(clip.id, path).second) {
        doubles_.push_back(path);
        continue;
      }
      ++counts_[speaker];
      const std::string text = sentence + ".txt";
      const auto beside = files.find(text);
      const auto of_straight = straight.find(text);
      add_text(clip,
               beside != files.end()           ? beside->second
               : of_straight != straight.end() ? of_straight->second
                                               : fs::path(),
               texts_);
      take_(std::move(clip));
    }
  }

  std::size_t count() const { return places_.size(); }
  const std::map<std::string, std::int64_t>& counts() const { return counts_; }

  std::vector<std::string> remarks() const {
    if (doubles_.empty())
      return {};
    return {fmt::format("left out because a clip of the same name was taken before: {}, such as {}",
                        doubles_.size(),
                        doubles_.front().string())};
  }

 private:
  std::string camera_;
  TcdTexts texts_;
  const std::function<void(SourceClip)>& take_;
  std::map<std::string, fs::path> places_;
  std::map<std::string, std::int64_t> counts_;  ///< clips by speaker
  std::vector<fs::path> doubles_;
};

/// Lipspeakers before volunteers.
std::vector<std::string> speakers_of(const TcdTree& tree) {
  std::set<std::string> names;
  for (const auto& [speaker, folder] : tree.speakers)
    names.insert(speaker);
  std::vector<std::string> sorted(names.begin(), names.end());
  std::ranges::stable_partition(sorted,
                                [](const std::string& s) { return s.starts_with(kLipspeaker); });
  return sorted;
}

constexpr const char* kVolunteerList = "tcd-timit/volunteers";

Splits overlapped_splits() {
  std::map<std::string, std::string> listed;
  for (const PublishedSpeaker& volunteer : read_published_list(kVolunteerList)) {
    for (const std::string& sentence : volunteer.test)
      listed[volunteer.speaker + "/" + sentence] = "test";
    for (const std::string& sentence : volunteer.train) {
      const std::string id = volunteer.speaker + "/" + sentence;
      listed[id] = train_or_valid(id);
    }
  }
  return Splits(std::move(listed));
}

Splits unseen_splits() {
  std::map<std::string, std::string> listed;
  for (const PublishedSpeaker& volunteer : read_published_list(kVolunteerList)) {
    const bool unseen =
        std::ranges::find(kUnseenVolunteers, volunteer.speaker) != kUnseenVolunteers.end();
    for (const auto* sentences : {&volunteer.train, &volunteer.test})
      for (const std::string& sentence : *sentences) {
        const std::string id = volunteer.speaker + "/" + sentence;
        listed[id] = unseen ? "test" : train_or_valid(id);
      }
  }
  return Splits(std::move(listed));
}

Splits lipspeaker_splits(const fs::path& root, const std::vector<SourceClip>& clips) {
  std::map<std::string, std::string> listed;
  for (const SourceClip& clip : clips) {
    if (!clip.speaker.starts_with(kLipspeaker))
      continue;
    const std::uint64_t percent = hash(clip.id.substr(clip.speaker.size() + 1)) % 100;
    listed[clip.id] = percent < 90 ? "train" : percent < 95 ? "valid" : "test";
  }
  require(!listed.empty(),
          ErrorKind::kData,
          "{}: expected clips of lipspeakers for the split, found none",
          root.string());
  return Splits(std::move(listed));
}

/// Speakers of whom clips are missing, or too many are there.
std::vector<std::string> count_remarks(const std::map<std::string, std::int64_t>& counts) {
  std::string unusual;
  for (const auto& [speaker, count] : counts) {
    const std::int64_t published =
        speaker.starts_with(kLipspeaker) ? kLipspeakerSentences : kVolunteerSentences;
    if (count != published)
      unusual +=
          fmt::format("{}{} {} of {}", unusual.empty() ? "" : ", ", speaker, count, published);
  }
  if (unusual.empty())
    return {};
  return {"other numbers of clips than published: " + unusual};
}

}  // namespace

TcdTimitReader::TcdTimitReader(CorpusOptions options, Camera camera)
    : options_(std::move(options)), camera_(camera) {
  require_folder(options_.root, "the folder of TCD-TIMIT, with volunteers and lipspeakers in it");
}

std::vector<std::string> TcdTimitReader::find(const std::function<void(SourceClip)>& take) const {
  const fs::path& root = options_.root;
  TcdTree tree;
  search_tree(root, 0, tree);
  const std::vector<std::string> found = speakers_of(tree);
  require_found(root, options_.speakers, found);
  const char* camera = camera_ == Camera::kStraight ? kStraightCamera : kThirtyDegreeCamera;
  TcdClips clips(camera, read_texts(root, tree), take);
  for (const std::string& speaker : found) {
    if (!is_wanted(speaker, options_.speakers))
      continue;
    const auto [first, last] = tree.speakers.equal_range(speaker);
    for (auto folder = first; folder != last; ++folder)
      clips.add(speaker, folder->second);
  }
  require(clips.count() > 0,
          ErrorKind::kData,
          "{}: expected clips of TCD-TIMIT such as volunteers/01M/Clips/{}/sa1.mp4, found none in "
          "{} folders of speakers; there is {}",
          root.string(),
          camera,
          tree.speakers.size(),
          contents_text(root));
  std::vector<std::string> remarks = clips.remarks();
  std::ranges::copy(count_remarks(clips.counts()), std::back_inserter(remarks));
  return remarks;
}

std::vector<PublishedSplit> TcdTimitReader::published_splits() const {
  return {{"overlapped", overlapped_splits, SplitCounts{.train = 3752, .valid = 0, .test = 1736}},
          {"unseen", unseen_splits, SplitCounts{.train = 3822, .valid = 0, .test = 1666}},
          {"lipspeakers", [this] { return lipspeaker_splits(options_.root, find_clips(*this)); }}};
}

}  // namespace lipsound2::corpora
