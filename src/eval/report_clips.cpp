#include "report_clips.h"

#include <fmt/format.h>

#include "lipsound2/audio/sound_file.h"

#include "html.h"
#include "plot_axes.h"

namespace lipsound2::eval {
namespace {

std::string sound_figure(const ReportSound& sound, const std::string& id) {
  return fmt::format(
      "<figure>\n<figcaption>{0}</figcaption>\n<audio controls preload=\"metadata\" "
      "aria-label=\"{0}, {1}\" src=\"data:audio/wav;base64,{2}\"></audio>\n</figure>\n",
      escaped(sound.label),
      escaped(id),
      base64(audio::encode_wav(sound.sound)));
}

/// What a picture shows, for those who do not see it.
std::string picture_text(const ReportPicture& picture, const std::string& id) {
  return fmt::format("{}, {}; {} {:.4g} to {:.4g} to the right, {} {:.4g} to {:.4g} upward",
                     picture.caption,
                     id,
                     picture.x.label,
                     picture.x.low,
                     picture.x.high,
                     picture.y.label,
                     picture.y.low,
                     picture.y.high);
}

std::string picture_figure(const ReportPicture& picture, const std::string& id) {
  const PlotFrame frame{.x = picture.x, .y = picture.y, .top = 22, .bottom = 152};
  const std::string image = fmt::format(
      "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" "
      "href=\"data:image/png;base64,{}\"/>\n",
      kPlotLeft,
      frame.top,
      kPlotRight - kPlotLeft,
      frame.bottom - frame.top,
      base64(picture.png));
  return fmt::format("<figure>\n<figcaption>{}</figcaption>\n{}</figure>\n",
                     escaped(picture.caption),
                     drawing(picture_text(picture, id), /*height=*/188, image + draw_axes(frame)));
}

std::string scores_text(const ClipScores& clip, const std::vector<std::string>& metrics) {
  std::string text;
  for (const std::string& metric : metrics)
    if (const auto score = clip.scores.find(metric); score != clip.scores.end())
      text += fmt::format(
          "{}{} {}", text.empty() ? "" : ", ", metric, score_text(metric, score->second));
  return text;
}

std::string clip_part(const ReportClip& clip, const std::vector<std::string>& metrics) {
  std::string sounds, pictures;
  for (const ReportSound& sound : clip.sounds)
    sounds += sound_figure(sound, clip.scores.id);
  for (const ReportPicture& picture : clip.pictures)
    pictures += picture_figure(picture, clip.scores.id);
  return fmt::format(
      "<div class=\"clip\">\n<h3>{}</h3>\n<p><strong>{}</strong> {}<br>"
      "<span class=\"note\">{}</span></p>\n"
      "<div class=\"grid\">\n{}</div>\n<div class=\"grid\">\n{}</div>\n</div>\n",
      escaped(clip.rank),
      escaped(clip.scores.id),
      clip.text.empty() ? "" : fmt::format("<q>{}</q>", escaped(clip.text)),
      escaped(scores_text(clip.scores, metrics)),
      sounds,
      pictures);
}

}  // namespace

std::string clips_section(const Report& report) {
  if (report.clips.empty())
    return "";
  std::string parts =
      "<p class=\"note\">In the pictures dark is low and bright is high; both mel spectrograms of "
      "a clip share one scale.</p>\n";
  for (const ReportClip& clip : report.clips)
    parts += clip_part(clip, report.scores.metrics);
  return section("Best, median and worst clip", parts);
}

}  // namespace lipsound2::eval
