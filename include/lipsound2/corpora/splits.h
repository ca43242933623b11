#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "lipsound2/corpora/source_clip.h"

namespace lipsound2::corpora {

/// How many clips a published split has. Where its lists set no clips aside for validation, `valid`
/// is 0 and `train` counts those of both.
struct SplitCounts {
  std::int64_t train = 0;
  std::int64_t valid = 0;
  std::int64_t test = 0;
};

/// Which of "train", "valid" and "test" a clip belongs to.
class Splits {
 public:
  /// As the distributor has it; for clips without his word by a stable hash of the id: 90, 5 and 5
  /// percent.
  Splits() = default;

  /// From the lists train.txt, valid.txt and test.txt of a folder, with one id such as s1/bbaf2n a
  /// line (what follows a blank is ignored); NAME_train.txt and so on are read as well and joined.
  /// Throws kData when one of the three is missing or empty, or when an id is in two of them.
  static Splits read(const std::filesystem::path& folder);

  /// Of the ids in a published split: "train", "valid" or "test" by id.
  explicit Splits(std::map<std::string, std::string> listed) : listed_(std::move(listed)) {}

  /// "train", "valid" or "test" for a clip, or nothing for one that is left out.
  using Rule = std::function<std::optional<std::string>(const SourceClip&)>;
  /// Of a split that is a rule, for all clips or for those that its lists do not name.
  explicit Splits(Rule rule, std::map<std::string, std::string> listed = {})
      : listed_(std::move(listed)), rule_(std::move(rule)) {}

  /// Nothing when there are lists and the clip's id is in none, unless a rule knows it.
  std::optional<std::string> split_of(const SourceClip& clip) const;

  /// Split by id; empty without lists.
  const std::map<std::string, std::string>& listed() const { return listed_; }

 private:
  std::map<std::string, std::string> listed_;
  Rule rule_;
};

}  // namespace lipsound2::corpora
