#include "prepare_plan.h"

#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"
#include "lipsound2/corpora/corpus_reader.h"
#include "lipsound2/corpora/splits.h"

#include "prepare_text.h"

namespace lipsound2::corpora {
namespace {

/// Raised whenever the same clips and settings would give other shards or parts.
constexpr const char* kPlanFormat = "3";

/// By `--splits NAME|FOLDER`: a name that the corpus knows comes first.
Splits read_splits(const CorpusReader& corpus, const std::string& wanted) {
  if (wanted.empty())
    return {};
  const std::vector<std::string> names = corpus.split_names();
  const bool named = std::ranges::find(names, wanted) != names.end();
  require(named || names.empty() || std::filesystem::exists(wanted),
          ErrorKind::kUsage,
          "--splits: expected one of {} or a folder of lists, found {}",
          fmt::join(names, ", "),
          wanted);
  return named ? corpus.splits(wanted) : Splits::read(wanted);
}

bool wanted_speaker(const std::string& id, const std::vector<std::string>& speakers) {
  return speakers.empty() || std::ranges::any_of(speakers, [&](const std::string& speaker) {
           return id.starts_with(speaker + "/");
         });
}

/// The ids of the lists, each met in the corpus or not.
class ListedIds {
 public:
  explicit ListedIds(const Splits& splits) : met_(splits.listed().size()) {
    ids_.reserve(met_.size());
    for (const auto& [id, split] : splits.listed())
      ids_.push_back(&id);
  }

  void meet(const std::string& id) {
    const auto found = std::ranges::lower_bound(
        ids_, id, {}, [](const std::string* listed) -> const std::string& { return *listed; });
    if (found != ids_.end() && **found == id)
      met_[static_cast<std::size_t>(found - ids_.begin())] = true;
  }

  std::vector<std::string> missing(const std::vector<std::string>& speakers) const {
    std::vector<std::string> missing;
    for (std::size_t i = 0; i < ids_.size(); ++i)
      if (!met_[i] && wanted_speaker(*ids_[i], speakers))
        missing.push_back(*ids_[i]);
    return missing;
  }

