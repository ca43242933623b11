#include "lipsound2/corpora/prepare_check.h"

#include <algorithm>
#include <chrono>

#include "lipsound2/core/error.h"

#include "clip_stream.h"
#include "prepare_folder.h"
#include "prepare_looks.h"
#include "prepare_plan.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTried = 100;
/// Of the tar headers and the JSON that a clip has in a shard.
constexpr std::int64_t kOverhead = 4096;

std::int64_t stored_bytes(const data::StoredClip& clip) {
  std::int64_t bytes = kOverhead + std::ssize(clip.flac);
  for (const std::string& face : clip.faces)
    bytes += std::ssize(face);
  return bytes;
}

/// Evenly spaced over the plan.
std::vector<const PlannedClip*> clips_to_try(const Plan& plan) {
  const std::size_t count = std::min(kTried, plan.clips.size());
  std::vector<const PlannedClip*> clips;
  for (std::size_t i = 0; i < count; ++i)
    clips.push_back(&plan.clips[i * plan.clips.size() / count]);
  return clips;
}

Trial try_clips(const Plan& plan, const PrepareConfig& config) {
  const std::vector<const PlannedClip*> clips = clips_to_try(plan);
  Trial trial;
  trial.clips = std::ssize(clips);
  const auto start = std::chrono::steady_clock::now();
  ClipStream stream(clips, config.jobs, config.face);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const ReadClip clip = stream.next();
    trial.times += clip.times;
    count_read(clip, trial.census);
    trial.bytes += clip.reason.empty() ? stored_bytes(clip.stored) : 0;
  }
  trial.times.threads = config.jobs;
  trial.times.wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return trial;
}

void count_plan(const Plan& plan, CheckReport& report) {
  report.clips = std::ssize(plan.clips);
  report.left_out = plan.left_out;
  report.missing = plan.missing;
  report.remarks = plan.remarks;
  report.shards = plan.shards();
  for (const PlannedClip& clip : plan.clips) {
    ++report.splits[clip.split];
    SpeakerCount& speaker = report.speakers[clip.source.speaker];
    speaker.sex = name_of(clip.source.sex);
    ++speaker.clips[clip.split];
    report.without_text += clip.source.text.empty();
    if (!clip.source.note.empty())
      ++report.notes[kind_of(clip.source.note)];
  }
}

/// What is in `out` already, and how much there is room for.
void look_at_out(const Plan& plan, CheckReport& report) {
  if (report.config.out.empty())
    return;
  const fs::path out = fs::absolute(report.config.out);
  fs::path there = out;
  while (!fs::exists(there) && there != there.parent_path())
    there = there.parent_path();
  std::error_code unknown;
  if (const fs::space_info space = fs::space(there, unknown); !unknown)
    report.free_bytes = static_cast<std::int64_t>(space.available);
  if (!fs::exists(out / "plan.json"))
    return;
  try {
    const auto folder = PrepareFolder::resume(out, plan_lines(plan, report.config));
    for (std::int64_t shard = 0; shard < plan.shards(); ++shard)
      report.shards_finished += folder.finished(shard).has_value();
  } catch (const Error& error) {
    report.conflict = error.what();
  }
}

}  // namespace

std::vector<std::string> CheckReport::shared_speakers() const {
  std::vector<std::string> shared;
  for (const auto& [name, speaker] : speakers)
    if (speaker.clips.size() > 1)
      shared.push_back(name);
  return shared;
}

std::optional<double> CheckReport::expected_bytes() const {
  if (trial.bytes == 0)
    return std::nullopt;
  return static_cast<double>(trial.bytes) / static_cast<double>(trial.clips) *
         static_cast<double>(clips);
}

std::optional<double> CheckReport::expected_seconds() const {
  if (trial.bytes == 0)
    return std::nullopt;
  const double left = static_cast<double>(shards - shards_finished) / static_cast<double>(shards);
  return left * trial.times.wall * static_cast<double>(clips) / static_cast<double>(trial.clips);
}

CheckReport check(const PrepareConfig& config) {
  const Plan plan = make_plan(config);
  CheckReport report;
  report.config = config;
  count_plan(plan, report);
  look_at_out(plan, report);
  report.looks = look_at_clips(plan, config.jobs);
  report.trial = try_clips(plan, config);
  return report;
}

}  // namespace lipsound2::corpora
