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
      share_(share_of(done)),
      first_share_(total > 0 ? share_ : -1),
      terminal_(::isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

Progress::~Progress() {
  if (terminal_ && drawn_)
    std::fputc('\n', stderr);
}

double Progress::share_of(std::int64_t done) const {
  return total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 0;
}

void Progress::update(std::int64_t done, const std::string& note) {
  update(done, share_of(done), note);
}

void Progress::update(std::int64_t done, double share, const std::string& note) {
  done_ = done;
  share_ = std::clamp(share, 0.0, 1.0);
  if (first_share_ < 0)
    first_share_ = share_;
  const auto now = std::chrono::steady_clock::now();
  const auto period = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (now - last_ < period && !(terminal_ && share_ >= 1))
    return;
  last_ = now;
  draw(note);
}

void Progress::draw(const std::string& note) {
  const double seconds = std::chrono::duration<double>(last_ - start_).count();
  const double speed = seconds > 0 ? static_cast<double>(done_ - first_) / seconds : 0;
  const double gained = share_ - first_share_;
  const std::string left = gained > 0 ? clock_text(seconds * (1 - share_) / gained) : "?";
  const std::string count =
      total_ > 0 ? fmt::format("{}/{}", done_, total_) : fmt::format("{}", done_);
  const std::string text = fmt::format(
      "{} {} {}, {:.3g} {}/s, {} left  {}", title_, count, unit_, speed, unit_, left, note);
  if (!terminal_) {
    log::info("{}", text);
    return;
  }
  const int width = 24;
  const int full = static_cast<int>(width * share_);
  fmt::print(
      stderr, "\r\033[K[{}{}] {}", std::string(full, '='), std::string(width - full, ' '), text);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace lipsound2
