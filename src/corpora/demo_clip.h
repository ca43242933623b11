#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "demo_person.h"
#include "demo_sentence.h"
#include "demo_voice.h"

namespace lipsound2::corpora::demo {

/// As in GRID: 75 pictures, 25 a second.
inline constexpr double kPicturesPerSecond = 25;
inline constexpr std::int64_t kPicturesPerClip = 75;
inline constexpr double kClipSeconds = kPicturesPerClip / kPicturesPerSecond;

/// The person saying the sentence once, somewhere in the clip, with at least 0.25 s of silence on
/// both sides. A person who would need longer speaks faster.
Utterance speak_clip(const Person& person, const Sentence& sentence, std::uint64_t seed);

/// The person saying the sentence in a clip of its own length: whole pictures, with 0.2 to 0.3 s of
/// silence on both sides.
Utterance speak_whole_clip(const Person& person, const Sentence& sentence, std::uint64_t seed);

/// The text of GRID's alignment file: "begin end word", 1000 units a picture, `sil` at both edges.
std::string alignment(const Utterance& clip);

/// Draws the person saying this and writes picture and sound. Throws kIo with the file's name.
void write_clip(const std::filesystem::path& file,
                const Person& person,
                const Utterance& clip,
                std::uint64_t seed);
/// The same without sound.
void write_silent_clip(const std::filesystem::path& file,
                       const Person& person,
                       const Utterance& clip,
                       std::uint64_t seed);

}  // namespace lipsound2::corpora::demo