 private:
  std::vector<const std::string*> ids_;  ///< sorted
  std::vector<bool> met_;
};

void require_distinct_ids(const std::deque<PlannedClip>& clips) {
  std::vector<std::pair<std::uint64_t, std::size_t>> hashes;
  hashes.reserve(clips.size());
  for (const PlannedClip& clip : clips)
    hashes.emplace_back(hash(clip.source.id), hashes.size());
  std::ranges::sort(hashes);
  for (std::size_t i = 1; i < hashes.size(); ++i) {
    if (hashes[i].first != hashes[i - 1].first)
      continue;
    const SourceClip& first = clips[hashes[i - 1].second].source;
    const SourceClip& second = clips[hashes[i].second].source;
    require(first.id != second.id,
            ErrorKind::kData,
            "expected every id once, found {} for {} and for {}",
            first.id,
            first.video.name(),
            second.video.name());
  }
}

std::uint64_t hash_of_clips(const Plan& plan) {
  std::uint64_t state = 0;
  for (const PlannedClip& clip : plan.clips) {
    const SourceClip& source = clip.source;
    for (const std::string* text :
         {&source.id, &source.speaker, &clip.split, &source.text, &source.note, &source.fault})
      state = mix({state, hash(*text)});
    if (source.part)
      state = mix({state, hash(fmt::format("{} {}", source.part->start, source.part->end))});
    state = mix({state, static_cast<std::uint64_t>(source.bytes), hash(name_of(source.sex))});
  }
  return state;
}

/// Where a published split has other numbers of clips here. `counts` are those found, by split.
std::vector<std::string> count_remarks(const std::string& name,
                                       const SplitCounts& published,
                                       std::map<std::string, std::int64_t>& counts) {
  std::vector<std::string> remarks;
  const auto compare = [&](const char* what, std::int64_t found, std::int64_t expected) {
    if (found != expected)
      remarks.push_back(fmt::format(
          "split {}: {} for {}, published are {}", name, counted(found, "clip"), what, expected));
  };
  if (published.valid > 0) {
    compare("training", counts["train"], published.train);
    compare("validation", counts["valid"], published.valid);
  } else {
    compare("training and validation", counts["train"] + counts["valid"], published.train);
  }
  compare("testing", counts["test"], published.test);
  return remarks;
}

/// Takes clips from the reader until the plan is full.
void find_planned(const CorpusReader& corpus, const PrepareConfig& config, Plan& plan) {
  plan.splits = config.splits.empty() ? corpus.default_split() : config.splits.string();
  const Splits splits = read_splits(corpus, plan.splits);
  ListedIds listed(splits);
  std::map<std::string, std::int64_t> counts;
  std::string unlisted;  // the first of them
  try {
    plan.remarks = corpus.find([&](SourceClip clip) {
      listed.meet(clip.id);
      std::optional<std::string> split = splits.split_of(clip);
      if (!split) {
        if (++plan.left_out == 1)
          unlisted = clip.id;
        return;
      }
      ++counts[*split];
      if (config.limit == 0 || std::ssize(plan.clips) < config.limit)
        plan.clips.push_back({std::move(clip), *std::move(split)});
    });
  } catch (const std::filesystem::filesystem_error& error) {
    fail(ErrorKind::kIo, "{}: cannot read: {}", error.path1().string(), error.code().message());
  }
  require(!plan.clips.empty(),
          ErrorKind::kData,
          "{}: expected lists that name clips of {}, found {} there, such as {}, and none of them "
          "listed{}",
          plan.splits,
          config.root.string(),
          counted(plan.left_out, "clip"),
          unlisted,
          splits.listed().empty() ? "" : ", but such as " + splits.listed().begin()->first);
  plan.missing = listed.missing(config.speakers);
  const auto published = corpus.published_counts(plan.splits);
  if (published && config.speakers.empty())
    std::ranges::move(count_remarks(plan.splits, *published, counts),
                      std::back_inserter(plan.remarks));
}

}  // namespace

std::int64_t Plan::shards() const {
  return (std::ssize(clips) + shard_clips - 1) / shard_clips;
}

std::pair<std::size_t, std::size_t> Plan::clips_of(std::int64_t shard) const {
  const std::int64_t first = shard * shard_clips;
  return {static_cast<std::size_t>(first),
          static_cast<std::size_t>(std::min(first + shard_clips, std::ssize(clips)))};
}

Plan make_plan(const PrepareConfig& config) {
  require(config.shard_clips > 0 && config.jobs > 0 && config.limit >= 0,
          ErrorKind::kUsage,
          "expected at least 1 job, 1 clip per shard and no negative limit, found {}, {} and {}",
          config.jobs,
          config.shard_clips,
          config.limit);
  const std::unique_ptr<CorpusReader> corpus = open_corpus(
      config.corpus, {.root = config.root, .speakers = config.speakers, .longest = config.longest});
  Plan plan;
  plan.shard_clips = config.shard_clips;
  find_planned(*corpus, config, plan);
  require_distinct_ids(plan.clips);
  return plan;
}

std::vector<config::FieldLine> plan_lines(const Plan& plan, const PrepareConfig& config) {
  std::vector<config::FieldLine> lines;
  const auto add = [&lines](const std::string& key, std::string value) {
    lines.push_back({.key = key, .value = std::move(value), .type = "", .help = ""});
  };
  add("format", kPlanFormat);
  add("corpus", config.corpus);
  add("speakers",
      config.speakers.empty() ? "all" : fmt::format("{}", fmt::join(config.speakers, ",")));
  add("splits", plan.splits.empty() ? "by hash" : "by lists");
  add("clips", fmt::format("{}", plan.clips.size()));
  add("clips_hash", fmt::format("{:016x}", hash_of_clips(plan)));
  add("shard_clips", fmt::format("{}", plan.shard_clips));
  for (const config::FieldLine& line : config::list_fields(config.face))
    add("face." + line.key, line.value);
  return lines;
}

}  // namespace lipsound2::corpora
