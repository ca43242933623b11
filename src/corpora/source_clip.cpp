#include "lipsound2/corpora/source_clip.h"

namespace lipsound2::corpora {

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
  return path;
}

video::Footage footage_of(const SourceClip& clip) {
  return {.video = clip.video.path, .sound = clip.sound.path, .part = clip.part};
}

}  // namespace lipsound2::corpora
