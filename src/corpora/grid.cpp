#include "grid.h"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "folder_listing.h"
#include "published_list.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

struct GridWord {
  char key;
  std::string_view word;
};

constexpr std::array<GridWord, 4> kGridCommands{
    {{'b', "bin"}, {'l', "lay"}, {'p', "place"}, {'s', "set"}}};
constexpr std::array<GridWord, 4> kGridColors{
    {{'b', "blue"}, {'g', "green"}, {'r', "red"}, {'w', "white"}}};
constexpr std::array<GridWord, 4> kGridPrepositions{
    {{'a', "at"}, {'b', "by"}, {'i', "in"}, {'w', "with"}}};
constexpr std::array<GridWord, 11> kGridDigits{{{'z', "zero"},
                                                {'0', "zero"},
                                                {'1', "one"},
                                                {'2', "two"},
                                                {'3', "three"},
                                                {'4', "four"},
                                                {'5', "five"},
                                                {'6', "six"},
                                                {'7', "seven"},
                                                {'8', "eight"},
                                                {'9', "nine"}}};
constexpr std::array<GridWord, 4> kGridAdverbs{
    {{'a', "again"}, {'n', "now"}, {'p', "please"}, {'s', "soon"}}};

/// Empty when no word has the key.
template <std::size_t N>
std::string_view grid_word(const std::array<GridWord, N>& words, char key) {
  const auto found = std::ranges::find(words, key, &GridWord::key);
  return found == words.end() ? std::string_view() : found->word;
}

/// 7 for "s7", nothing for what is no talker's folder.
std::optional<int> talker_number(const std::string& folder) {
  const bool fits = folder.size() >= 2 && folder.size() <= 4 && folder[0] == 's' &&
                    folder.find_first_not_of("0123456789", 1) == std::string::npos;
  return fits ? std::optional(std::stoi(folder.substr(1))) : std::nullopt;
}

bool is_grid_clip(const fs::directory_entry& entry) {
  return entry.path().extension() == ".mpg" &&
         !entry.path().filename().string().starts_with("._") && entry.is_regular_file();
}

/// The words of an alignment without its silences, or nothing when a line is not "start end word".
std::optional<std::string> alignment_words(const fs::path& file) {
  std::istringstream lines(read_file(file));
  std::string sentence;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::int64_t start = 0;
    std::int64_t end = 0;
    std::string word;
    std::string rest;
    if (line.find_first_not_of(" \t\r") == std::string::npos)
      continue;
    if (!(fields >> start >> end >> word) || fields >> rest || end < start)
      return std::nullopt;
    if (word != "sil" && word != "sp")
      sentence += (sentence.empty() ? "" : " ") + word;
  }
  return sentence.empty() ? std::nullopt : std::optional(sentence);
}

/// What is wrong with the clip's alignment; empty when it agrees or there is none.
std::string alignment_note(const fs::path& root, const SourceClip& clip, const fs::path& video) {
  const std::string name = video.stem().string() + ".align";
  fs::path file = root / "alignments" / clip.speaker / name;
  if (!fs::exists(file))
    file = root / clip.speaker / "align" / name;
  if (!fs::exists(file))
    return "";
  const std::optional<std::string> words = alignment_words(file);
  if (!words)
    return "malformed alignment, text taken from the file name";
  return *words == clip.text
             ? ""
             : "alignment disagrees, text taken from the file name: aligned '" + *words + "'";
}

SourceClip grid_clip(const fs::path& root, const std::string& speaker, const fs::path& video) {
  SourceClip clip;
  clip.id = speaker + "/" + video.stem().string();
  clip.speaker = speaker;
  clip.video.path = video.string();
  clip.bytes = static_cast<std::int64_t>(fs::file_size(video));
  if (const auto sentence = grid_sentence(video.stem().string())) {
    clip.text = *sentence;
    clip.note = alignment_note(root, clip, video);
  } else {
    clip.fault = "expected a GRID name such as bbaf2n.mpg, found " + video.filename().string();
  }
  return clip;
}

/// The clips of one talker by name.
std::map<std::string, SourceClip> talker_clips(const fs::path& root, const std::string& speaker) {
  std::map<std::string, SourceClip> clips;
  for (const fs::path& folder : {root / speaker, root / speaker / "video" / "mpg_6000"}) {
    if (!fs::is_directory(folder))
      continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
      if (is_grid_clip(entry) && !clips.contains(entry.path().stem().string()))
        clips[entry.path().stem().string()] = grid_clip(root, speaker, entry.path());
  }
  return clips;
}

