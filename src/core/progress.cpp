#include "lipsound2/core/progress.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "lipsound2/core/log.h"

namespace lipsound2 {
namespace {

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                       : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

Progress::Progress(std::string title, std::int64_t total, std::string unit, std::int64_t done)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      first_(done),
      done_(done),
      terminal_(::isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

Progress::~Progress() {
  if (terminal_ && drawn_)
    std::fputc('\n', stderr);
}

void Progress::update(std::int64_t done, const std::string& note) {
  done_ = done;
  const auto now = std::chrono::steady_clock::now();
  const auto period = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (now - last_ < period && !(terminal_ && done_ == total_))
    return;
  last_ = now;
  draw(note);
}

void Progress::draw(const std::string& note) {
  const double seconds = std::chrono::duration<double>(last_ - start_).count();
  const double speed = seconds > 0 ? static_cast<double>(done_ - first_) / seconds : 0;
  const std::string left =
      total_ > 0 && speed > 0 ? clock_text(static_cast<double>(total_ - done_) / speed) : "?";
  const std::string count =
      total_ > 0 ? fmt::format("{}/{}", done_, total_) : fmt::format("{}", done_);
  const std::string text = fmt::format(
      "{} {} {}, {:.3g} {}/s, {} left  {}", title_, count, unit_, speed, unit_, left, note);
  if (!terminal_) {
    log::info("{}", text);
    return;
  }
  const int width = 24;
  const int full =
      total_ > 0 ? static_cast<int>(std::clamp<std::int64_t>(width * done_ / total_, 0, width)) : 0;
  fmt::print(
      stderr, "\r\033[K[{}{}] {}", std::string(full, '='), std::string(width - full, ' '), text);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace lipsound2
