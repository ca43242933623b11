#include "lipsound2/eval/report.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "lipsound2/audio/sound_file.h"

namespace lipsound2::eval {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #667085; --back: #f5f6f8; --card: #ffffff;
        --text: #1b1f27; --accent: #2f5fb3; --bad: #b3402f; }
@media (prefers-color-scheme: dark) {
  :root { --line: #343a46; --soft: #98a2b3; --back: #14171c; --card: #1c2027; --text: #e6e8ec;
          --accent: #8ab0f5; --bad: #f0958a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text);
       font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.15rem; margin: 0 0 .75rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
          padding: 1rem; margin: 0 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; text-align: right; border-bottom: 1px solid var(--line);
         white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 6rem; }
th { color: var(--soft); font-weight: 600; }
tr:last-child td { border-bottom: 0; }
.mean { font-weight: 700; color: var(--accent); }
.failure { color: var(--bad); text-align: left; white-space: normal; }
.note, figcaption { color: var(--soft); }
.clip { padding: .6rem 0; border-top: 1px solid var(--line); }
.clip:first-of-type { border-top: 0; }
.clip p { margin: 0 0 .3rem; overflow-wrap: anywhere; }
.sounds { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .5rem 1rem; }
.sounds label { display: block; color: var(--soft); font-size: .9rem; }
audio { width: 100%; height: 2.4rem; }
figure { margin: 0 0 1rem; }
img { max-width: 100%; height: auto; border-radius: .3rem; }
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

/// RFC 4648, section 4.
std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string facts_section(const Report& report) {
  if (report.facts.empty())
    return "";
  std::string rows;
  for (const auto& [name, value] : report.facts)
    rows += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value));
  return fmt::format("<section>\n<dl>\n{}</dl>\n</section>\n", rows);
}

std::string means_section(const ScoreTable& scores) {
  if (scores.metrics.empty())
    return "";
  std::string rows;
  for (const std::string& metric : scores.metrics) {
    const Summary summary = summarize(scores, metric);
    const auto variant = scores.variants.find(metric);
    rows += fmt::format(
        "<tr><td>{}{}</td><td class=\"mean\">{}</td><td>{} to {}</td><td>{}</td><td>{}</td></tr>\n",
        escaped(metric),
        variant == scores.variants.end()
            ? ""
            : fmt::format("<br><span class=\"note\">{}</span>", escaped(variant->second)),
        score_text(metric, summary.mean),
        score_text(metric, summary.low),
        score_text(metric, summary.high),
        summary.scored,
        summary.failed);
  }
  return fmt::format(
      "<section>\n<h2>Scores</h2>\n<div class=\"wide\"><table>\n<tr><th>metric</th><th>mean</th>"
      "<th>95 % interval</th><th>scored</th><th>failed</th></tr>\n{}</table></div>\n</section>\n",
      rows);
}

std::string clip_row(const ClipScores& clip, const std::vector<std::string>& metrics) {
  std::string cells;
  for (const std::string& metric : metrics) {
    const auto score = clip.scores.find(metric);
    cells += fmt::format("<td>{}</td>",
                         score == clip.scores.end() ? "-" : score_text(metric, score->second));
  }
  return fmt::format("<tr><td>{}</td>{}<td class=\"failure\">{}</td></tr>\n",
                     escaped(clip.id),
                     cells,
                     escaped(clip.failure));
}

std::string clips_section(const ScoreTable& scores) {
  if (scores.clips.empty())
    return "";
  std::string head;
  for (const std::string& metric : scores.metrics)
    head += fmt::format("<th>{}</th>", escaped(metric));
  std::string rows;
  for (const ClipScores& clip : scores.clips)
    rows += clip_row(clip, scores.metrics);
  return fmt::format(
      "<section>\n<h2>Clips</h2>\n<div "
      "class=\"wide\"><table>\n<tr><th>clip</th>{}<th></th></tr>\n{}"
      "</table></div>\n</section>\n",
      head,
      rows);
}

std::string sounds_section(const Report& report) {
  if (report.clips.empty())
    return "";
  std::string clips;
  for (const ReportClip& clip : report.clips) {
    std::string sounds;
    for (const ReportSound& sound : clip.sounds)
      sounds += fmt::format(
          "<label>{}<audio controls preload=\"metadata\" src=\"data:audio/wav;base64,{}\">"
          "</audio></label>\n",
          escaped(sound.label),
          base64(audio::encode_wav(sound.sound)));
    clips += fmt::format(
        "<div class=\"clip\">\n<p><strong>{}</strong> <span class=\"note\">{}</span></p>\n"
        "<div class=\"sounds\">\n{}</div>\n</div>\n",
        escaped(clip.id),
        escaped(clip.note),
        sounds);
  }
  return fmt::format("<section>\n<h2>Listen</h2>\n{}</section>\n", clips);
}

std::string pictures_section(const Report& report) {
  if (report.pictures.empty())
    return "";
  std::string figures;
  for (const ReportPicture& picture : report.pictures)
    figures += fmt::format(
        "<figure>\n<img alt=\"{0}\" src=\"data:image/png;base64,{1}\">\n"
        "<figcaption>{0}</figcaption>\n</figure>\n",
        escaped(picture.caption),
        base64(picture.png));
  return fmt::format("<section>\n<h2>Pictures</h2>\n{}</section>\n", figures);
}

}  // namespace

std::string to_html(const Report& report) {
  const std::string title = escaped(report.title);
  return fmt::format(
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n",
             title,
             kStyle) +
         facts_section(report) + means_section(report.scores) + sounds_section(report) +
         pictures_section(report) + clips_section(report.scores) + "</main>\n</body>\n</html>\n";
}

}  // namespace lipsound2::eval
