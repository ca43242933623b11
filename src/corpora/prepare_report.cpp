#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lipsound2/corpora/prepare.h"

#include "prepare_census.h"
#include "prepare_text.h"

namespace lipsound2::corpora {
namespace {

std::string headline(const PrepareReport& report) {
  const ClipCount total = report.census.total();
  const std::string done = report.part.whole() ? "prepared" : "part " + report.part.name() + ":";
  if (report.shards == 0)
    return done + " nothing to do, there are fewer shards than parts\n";
  if (total.clips == 0)
    return done + " nothing, as no clip could be used\n";
  return fmt::format("{} {} of {} in {}: {}, {}\n",
                     done,
                     counted(total.clips, "clip"),
                     speakers_text(report.census.speakers),
                     counted(report.shards, "shard"),
                     counted(total.frames, "picture"),
                     time_text(total.seconds));
}

std::string split_rows(const Census& census) {
  std::string text;
  for (const char* split : {"train", "valid", "test"})
    if (const auto found = census.splits.find(split); found != census.splits.end())
      text += fmt::format("  {:<6} {:>8} {:<5} {:>10} pictures {:>9}\n",
                          split,
                          found->second.clips,
                          found->second.clips == 1 ? "clip" : "clips",
                          found->second.frames,
                          time_text(found->second.seconds));
  return text;
}

std::string reject_rows(const PrepareReport& report) {
  const Census& census = report.census;
  const std::string where = report.part.whole() ? ", each with its file in rejects.jsonl" : "";
  return kinds_text(fmt::format("rejected {} of {} clips ({:.3g} %){}",
                                census.rejected(),
                                census.rejected() + census.total().clips,
                                100 * census.rejected_share(),
                                where),
                    census.rejects);
}

std::string plan_rows(const PrepareReport& report) {
  std::string text;
  if (report.left_out > 0)
    text += fmt::format("in no list, left out: {}\n", counted(report.left_out, "clip"));
  if (!report.missing.empty())
    text += fmt::format("in a list, not found: {}\n", examples_text(report.missing));
  for (const std::string& remark : report.remarks)
    text += remark + "\n";
  return text;
}

std::string next_step(const PrepareReport& report) {
  if (report.part.whole())
    return "";
  return fmt::format("when all {} parts are done: lipsound2 prepare --merge --out {}\n",
                     report.part.count,
                     report.out.string());
}

}  // namespace

std::string to_text(const PrepareReport& report) {
  const std::string kept =
      report.shards_kept > 0
          ? fmt::format("found finished: {}\n", counted(report.shards_kept, "shard"))
          : "";
  return headline(report) + split_rows(report.census) + speaker_rows(report.census.speakers) +
         kinds_text("stored as", report.census.formats) + kinds_text("notes", report.census.notes) +
         reject_rows(report) + plan_rows(report) + kept + times_text(report.times) +
         next_step(report);
}

std::string to_json(const PrepareReport& report) {
  nlohmann::ordered_json json = to_json(report.census);
  json["pictures"] = report.census.total().frames;
  json["seconds"] = report.census.total().seconds;
  json["rejected_share"] = report.census.rejected_share();
  json["part"] = report.part.name();
  json["shards"] = report.shards;
  json["shards_kept"] = report.shards_kept;
  json["left_out"] = report.left_out;
  json["missing"] = report.missing;
  json["remarks"] = report.remarks;
  const ReadingTimes& times = report.times;
  json["times"] = {{"seconds", times.wall},
                   {"threads", times.threads},
                   {"pictures", times.frames},
                   {"pictures_per_second", times.frames_per_second()},
                   {"decode", times.decode},
                   {"faces", times.faces},
                   {"crop", times.crop},
                   {"jpeg", times.jpeg},
                   {"sound", times.sound},
                   {"write", times.write}};
  return json.dump(
      2, ' ', /*ensure_ascii=*/false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lipsound2::corpora
