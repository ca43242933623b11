#include "clip_stream.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/ranges.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/cpu_timer.h"
#include "lipsound2/core/error.h"
#include "lipsound2/data/jpeg.h"

#include "prepare_text.h"

namespace lipsound2::corpora {
namespace {

std::string format_of(const video::MediaFacts& facts) {
  return fmt::format("{} x {} at {:.5g} fps, {} Hz, {}",
                     facts.width,
                     facts.height,
                     facts.fps,
                     facts.sound_rate,
                     counted(facts.sound_channels, "channel"));
}

data::Picture to_picture(video::Image& image) {
  return {.width = image.width,
          .height = image.height,
          .channels = image.channels,
          .pixels = std::move(image.pixels)};
}

void fill(ReadClip& clip, video::FaceClip read, const video::FaceClipConfig& config) {
  clip.entry.frames = std::ssize(read.faces);
  clip.entry.fps = config.fps;
  clip.entry.samples = std::ssize(read.sound.samples);
  clip.entry.rate = read.sound.rate;
  std::ranges::move(read.facts.notes, std::back_inserter(clip.notes));
  clip.entry.note = fmt::format("{}", fmt::join(clip.notes, "; "));
  clip.format = format_of(read.facts);
  CpuTimer timer;
  for (video::Image& face : read.faces)
    clip.stored.faces.push_back(data::encode_jpeg(to_picture(face), data::kFaceQuality));
  clip.times.jpeg = timer.lap();
  clip.stored.flac = audio::encode_flac(read.sound);
  clip.times.decode = read.times.decode;
  clip.times.faces = read.times.faces;
  clip.times.crop = read.times.crop;
  clip.times.sound = read.times.sound + timer.lap();
  clip.times.frames = clip.entry.frames;
}

ReadClip read_planned(const PlannedClip& planned,
                      const video::FaceClipConfig& config,
                      video::FaceClipReader& reader) {
  const SourceClip& source = planned.source;
  ReadClip clip;
  clip.entry.id = clip.stored.id = source.id;
  clip.entry.speaker = source.speaker;
  clip.entry.sex = name_of(source.sex);
  clip.entry.split = planned.split;
  clip.entry.text = source.text;
  if (!source.note.empty())
    clip.notes.push_back(source.note);
  clip.reason = source.fault;
  if (!clip.reason.empty())
    return clip;
  try {
    fill(clip, reader.read(footage_of(source)), config);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData)
      throw;
    clip.reason = reason_of(error, source);
  }
  return clip;
}

}  // namespace

void count_read(const ReadClip& clip, Census& census) {
  if (!clip.reason.empty()) {
    ++census.rejects[kind_of(clip.reason)];
    return;
  }
  const data::ManifestEntry& entry = clip.entry;
  census.splits[entry.split] +=
      {.clips = 1,
       .frames = entry.frames,
       .seconds = static_cast<double>(entry.samples) / static_cast<double>(entry.rate)};
  SpeakerCount& speaker = census.speakers[entry.speaker];
  speaker.sex = entry.sex;
  ++speaker.clips[entry.split];
  ++census.formats[clip.format];
  for (const std::string& note : clip.notes)
    ++census.notes[kind_of(note)];
}

/// rejects.jsonl holds the video's name for itself; that of the sound file would keep equal reasons
/// apart.
std::string reason_of(const Error& error, const SourceClip& clip) {
  const std::string message = error.what();
  const std::string video = clip.video.name() + ": ";
  const std::string sound = clip.sound.name() + ": ";
  if (message.starts_with(video))
    return message.substr(video.size());
  return message.starts_with(sound) ? "sound file, " + message.substr(sound.size()) : message;
}

ClipStream::ClipStream(std::vector<const PlannedClip*> clips,
                       std::int64_t jobs,
                       const video::FaceClipConfig& config)
    : clips_(std::move(clips)),
      config_(config),
      window_(static_cast<std::size_t>(2 * jobs + 2)),
      jobs_(window_) {
  for (std::int64_t i = 0; i < jobs; ++i)
    readers_.emplace_back(config_);
  for (video::FaceClipReader& reader : readers_)
    threads_.emplace_back([this, &reader] { work(reader); });
}

ClipStream::~ClipStream() {
  jobs_.close();
  for (std::thread& thread : threads_)
    thread.join();
}

void ClipStream::work(video::FaceClipReader& reader) {
  while (std::optional<Job> job = jobs_.pop())
    (*job)(reader);
}

ReadClip ClipStream::next() {
  while (asked_ < clips_.size() && coming_.size() < window_) {
    Job job([this, clip = clips_[asked_++]](video::FaceClipReader& reader) {
      return read_planned(*clip, config_, reader);
    });
    coming_.push_back(job.get_future());
    jobs_.push(std::move(job));
  }
  std::future<ReadClip> first = std::move(coming_.front());
  coming_.pop_front();
  return first.get();
}

}  // namespace lipsound2::corpora
