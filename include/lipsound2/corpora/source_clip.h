#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lipsound2/video/footage.h"

namespace lipsound2::corpora {

class Archive;

enum class Sex : std::uint8_t { kUnknown, kMale, kFemale };
enum class Split : std::uint8_t { kNone, kTrain, kValid, kTest };

/// "m", "f", and "" for unknown, as in a manifest.
std::string_view name_of(Sex sex);
/// "train", "valid", "test", and "" for none.
std::string_view name_of(Split split);

/// Where a file of a corpus lies.
struct SourceFile {
  std::string path;                        ///< on disk; with an archive, the name of the member
  std::shared_ptr<const Archive> archive;  ///< null: the file lies on disk

  bool empty() const { return path.empty(); }
  /// For messages: the path, or "vox2_test_mp4.zip: mp4/id00017/...".
  std::string name() const;
  /// All of it. Throws kIo or kData when it cannot be read.
  std::string read() const;
};

/// A clip of a corpus as it is distributed, in about 400 bytes (a clip of VoxCeleb2 with its id and
/// path; 1.1 million of them take 450 MB). Whoever needs many keeps only what he needs.
struct SourceClip {
  std::string id;  ///< such as "s1/bbaf2n"; unique in the corpus
  std::string speaker;
  std::string text;  ///< empty when there is no transcript
  SourceFile video;
  SourceFile sound;                 ///< begins with the clip; empty: the video's own track
  std::optional<video::Span> part;  ///< of a longer recording; nothing: the whole
  std::int64_t bytes = 0;           ///< of the video, and of the sound where it has its own file
  Sex sex = Sex::kUnknown;
  Split split = Split::kNone;  ///< as the distributor has it
  std::string note;            ///< what was odd but survived, such as an alignment that disagrees
  std::string fault;           ///< why the clip cannot be used; empty for a good one
};

/// What video::FaceClipReader reads. Throws kIo or kData when an archive cannot be read.
video::Footage footage_of(const SourceClip& clip);

}  // namespace lipsound2::corpora
