#include "lipsound2/corpora/source_clip.h"

#include "lipsound2/core/file.h"

#include "archive.h"

namespace lipsound2::corpora {
namespace {

video::MediaFile media_of(const SourceFile& file) {
  if (!file.archive)
    return {file.path};
  return {file.name(), std::make_shared<const std::string>(file.read())};
}

}  // namespace

std::string_view name_of(Sex sex) {
  return sex == Sex::kMale ? "m" : sex == Sex::kFemale ? "f" : "";
}

std::string_view name_of(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kValid:
      return "valid";
    case Split::kTest:
      return "test";
    case Split::kNone:
      break;
  }
  return "";
}

std::string SourceFile::name() const {
  return archive ? archive->name() + ": " + path : path;
}

std::string SourceFile::read() const {
  return archive ? archive->read(path) : read_file(path);
}

video::Footage footage_of(const SourceClip& clip) {
  return {.video = media_of(clip.video), .sound = media_of(clip.sound), .part = clip.part};
}

}  // namespace lipsound2::corpora