std::map<int, std::string> find_talkers(const fs::path& root) {
  std::map<int, std::string> talkers;
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    if (const auto number = talker_number(name); number && entry.is_directory())
      talkers[*number] = name;
  }
  return talkers;
}

void require_speakers(const fs::path& root,
                      const std::map<int, std::string>& talkers,
                      const std::vector<std::string>& speakers) {
  std::string found;
  for (const auto& [number, name] : talkers)
    found += (found.empty() ? "" : ", ") + name;
  for (const std::string& speaker : speakers)
    require(std::ranges::any_of(talkers, [&](const auto& t) { return t.second == speaker; }),
            ErrorKind::kData,
            "{}: expected a folder {} of that speaker, found {}",
            root.string(),
            speaker,
            found.empty() ? "no speaker" : found);
}

bool is_one_of(const std::string& speaker, std::initializer_list<int> talkers) {
  return std::ranges::any_of(talkers,
                             [&](int talker) { return speaker == "s" + std::to_string(talker); });
}

std::optional<std::string> four_talkers(const SourceClip& clip) {
  return is_one_of(clip.speaker, {1, 2, 4, 29}) ? Splits().split_of(clip) : std::nullopt;
}

std::optional<std::string> unseen_talkers(const SourceClip& clip) {
  if (is_one_of(clip.speaker, {2, 4, 11, 13, 15, 18, 19, 25, 31, 33}))
    return "test";
  if (is_one_of(clip.speaker, {9, 20, 23, 27, 29, 30, 34}))
    return "valid";
  if (is_one_of(clip.speaker, {1, 3, 5, 6, 7, 8, 10, 12, 14, 16, 17, 22, 24, 26, 28, 32}))
    return "train";
  return std::nullopt;
}

std::optional<std::string> unseen_talkers_of_lipnet(const SourceClip& clip) {
  return is_one_of(clip.speaker, {1, 2, 20, 22}) ? "test" : train_or_valid(clip.id);
}

}  // namespace

std::optional<std::string> grid_sentence(std::string_view name) {
  if (name.size() != 6 || name[3] < 'a' || name[3] > 'z')
    return std::nullopt;
  const std::array<std::string_view, 6> words{grid_word(kGridCommands, name[0]),
                                              grid_word(kGridColors, name[1]),
                                              grid_word(kGridPrepositions, name[2]),
                                              name.substr(3, 1),
                                              grid_word(kGridDigits, name[4]),
                                              grid_word(kGridAdverbs, name[5])};
  if (std::ranges::any_of(words, &std::string_view::empty))
    return std::nullopt;
  return fmt::format("{}", fmt::join(words, " "));
}

GridReader::GridReader(CorpusOptions options) : options_(std::move(options)) {
  require_folder(options_.root, "the folder of the GRID corpus with clips sN/<id>.mpg");
}

std::vector<std::string> GridReader::find(const std::function<void(SourceClip)>& take) const {
  const std::vector<std::string>& speakers = options_.speakers;
  const std::map<int, std::string> talkers = find_talkers(options_.root);
  require_speakers(options_.root, talkers, speakers);
  std::int64_t found = 0;
  for (const auto& [number, speaker] : talkers) {
    if (!is_wanted(speaker, speakers))
      continue;
    for (auto& [name, clip] : talker_clips(options_.root, speaker)) {
      take(std::move(clip));
      ++found;
    }
  }
  require(found > 0,
          ErrorKind::kData,
          "{}: expected clips of the GRID corpus, such as s1/bbaf2n.mpg or "
          "s1/video/mpg_6000/bbaf2n.mpg, found none in {} speaker folders",
          options_.root.string(),
          speakers.empty() ? talkers.size() : speakers.size());
  return {};
}

std::vector<PublishedSplit> GridReader::published_splits() const {
  return {{"four", [] { return Splits(four_talkers); }},
          {"unseen", [] { return Splits(unseen_talkers); }},
          {"unseen-lipnet", [] { return Splits(unseen_talkers_of_lipnet); }}};
}

}  // namespace lipsound2::corpora
