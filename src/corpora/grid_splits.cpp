#include <algorithm>
#include <map>
#include <set>

#include "grid.h"
#include "published_list.h"

namespace lipsound2::corpora {
namespace {

bool is_one_of(const std::string& speaker, std::initializer_list<int> talkers) {
  return std::ranges::any_of(talkers,
                             [&](int talker) { return speaker == "s" + std::to_string(talker); });
}

/// The ids of a published list whose clips for training are all those that it does not name.
struct GridList {
  std::set<std::string> speakers;
  std::map<std::string, std::string> named;  ///< splits by id
  std::set<std::string> left_out;

  bool holds(const SourceClip& clip) const {
    return speakers.contains(clip.speaker) && !left_out.contains(clip.id);
  }
};

GridList read_grid_list(const std::string& name) {
  GridList list;
  for (const PublishedSpeaker& talker : read_published_list(name)) {
    list.speakers.insert(talker.speaker);
    for (const std::string& clip : talker.test)
      list.named[talker.speaker + "/" + clip] = "test";
    for (const std::string& clip : talker.valid)
      list.named[talker.speaker + "/" + clip] = "valid";
    for (const std::string& clip : talker.left_out)
      list.left_out.insert(talker.speaker + "/" + clip);
  }
  return list;
}

constexpr const char* kTalkerList = "grid/talkers";

/// As the list says; what it holds without naming it goes where `split_of` says by its id.
Splits listed(const std::string& name, std::string (*split_of)(const std::string& id)) {
  GridList list = read_grid_list(name);
  const auto others = [list, split_of](const SourceClip& clip) {
    return list.holds(clip) ? std::optional(split_of(clip.id)) : std::nullopt;
  };
  return Splits(others, std::move(list.named));
}

Splits four_talkers() {
  return listed("grid/four", [](const std::string&) { return std::string("train"); });
}

Splits overlapped_talkers() {
  return listed(kTalkerList, train_or_valid);
}

std::optional<std::string> split_of_talker(const SourceClip& clip) {
  if (is_one_of(clip.speaker, {2, 4, 11, 13, 15, 18, 19, 25, 31, 33}))
    return "test";
  if (is_one_of(clip.speaker, {9, 20, 23, 27, 29, 30, 34}))
    return "valid";
  if (is_one_of(clip.speaker, {1, 3, 5, 6, 7, 8, 10, 12, 14, 16, 17, 22, 24, 26, 28, 32}))
    return "train";
  return std::nullopt;
}

Splits unseen_talkers() {
  return Splits([list = read_grid_list(kTalkerList)](const SourceClip& clip) {
    return list.holds(clip) ? split_of_talker(clip) : std::nullopt;
  });
}

Splits unseen_talkers_of_lipnet() {
  return Splits([list = read_grid_list(kTalkerList)](const SourceClip& clip) {
    if (!list.holds(clip))
      return std::optional<std::string>();
    return std::optional(is_one_of(clip.speaker, {1, 2, 20, 22}) ? "test"
                                                                 : train_or_valid(clip.id));
  });
}

}  // namespace

std::vector<PublishedSplit> GridReader::published_splits() const {
  return {{"four", four_talkers, SplitCounts{.train = 3586, .valid = 199, .test = 200}},
          {"overlapped", overlapped_talkers, SplitCounts{.train = 24455, .valid = 0, .test = 8415}},
          {"unseen", unseen_talkers, SplitCounts{.train = 15888, .valid = 7000, .test = 9982}},
          {"unseen-lipnet",
           unseen_talkers_of_lipnet,
           SplitCounts{.train = 28870, .valid = 0, .test = 4000}}};
}

}  // namespace lipsound2::corpora
