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

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Takes clips off a stream, sums up their times and shows how far the run has come.
class CountedStream {
 public:
  CountedStream(std::vector<const PlannedClip*> clips, const PrepareConfig& config)
      : progress_("prepare", std::ssize(clips), "clips"),
        stream_(std::move(clips), config.jobs, config.face),
        start_(Clock::now()) {
    times_.threads = config.jobs;
  }

  ReadClip next() {
    ReadClip clip = stream_.next();
    times_ += clip.times;
    rejected_ += clip.reason.empty() ? 0 : 1;
    progress_.update(++done_, fmt::format("{} rejected", rejected_));
    return clip;
  }

  /// Time since `start` that went into writing.
  void count_writing(Clock::time_point start) { times_.write += seconds_since(start); }

  ReadingTimes times() const {
    ReadingTimes times = times_;
    times.wall = seconds_since(start_);
    return times;
  }

 private:
  std::int64_t done_ = 0;
  std::int64_t rejected_ = 0;
  ReadingTimes times_;
  Progress progress_;
  ClipStream stream_;
  Clock::time_point start_;
};

/// Decodes the clips of one shard, writes the shard, then its part.
Census build_shard(std::int64_t shard,
                   const Plan& plan,
                   const PrepareFolder& folder,
                   CountedStream& stream) {
  const auto [first, last] = plan.clips_of(shard);
  const std::string name = PrepareFolder::shard_name(shard);
  data::ShardWriter writer(folder.path() / name);
  ShardPart part;
  for (std::size_t i = first; i < last; ++i) {
    ReadClip clip = stream.next();
    count_read(clip, part.census);
    if (!clip.reason.empty()) {
      part.rejects.push_back({clip.entry.id, plan.clips[i].source.video.name(), clip.reason});
      continue;
    }
    const Clock::time_point start = Clock::now();
    clip.entry.shard = name;
    writer.add(clip.entry, clip.stored);
    part.entries.push_back(std::move(clip.entry));
    stream.count_writing(start);
  }
  const Clock::time_point start = Clock::now();
  if (!part.entries.empty())
    writer.commit();
  folder.finish(shard, part);
  stream.count_writing(start);
  return part.census;
}

std::vector<const PlannedClip*> clips_of(const Plan& plan,
                                         const std::vector<std::int64_t>& shards) {
  std::vector<const PlannedClip*> clips;
  for (const std::int64_t shard : shards) {
    const auto [first, last] = plan.clips_of(shard);
    for (std::size_t i = first; i < last; ++i)
      clips.push_back(&plan.clips[i]);
  }
  return clips;
}

/// The shards of the part, those kept from an earlier run and those made now.
void build_shards(const Plan& plan,
                  const PrepareConfig& config,
                  const PrepareFolder& folder,
                  PrepareReport& report) {
  std::vector<std::int64_t> shards;
  for (std::int64_t shard = 0; shard < plan.shards(); ++shard) {
    if (!config.part.holds(shard))
      continue;
    ++report.shards;
    if (const std::optional<Census> census = folder.finished(shard))
      report.census += *census;
    else
      shards.push_back(shard);
  }
  report.shards_kept = report.shards - std::ssize(shards);
  if (shards.empty())
    return;
  CountedStream stream(clips_of(plan, shards), config);
  for (const std::int64_t shard : shards)
    report.census += build_shard(shard, plan, folder, stream);
  report.times = stream.times();
}

void warn_of_missing(const Plan& plan, const PrepareConfig& config) {
  if (!plan.missing.empty())
    log::warn("{}: {} of the listed clips are not in {}, such as {}",
              plan.splits,
              plan.missing.size(),
              config.root.string(),
              plan.missing.front());
}

}  // namespace

ReadingTimes& ReadingTimes::operator+=(const ReadingTimes& other) {
  decode += other.decode;
  faces += other.faces;
  crop += other.crop;
  jpeg += other.jpeg;
  sound += other.sound;
  frames += other.frames;
  return *this;
}

double ReadingTimes::frames_per_second() const {
  return wall > 0 ? static_cast<double>(frames) / wall : 0;
}

PrepareReport prepare(const PrepareConfig& config) {
  const Plan plan = make_plan(config);
  warn_of_missing(plan, config);
  const PrepareFolder folder = PrepareFolder::begin(config.out, plan_lines(plan, config));
  PrepareReport report;
  report.part = config.part;
  report.out = config.out;
  report.left_out = plan.left_out;
  report.missing = plan.missing;
  report.remarks = plan.remarks;
  if (!config.part.whole())
    folder.begin_part(config.part);
  build_shards(plan, config, folder, report);
  if (config.part.whole())
    report.census = folder.join();
  return report;
}

PrepareReport merge(const std::filesystem::path& out) {
  const PrepareFolder folder = PrepareFolder::open(out);
  PrepareReport report;
  report.out = out;
  report.census = folder.join();
  report.shards = report.shards_kept = folder.shards();
  return report;
}

void require_few_rejects(const PrepareReport& report, double most) {
  const Census& census = report.census;
  require(census.total().clips > 0 && census.rejected_share() <= most,
          ErrorKind::kData,
          "{}: expected at most {:.4g} % of the clips to be rejected (--max-bad), found {} of {}, "
          "{:.3g} %; rejects.jsonl there says why, and what could be used is kept",
          report.out.string(),
          100 * most,
          census.rejected(),
          census.rejected() + census.total().clips,
          100 * census.rejected_share());
}

}  // namespace lipsound2::corpora
