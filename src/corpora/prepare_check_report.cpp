#include <cmath>
#include <cstdlib>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "lipsound2/corpora/prepare_check.h"

#include "prepare_census.h"
#include "prepare_text.h"

namespace lipsound2::corpora {
namespace {

using Json = nlohmann::ordered_json;

std::string bytes_text(double bytes) {
  return bytes < 1e9 ? fmt::format("{:.3g} MB", bytes / 1e6)
                     : fmt::format("{:.3g} GB", bytes / 1e9);
}

/// What follows "33 speakers".
std::string shared_text(const CheckReport& report) {
  const std::vector<std::string> shared = report.shared_speakers();
  if (shared.empty())
    return report.splits.size() > 1 ? ", none of them in more than one split" : "";
  if (shared.size() == report.speakers.size())
    return shared.size() == 1 ? ", in more than one split"
                              : ", each of them in more than one split";
  if (shared.size() == 1)
    return fmt::format(", {} in more than one split", shared[0]);
  return fmt::format(", {} of them in more than one split, such as {}", shared.size(), shared[0]);
}

/// "-22 to 5", or "3" where all are the same.
std::string range_text(const std::string& least, const std::string& most) {
  return least == most ? least : least + " to " + most;
}

std::string plan_part(const CheckReport& report) {
  std::string text = fmt::format("looked at {} of {} in {}; nothing was written\n",
                                 counted(report.clips, "clip"),
                                 report.config.corpus,
                                 report.config.root.string());
  std::vector<std::string> splits;
  for (const char* split : {"train", "valid", "test"})
    if (const auto found = report.splits.find(split); found != report.splits.end())
      splits.push_back(fmt::format("{} {}", split, found->second));
  text += fmt::format("splits: {}\n", fmt::join(splits, ", "));
  text += speakers_text(report.speakers) + shared_text(report) + "\n";
  text += speaker_rows(report.speakers);
  if (report.left_out > 0)
    text += fmt::format("in no list, left out: {}\n", counted(report.left_out, "clip"));
  if (!report.missing.empty())
    text += fmt::format("in a list, not found: {}\n", examples_text(report.missing));
  if (report.without_text > 0)
    text += fmt::format("without a transcript: {}\n", counted(report.without_text, "clip"));
  for (const std::string& remark : report.remarks)
    text += remark + "\n";
  return text + kinds_text("notes", report.notes);
}

/// Such as "sound begins" with what is told of it, in whole milliseconds after the pictures.
std::string delay_text(const std::string& what, const Spread& spread) {
  const auto milliseconds = [](double seconds) { return std::lround(1000 * seconds); };
  const long least = milliseconds(spread.least);
  const long most = milliseconds(spread.most);
  if (least == most)
    return least == 0 ? what + " with the pictures\n"
                      : fmt::format("{} {} ms {} the pictures\n",
                                    what,
                                    std::abs(least),
                                    least < 0 ? "before" : "after");
  return fmt::format("{} after the pictures by {} to {} ms, median {} ms (negative: before them)\n",
                     what,
                     least,
                     most,
                     milliseconds(spread.median));
}

std::string decibels_text(const Spread& spread) {
  const std::string least = fmt::format("{:.1f}", spread.least);
  const std::string most = fmt::format("{:.1f}", spread.most);
  const std::string median = least == most ? "" : fmt::format(", median {:.1f} dB", spread.median);
  return range_text(least, most) + " dB" + median;
}

std::string sound_part(const LookCensus& looks) {
  std::string text = kinds_text("sound", looks.sounds);
  if (looks.mute > 0)
    text += fmt::format("no sound: {}\n", counted(looks.mute, "clip"));
  if (looks.sounds.empty())
    return text;
  text += delay_text("sound begins", looks.sound_start) + delay_text("sound ends", looks.sound_end);
  text += fmt::format("loudness, of full scale: RMS {}; peak {}\n",
                      decibels_text(looks.rms),
                      decibels_text(looks.peak));
  text += fmt::format("  {} clipped (three samples at full scale), {} silent (below -60 dB)\n",
                      counted(looks.clipped, "clip"),
                      looks.silent);
  return text;
}

std::string length_text(const LookCensus& looks) {
  const std::string least = fmt::format("{:.2f}", looks.length.least);
  const std::string most = fmt::format("{:.2f}", looks.length.most);
  const std::string median =
      least == most ? "" : fmt::format(", median {:.2f} s", looks.length.median);
  return fmt::format(
      "length: {} s{}; {} in all\n", range_text(least, most), median, time_text(looks.seconds));
}

std::string look_part(const LookCensus& looks) {
  std::string text = kinds_text("containers", looks.containers) +
                     kinds_text("pictures", looks.sizes) +
                     kinds_text("frame rates", looks.frame_rates);
  if (looks.seconds > 0)
    text += length_text(looks);
  text += sound_part(looks);
  if (looks.duplicates.empty())
    text += "equal files: none\n";
  else
    text += fmt::format("equal files: {}, such as {} and {}\n",
                        counted(std::ssize(looks.duplicates), "pair"),
                        looks.duplicates.front().first,
                        looks.duplicates.front().second);
  return text + kinds_text("cannot be used, at a look", looks.faults);
}

std::string trial_part(const CheckReport& report) {
  const Census& census = report.trial.census;
  return fmt::format("tried {} in full, {} of them would be rejected\n",
                     counted(report.trial.clips, "clip"),
                     census.rejected()) +
         kinds_text("  reasons", census.rejects) + kinds_text("  notes", census.notes) +
         times_text(report.trial.times);
}

std::string outlook(const CheckReport& report) {
  if (!report.conflict.empty())
    return "prepare would refuse: " + report.conflict + "\n";
  std::string text = fmt::format("prepare would write {}", counted(report.shards, "shard"));
  if (report.shards_finished > 0)
    text += fmt::format(" ({} finished)", report.shards_finished);
  const auto bytes = report.expected_bytes();
  const auto seconds = report.expected_seconds();
  if (bytes && seconds)
    text += fmt::format(", about {} in about {} with --jobs {}",
                        bytes_text(*bytes),
                        time_text(std::max(1.0, *seconds)),
                        report.config.jobs);
  text += "\n";
  if (report.free_bytes)
    text += fmt::format(
        "free at {}: {}{}\n",
        report.config.out.string(),
        bytes_text(static_cast<double>(*report.free_bytes)),
        bytes && *bytes > static_cast<double>(*report.free_bytes) ? ", which is not enough" : "");
  return text;
}

Json as_json(const Spread& spread) {
  return {{"least", spread.least}, {"median", spread.median}, {"most", spread.most}};
}

Json as_json(const LookCensus& looks) {
  Json duplicates = Json::array();
  for (const auto& [first, second] : looks.duplicates)
    duplicates.push_back({first, second});
  return {{"clips", looks.clips},
          {"seconds", looks.seconds},
          {"containers", looks.containers},
          {"sizes", looks.sizes},
          {"frame_rates", looks.frame_rates},
          {"sounds", looks.sounds},
          {"length", as_json(looks.length)},
          {"sound_start", as_json(looks.sound_start)},
          {"sound_end", as_json(looks.sound_end)},
          {"rms_db", as_json(looks.rms)},
          {"peak_db", as_json(looks.peak)},
          {"clipped", looks.clipped},
          {"silent", looks.silent},
          {"without_sound", looks.mute},
          {"equal_files", duplicates},
          {"faults", looks.faults}};
}

}  // namespace

std::string to_text(const CheckReport& report) {
  return plan_part(report) + look_part(report.looks) + trial_part(report) + outlook(report);
}

std::string to_json(const CheckReport& report) {
  Json json{{"clips", report.clips},
            {"splits", report.splits},
            {"shared_speakers", report.shared_speakers()},
            {"left_out", report.left_out},
            {"missing", report.missing},
            {"remarks", report.remarks},
            {"without_text", report.without_text},
            {"notes", report.notes}};
  for (const auto& [name, speaker] : report.speakers)
    json["speakers"][name] = {{"sex", speaker.sex}, {"clips", speaker.clips}};
  json["looks"] = as_json(report.looks);
  json["tried"] = to_json(report.trial.census);
  json["shards"] = report.shards;
  json["shards_finished"] = report.shards_finished;
  json["conflict"] = report.conflict;
  if (const auto bytes = report.expected_bytes())
    json["expected_bytes"] = *bytes;
  if (const auto seconds = report.expected_seconds())
    json["expected_seconds"] = *seconds;
  if (report.free_bytes)
    json["free_bytes"] = *report.free_bytes;
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace lipsound2::corpora
