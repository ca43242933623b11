#include "grid.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <sstream>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/corpora/demo_corpus.h"

#include "folder_listing.h"
#include "prepare_text.h"
#include "speaker_files.h"

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

/// The words of an alignment without its silences, or nothing when a line is not "start end word".
std::optional<std::string> alignment_words(const std::string& alignment) {
  std::istringstream lines(alignment);
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

/// The same of a file, or nothing when it is damaged in its archive.
std::optional<std::string> read_alignment(const SourceFile& file) {
  try {
    return alignment_words(file.read());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData)
      throw;
    return std::nullopt;
  }
}

/// The talkers who are women; of talker 21 there is no video.
constexpr std::array<int, 15> kGridWomen{4, 7, 11, 15, 16, 18, 20, 22, 23, 24, 25, 29, 31, 33, 34};
constexpr int kGridTalkers = 34;
constexpr int kTalkerWithoutVideo = 21;

Sex sex_of_talker(int talker) {
  if (talker < 1 || talker > kGridTalkers || talker == kTalkerWithoutVideo)
    return Sex::kUnknown;
  return std::ranges::find(kGridWomen, talker) == kGridWomen.end() ? Sex::kMale : Sex::kFemale;
}

constexpr const char* kGridClip = ".mpg";
constexpr const char* kGridAlignment = ".align";

/// All that lies below the root.
SpeakerFiles find_grid_files(const CorpusOptions& options) {
  SpeakerFiles files(options.speakers, {kGridClip, kGridAlignment}, [](const fs::path& file) {
    return std::optional(file.stem().string());
  });
  for (const auto& [talker, folder] : numbered_folders(options.root))
    if (files.meet(talker))
      for (const fs::path& place : {folder, folder / "video" / "mpg_6000", folder / "align"})
        files.add_folder(talker, place);
  for (const auto& [talker, folder] : numbered_folders(options.root / "alignments"))
    if (files.wants(talker))
      files.add_folder(talker, folder);
  files.add_archives(options.root);
  return files;
}

/// How the alignments of one talker fit his clips.
struct AlignmentTally {
  std::int64_t clips = 0;
  std::int64_t disagree = 0;
  std::int64_t missing = 0;
};

/// The clips in their order, each with its alignment looked at.
class GridClips {
 public:
  GridClips(const FoundFiles& alignments, const fs::path& root)
      : alignments_(alignments), are_people_(!fs::exists(root / kDemoCorpusNote)) {}

  SourceClip clip(const FoundFiles::Key& key, const FoundFile& file) {
    SourceClip clip;
    clip.speaker = name_of_speaker(key.first);
    clip.id = clip.speaker + "/" + key.second;
    clip.video = file.source;
    clip.bytes = file.bytes;
    if (are_people_)
      clip.sex = sex_of_talker(key.first);
    if (const auto sentence = grid_sentence(key.second)) {
      clip.text = *sentence;
      clip.note = alignment_note(key, clip.text);
    } else {
      clip.fault = fmt::format("expected a GRID name such as bbaf2n.mpg, found {}.mpg", key.second);
    }
    return clip;
  }

  std::vector<std::string> remarks() const {
    std::vector<std::string> lines;
    for (const auto& [talker, tally] : tallies_) {
      std::vector<std::string> odd;
      if (tally.disagree > 0)
        odd.push_back(fmt::format("{} of other words", tally.disagree));
      if (tally.missing > 0)
        odd.push_back(fmt::format("{} missing", tally.missing));
      if (!odd.empty())
        lines.push_back(fmt::format("{}: alignments of {}: {}; the text is that of the file names",
                                    name_of_speaker(talker),
                                    counted(tally.clips, "clip"),
                                    fmt::join(odd, ", ")));
    }
    return lines;
  }

 private:
  /// What is wrong with the clip's alignment; empty when it agrees or there is none.
  std::string alignment_note(const FoundFiles::Key& key, const std::string& text) {
    if (!alignments_.has(key.first))
      return "";
    AlignmentTally& tally = tallies_[key.first];
    ++tally.clips;
    const FoundFile* file = alignments_.find(key);
    if (!file) {
      ++tally.missing;
      return "";
    }
    const std::optional<std::string> words = read_alignment(file->source);
    if (words == text)
      return "";
    ++tally.disagree;
    return words ? "alignment disagrees, text taken from the file name: aligned '" + *words + "'"
                 : "malformed alignment, text taken from the file name";
  }

  const FoundFiles& alignments_;
  const bool are_people_;  ///< those of a demo corpus are drawn
  std::map<int, AlignmentTally> tallies_;
};

/// Talkers with alignments but without a clip.
std::vector<std::string> silent_talkers(const SpeakerFiles& files) {
  const FoundFiles& clips = files.with_ending(kGridClip);
  const FoundFiles& alignments = files.with_ending(kGridAlignment);
  std::vector<std::string> without;
  std::vector<std::string> lines;
  for (int talker = 1; talker <= kGridTalkers; ++talker) {
    if (!alignments.has(talker) || clips.has(talker))
      continue;
    if (talker == kTalkerWithoutVideo)
      lines.push_back("talker 21 of GRID was recorded without video: nothing is missing");
    else
      without.push_back(name_of_speaker(talker));
  }
  if (!without.empty())
    lines.push_back(
        fmt::format("alignments but no clips of {}: {}",
                    without.size() == 1 ? "a talker" : fmt::format("{} talkers", without.size()),
                    fmt::join(without, ", ")));
  return lines;
}

/// Throws kData unless there are clips, and some of every speaker that is wanted.
void require_talkers(const fs::path& root,
                     const SpeakerFiles& files,
                     const std::vector<std::string>& wanted) {
  const FoundFiles& clips = files.with_ending(kGridClip);
  const std::vector<std::string> talkers = files.speakers();
  for (const std::string& speaker : wanted) {
    const std::optional<int> talker = numbered_speaker(speaker);
    require(talker && clips.has(*talker),
            ErrorKind::kData,
            "{}: expected clips of speaker {}{}, found {}",
            root.string(),
            speaker,
            talker == kTalkerWithoutVideo ? " (of whom GRID has no video)" : "",
            talkers.empty() ? "no speaker" : fmt::format("{}", fmt::join(talkers, ", ")));
  }
  require(!clips.files().empty(),
          ErrorKind::kData,
          "{}: expected clips of the GRID corpus, such as s1/bbaf2n.mpg, "
          "s1/video/mpg_6000/bbaf2n.mpg or those in s1.zip, found none; there is {}",
          root.string(),
          contents_text(root));
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
  require_folder(options_.root,
                 "the folder of the GRID corpus with clips sN/<id>.mpg or archives sN.zip");
}

std::vector<std::string> GridReader::find(const std::function<void(SourceClip)>& take) const {
  const SpeakerFiles files = find_grid_files(options_);
  require_talkers(options_.root, files, options_.speakers);
  const FoundFiles& found = files.with_ending(kGridClip);
  GridClips clips(files.with_ending(kGridAlignment), options_.root);
  for (const auto& [key, file] : found.files())
    take(clips.clip(key, file));
  std::vector<std::string> remarks = found.remarks();
  if (options_.speakers.empty())
    std::ranges::move(silent_talkers(files), std::back_inserter(remarks));
  std::ranges::move(clips.remarks(), std::back_inserter(remarks));
  return remarks;
}

}  // namespace lipsound2::corpora
