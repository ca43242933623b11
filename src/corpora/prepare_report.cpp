#include <algorithm>

#include <fmt/ranges.h>

#include "lipsound2/corpora/prepare.h"

namespace lipsound2::corpora {
namespace {

/// Longer lists are cut; the files have them whole.
constexpr std::size_t kRowsShown = 40;
constexpr std::ptrdiff_t kIdsShown = 5;

std::string counted(std::int64_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string headline(const PrepareReport& report) {
  return fmt::format("{} {} of {} in {}: {}, {:.1f} s ({:.2f} h) of speech\n",
                     report.check ? "checked, nothing written:" : "prepared",
                     counted(report.total.clips, "clip"),
                     counted(std::ssize(report.speakers), "speaker"),
                     counted(report.shards, "shard"),
                     counted(report.total.frames, "picture"),
                     report.total.seconds,
                     report.total.seconds / 3600);
}

std::string split_rows(const PrepareReport& report) {
  std::string text;
  for (const char* split : {"train", "valid", "test"})
    if (const auto found = report.splits.find(split); found != report.splits.end())
      text += fmt::format("  {:<6} {:>8} clips {:>9} pictures {:>10.1f} s\n",
                          split,
                          found->second.clips,
                          found->second.frames,
                          found->second.seconds);
  return text;
}

std::int64_t count_in(const std::map<std::string, std::int64_t>& splits, const char* split) {
  const auto found = splits.find(split);
  return found == splits.end() ? 0 : found->second;
}

std::string speaker_rows(const PrepareReport& report) {
  std::string text = "clips by speaker (train, valid, test):\n";
  std::size_t shown = 0;
  for (const auto& [speaker, splits] : report.speakers) {
    if (++shown > kRowsShown)
      return text + fmt::format("  and {} more\n", report.speakers.size() - kRowsShown);
    text += fmt::format("  {:<8} {} {} {}\n",
                        speaker,
                        count_in(splits, "train"),
                        count_in(splits, "valid"),
                        count_in(splits, "test"));
  }
  return text;
}

/// The most frequent first.
std::string census(const std::string& title, const std::map<std::string, std::int64_t>& counts) {
  std::vector<std::pair<std::string, std::int64_t>> rows(counts.begin(), counts.end());
  std::ranges::stable_sort(
      rows, std::ranges::greater(), &std::pair<std::string, std::int64_t>::second);
  std::string text = rows.empty() ? "" : title + ":\n";
  for (std::size_t i = 0; i < std::min(rows.size(), kRowsShown); ++i)
    text += fmt::format("  {}: {}\n", rows[i].first, counted(rows[i].second, "clip"));
  if (rows.size() > kRowsShown)
    text += fmt::format("  and {} more\n", rows.size() - kRowsShown);
  return text;
}

std::string list_faults(const PrepareReport& report) {
  std::string text;
  if (report.left_out > 0)
    text +=
        fmt::format("left out because no list names them: {}\n", counted(report.left_out, "clip"));
  const std::ptrdiff_t shown = std::min(kIdsShown, std::ssize(report.missing));
  if (shown > 0)
    text += fmt::format("listed but not found: {}, such as {}\n",
                        counted(std::ssize(report.missing), "clip"),
                        fmt::join(report.missing.begin(), report.missing.begin() + shown, ", "));
  return text;
}

std::string speed(const PrepareReport& report) {
  std::string text;
  if (report.shards_kept > 0)
    text += fmt::format("kept from an earlier run: {}\n", counted(report.shards_kept, "shard"));
  if (report.read_seconds > 0)
    text += fmt::format("read {} pictures in {:.1f} s: {:.0f} pictures/s\n",
                        report.frames_read,
                        report.read_seconds,
                        static_cast<double>(report.frames_read) / report.read_seconds);
  return text;
}

}  // namespace

std::int64_t PrepareReport::rejected() const {
  std::int64_t sum = 0;
  for (const auto& [reason, clips] : rejects)
    sum += clips;
  return sum;
}

std::string to_text(const PrepareReport& report) {
  return headline(report) + split_rows(report) + speaker_rows(report) +
         census("stored as", report.formats) + census("notes", report.notes) +
         census(fmt::format("rejected, {} in all", report.rejected()), report.rejects) +
         list_faults(report) + speed(report);
}

}  // namespace lipsound2::corpora
