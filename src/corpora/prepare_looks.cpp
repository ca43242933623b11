#include "prepare_looks.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <future>

#include "lipsound2/core/error.h"
#include "lipsound2/core/progress.h"
#include "lipsound2/core/random.h"
#include "lipsound2/video/media_look.h"

#include "clip_stream.h"
#include "prepare_text.h"

namespace lipsound2::corpora {
namespace {

constexpr float kInaudible = 1e-3F;  // -60 dB, as video::FaceClipReader has it
constexpr std::size_t kPiece = 1 << 20;

/// The numbers of all clips that one thread looked at, and the maps that need no order.
struct Looks {
  LookCensus sum;
  std::vector<float> length, sound_start, sound_end, rms, peak;
  std::vector<std::pair<std::uint64_t, std::size_t>> contents;  ///< hash and number of the clip
};

/// A hash of all bytes.
std::uint64_t content_hash(const video::MediaFile& file) {
  if (file.bytes)
    return hash(*file.bytes);
  std::ifstream stream(file.path, std::ios::binary);
  require(stream.is_open(), ErrorKind::kIo, "{}: cannot read", file.string());
  std::string piece(kPiece, '\0');
  std::uint64_t state = 0;
  while (stream.read(piece.data(), std::ssize(piece)), stream.gcount() > 0)
    state = mix({state, hash({piece.data(), static_cast<std::size_t>(stream.gcount())})});
  require(!stream.bad(), ErrorKind::kIo, "{}: cannot read", file.string());
  return state;
}

float decibels(float level) {
  return 20 * std::log10(std::max(level, 1e-5F));
}

void count_look(const video::MediaLook& look, Looks& looks) {
  LookCensus& sum = looks.sum;
  ++sum.clips;
  sum.seconds += look.picture_seconds;
  const std::string codecs = look.sound_codec.empty() ? "no sound" : look.sound_codec;
  ++sum.containers[fmt::format("{}: {}, {}", look.container, look.picture_codec, codecs)];
  ++sum.sizes[fmt::format("{} x {}", look.width, look.height)];
  ++sum.frame_rates[fmt::format("{:.5g} pictures/s", look.fps)];
  if (look.picture_seconds > 0)
    looks.length.push_back(static_cast<float>(look.picture_seconds));
  if (look.sound_seconds <= 0) {
    ++sum.mute;
    return;
  }
  ++sum.sounds[fmt::format("{} Hz, {}", look.sound_rate, counted(look.sound_channels, "channel"))];
  const double late = look.sound_start - look.picture_start;
  looks.sound_start.push_back(static_cast<float>(late));
  if (look.picture_seconds > 0)
    looks.sound_end.push_back(static_cast<float>(late + look.sound_seconds - look.picture_seconds));
  looks.rms.push_back(decibels(look.rms));
  looks.peak.push_back(decibels(look.peak));
  sum.clipped += look.clipped > 0;
  sum.silent += look.peak <= kInaudible;
}

void look_at_clip(const SourceClip& clip, std::size_t number, Looks& looks) {
  if (!clip.fault.empty()) {
    ++looks.sum.faults[kind_of(clip.fault)];
    return;
  }
  try {
    const video::Footage footage = footage_of(clip);
    count_look(video::look_at(footage), looks);
    if (!clip.part)
      looks.contents.emplace_back(content_hash(footage.video), number);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData)
      throw;
    ++looks.sum.faults[kind_of(reason_of(error, clip))];
  }
}

void add_looks(Looks& all, Looks&& more) {
  LookCensus& sum = all.sum;
  sum.clips += more.sum.clips;
  sum.seconds += more.sum.seconds;
  sum.clipped += more.sum.clipped;
  sum.silent += more.sum.silent;
  sum.mute += more.sum.mute;
  for (const auto member : {&LookCensus::containers,
                            &LookCensus::sizes,
                            &LookCensus::frame_rates,
                            &LookCensus::sounds,
                            &LookCensus::faults})
    for (const auto& [kind, clips] : more.sum.*member)
      (sum.*member)[kind] += clips;
  for (const auto member :
       {&Looks::length, &Looks::sound_start, &Looks::sound_end, &Looks::rms, &Looks::peak})
    (all.*member).insert((all.*member).end(), (more.*member).begin(), (more.*member).end());
  all.contents.insert(all.contents.end(), more.contents.begin(), more.contents.end());
}

Spread spread_of(std::vector<float>& values) {
  if (values.empty())
    return {};
  std::ranges::sort(values);
  return {.least = values.front(), .median = values[values.size() / 2], .most = values.back()};
}

/// Looks at clips in several threads, each taking the next one that nobody has.
class LookingThreads {
 public:
  LookingThreads(const Plan& plan, std::int64_t jobs) : plan_(plan) {
    for (std::int64_t i = 0; i < jobs; ++i)
      threads_.push_back(std::async(std::launch::async, [this] { return work(); }));
  }

  Looks finish() {
    using namespace std::chrono_literals;
    Progress progress("look", std::ssize(plan_.clips), "clips");
    Looks all;
    for (std::future<Looks>& thread : threads_) {
      while (thread.wait_for(100ms) != std::future_status::ready)
        progress.update(std::min<std::int64_t>(next_, std::ssize(plan_.clips)));
      add_looks(all, thread.get());
    }
    return all;
  }

 private:
  Looks work() {
    Looks looks;
    try {
      for (std::size_t i = next_++; i < plan_.clips.size(); i = next_++)
        look_at_clip(plan_.clips[i].source, i, looks);
    } catch (...) {
      next_ = plan_.clips.size();  // the others need not go on
      throw;
    }
    return looks;
  }

  const Plan& plan_;
  std::atomic<std::size_t> next_ = 0;
  std::vector<std::future<Looks>> threads_;
};

}  // namespace

LookCensus look_at_clips(const Plan& plan, std::int64_t jobs) {
  Looks looks = LookingThreads(plan, jobs).finish();
  looks.sum.length = spread_of(looks.length);
  looks.sum.sound_start = spread_of(looks.sound_start);
  looks.sum.sound_end = spread_of(looks.sound_end);
  looks.sum.rms = spread_of(looks.rms);
  looks.sum.peak = spread_of(looks.peak);
  std::ranges::sort(looks.contents);
  for (std::size_t i = 1; i < looks.contents.size(); ++i)
    if (looks.contents[i].first == looks.contents[i - 1].first)
      looks.sum.duplicates.emplace_back(plan.clips[looks.contents[i - 1].second].source.id,
                                        plan.clips[looks.contents[i].second].source.id);
  return looks.sum;
}

}  // namespace lipsound2::corpora
