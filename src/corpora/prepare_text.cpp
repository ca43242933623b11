#include "prepare_text.h"

#include <algorithm>
#include <vector>

#include <fmt/ranges.h>

namespace lipsound2::corpora {
namespace {

/// Longer lists are cut; the files have them whole.
constexpr std::size_t kRowsShown = 40;
constexpr std::ptrdiff_t kIdsShown = 5;

std::int64_t clips_in(const SpeakerCount& speaker, const char* split) {
  const auto found = speaker.clips.find(split);
  return found == speaker.clips.end() ? 0 : found->second;
}

std::int64_t clips_of(const SpeakerCount& speaker) {
  std::int64_t sum = 0;
  for (const auto& [split, clips] : speaker.clips)
    sum += clips;
  return sum;
}

std::string many_speakers(const std::map<std::string, SpeakerCount>& speakers) {
  std::vector<std::pair<std::int64_t, std::string>> rows;
  std::int64_t all = 0;
  for (const auto& [name, speaker] : speakers) {
    rows.emplace_back(clips_of(speaker), name);
    all += rows.back().first;
  }
  std::ranges::sort(rows);
  return fmt::format("clips by speaker: {:.1f} on average, {} at least ({}), {} at most ({})\n",
                     static_cast<double>(all) / static_cast<double>(rows.size()),
                     rows.front().first,
                     rows.front().second,
                     rows.back().first,
                     rows.back().second);
}

}  // namespace

std::string counted(std::int64_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string time_text(double seconds) {
  if (seconds < 120)
    return fmt::format("{:.0f} s", seconds);
  return seconds < 7200 ? fmt::format("{:.0f} min", seconds / 60)
                        : fmt::format("{:.1f} h", seconds / 3600);
}

std::string speakers_text(const std::map<std::string, SpeakerCount>& speakers) {
  std::map<std::string, std::int64_t> sexes;
  for (const auto& [name, speaker] : speakers)
    ++sexes[speaker.sex];
  const std::string text = counted(std::ssize(speakers), "speaker");
  if (sexes["m"] + sexes["f"] == 0)
    return text;
  const std::string unknown = sexes[""] > 0 ? fmt::format(", {} unknown", sexes[""]) : "";
  return text + fmt::format(" ({} male, {} female{})", sexes["m"], sexes["f"], unknown);
}

std::string kinds_text(const std::string& title, const std::map<std::string, std::int64_t>& kinds) {
  std::vector<std::pair<std::string, std::int64_t>> rows(kinds.begin(), kinds.end());
  std::ranges::stable_sort(
      rows, std::ranges::greater(), &std::pair<std::string, std::int64_t>::second);
  std::string text = rows.empty() ? "" : title + ":\n";
  for (std::size_t i = 0; i < std::min(rows.size(), kRowsShown); ++i)
    text += fmt::format("{:>9}  {}\n", rows[i].second, rows[i].first);
  if (rows.size() > kRowsShown)
    text += fmt::format("           and {} more\n", rows.size() - kRowsShown);
  return text;
}

std::string speaker_rows(const std::map<std::string, SpeakerCount>& speakers) {
  if (speakers.empty())
    return "";
  if (speakers.size() > kRowsShown)
    return many_speakers(speakers);
  std::string text = "clips by speaker:  train   valid    test\n";
  for (const auto& [name, speaker] : speakers)
    text += fmt::format("  {:<14} {:>7} {:>7} {:>7}{}\n",
                        name.empty() ? "(unknown)" : name,
                        clips_in(speaker, "train"),
                        clips_in(speaker, "valid"),
                        clips_in(speaker, "test"),
                        speaker.sex.empty() ? "" : "  " + speaker.sex);
  return text;
}

std::string examples_text(const std::vector<std::string>& ids) {
  const std::ptrdiff_t shown = std::min(kIdsShown, std::ssize(ids));
  return fmt::format("{}, such as {}",
                     counted(std::ssize(ids), "clip"),
                     fmt::join(ids.begin(), ids.begin() + shown, ", "));
}

std::string times_text(const ReadingTimes& times) {
  const double available = times.wall * static_cast<double>(times.threads);
  if (available <= 0)
    return "";
  const double worked = times.decode + times.faces + times.crop + times.jpeg + times.sound;
  const auto share = [&](double seconds) { return 100 * std::max(0.0, seconds) / available; };
  return fmt::format(
      "read {} pictures in {:.1f} s with {}: {:.0f} pictures/s\n"
      "  decoding {:.0f} %, finding faces {:.0f} %, cropping {:.0f} %, JPEG {:.0f} %, sound {:.0f} "
      "%, waiting {:.0f} %; writing took {:.1f} s beside it\n",
      times.frames,
      times.wall,
      counted(times.threads, "thread"),
      times.frames_per_second(),
      share(times.decode),
      share(times.faces),
      share(times.crop),
      share(times.jpeg),
      share(times.sound),
      share(available - worked),
      times.write);
}

}  // namespace lipsound2::corpora
