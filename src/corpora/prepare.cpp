#include "lipsound2/corpora/prepare.h"

#include <algorithm>
#include <chrono>

#include "lipsound2/core/error.h"
#include "lipsound2/core/log.h"
#include "lipsound2/core/progress.h"

#include "clip_stream.h"
#include "prepare_folder.h"
#include "prepare_plan.h"

namespace lipsound2::corpora {
namespace {

/// What was read in this run.
struct ReadStats {
  std::map<std::string, std::int64_t> formats;
  std::int64_t frames = 0;
  double seconds = 0;
};

/// Takes clips off a stream, counts them and shows how far the run has come.
class CountedStream {
 public:
  CountedStream(const Plan& plan,
                std::vector<const PlannedClip*> clips,
                const PrepareConfig& config)
      : done_(std::ssize(plan.clips) - std::ssize(clips)),
        progress_(config.check ? "check" : "prepare", std::ssize(plan.clips), "clips", done_),
        stream_(std::move(clips), config.jobs, config.face),
        start_(std::chrono::steady_clock::now()) {}

  ReadClip next() {
    ReadClip clip = stream_.next();
    stats_.frames += clip.entry.frames;
    stats_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    if (!clip.format.empty())
      ++stats_.formats[clip.format];
    rejected_ += clip.reason.empty() ? 0 : 1;
    progress_.update(++done_, fmt::format("{} rejected", rejected_));
    return clip;
  }

  const ReadStats& stats() const { return stats_; }

 private:
  std::int64_t done_;
  std::int64_t rejected_ = 0;
  Progress progress_;
  ClipStream stream_;
  std::chrono::steady_clock::time_point start_;
  ReadStats stats_;
};

/// Every clip of the plan, accepted or rejected.
struct Outcome {
  ShardPart clips;
  ReadStats stats;
  std::int64_t shards_kept = 0;
};

Reject to_reject(const PlannedClip& planned, const ReadClip& clip) {
  return {.id = planned.source.id, .file = planned.source.video.name(), .reason = clip.reason};
}

/// Decodes the clips of one shard, writes the shard, then its part.
void build_shard(std::int64_t shard,
                 const Plan& plan,
                 const PrepareFolder& folder,
                 CountedStream& stream) {
  const auto [first, last] = plan.clips_of(shard);
  const std::string name = PrepareFolder::shard_name(shard);
  data::ShardWriter writer(folder.path() / name);
  ShardPart part;
  for (std::size_t i = first; i < last; ++i) {
    ReadClip clip = stream.next();
    if (!clip.reason.empty()) {
      part.rejects.push_back(to_reject(plan.clips[i], clip));
      continue;
    }
    clip.entry.shard = name;
    writer.add(clip.entry, clip.stored);
    part.entries.push_back(std::move(clip.entry));
  }
  if (!part.entries.empty())
    writer.commit();
  folder.finish(shard, part);
}

Outcome build_shards(const Plan& plan, const PrepareConfig& config) {
  const PrepareFolder folder(config.out);
  folder.claim(plan_lines(plan, config));
  std::vector<std::int64_t> shards;
  std::vector<const PlannedClip*> clips;
  for (std::int64_t shard = 0; shard < plan.shards(); ++shard) {
    if (folder.finished(shard))
      continue;
    shards.push_back(shard);
    const auto [first, last] = plan.clips_of(shard);
    for (std::size_t i = first; i < last; ++i)
      clips.push_back(&plan.clips[i]);
  }
  Outcome outcome;
  outcome.shards_kept = plan.shards() - std::ssize(shards);
  if (!shards.empty()) {
    CountedStream stream(plan, std::move(clips), config);
    for (const std::int64_t shard : shards)
      build_shard(shard, plan, folder, stream);
    outcome.stats = stream.stats();
  }
  outcome.clips = folder.join(plan.shards());
  return outcome;
}

Outcome check_clips(const Plan& plan, const PrepareConfig& config) {
  std::vector<const PlannedClip*> clips;
  for (const PlannedClip& clip : plan.clips)
    clips.push_back(&clip);
  CountedStream stream(plan, std::move(clips), config);
  Outcome outcome;
  for (const PlannedClip& planned : plan.clips) {
    ReadClip clip = stream.next();
    if (clip.reason.empty())
      outcome.clips.entries.push_back(std::move(clip.entry));
    else
      outcome.clips.rejects.push_back(to_reject(planned, clip));
  }
  outcome.stats = stream.stats();
  return outcome;
}

/// What comes before the first colon: the part of a note or reason that many clips share.
std::string shared_part(const std::string& text) {
  return text.substr(0, text.find(':'));
}

std::vector<std::string> split_notes(const std::string& joined) {
  std::vector<std::string> notes;
  for (std::size_t start = 0; start < joined.size();) {
    const std::size_t end = std::min(joined.find("; ", start), joined.size());
    notes.push_back(joined.substr(start, end - start));
    start = end + 2;
  }
  return notes;
}

PrepareReport make_report(const Plan& plan, const Outcome& outcome) {
  PrepareReport report;
  for (const data::ManifestEntry& entry : outcome.clips.entries) {
    for (ClipCount* sum : {&report.total, &report.splits[entry.split]}) {
      ++sum->clips;
      sum->frames += entry.frames;
      sum->seconds += static_cast<double>(entry.samples) / static_cast<double>(entry.rate);
    }
    ++report.speakers[entry.speaker][entry.split];
    for (const std::string& note : split_notes(entry.note))
      ++report.notes[shared_part(note)];
  }
  for (const Reject& reject : outcome.clips.rejects)
    ++report.rejects[shared_part(reject.reason)];
  report.formats = outcome.stats.formats;
  report.left_out = plan.left_out;
  report.missing = plan.missing;
  report.shards = plan.shards();
  report.shards_kept = outcome.shards_kept;
  report.frames_read = outcome.stats.frames;
  report.read_seconds = outcome.stats.seconds;
  return report;
}

void require_some(const PrepareConfig& config, const ShardPart& clips) {
  if (!clips.entries.empty())
    return;
  fail(
      ErrorKind::kData,
      "{}: expected clips of speaking faces, found {} and none that can be used; the first, {}: {}",
      config.root.string(),
      clips.rejects.size(),
      clips.rejects.at(0).file,
      clips.rejects.at(0).reason);
}

}  // namespace

PrepareReport prepare(const PrepareConfig& config) {
  const Plan plan = make_plan(config);
  if (!plan.missing.empty())
    log::warn("{}: {} of the listed clips are not in {}, such as {}",
              config.splits.string(),
              plan.missing.size(),
              config.root.string(),
              plan.missing.front());
  const Outcome outcome = config.check ? check_clips(plan, config) : build_shards(plan, config);
  require_some(config, outcome.clips);
  PrepareReport report = make_report(plan, outcome);
  report.check = config.check;
  return report;
}

}  // namespace lipsound2::corpora
