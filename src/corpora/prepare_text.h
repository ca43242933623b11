#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "lipsound2/corpora/prepare.h"

/// Pieces that the reports of prepare and of its check share.
namespace lipsound2::corpora {

/// "1 clip", "2 clips".
std::string counted(std::int64_t count, const std::string& noun);

/// "40 s", "33 min", "2.4 h".
std::string time_text(double seconds);

/// "33 speakers (17 male, 16 female)".
std::string speakers_text(const std::map<std::string, SpeakerCount>& speakers);

/// A title and a line a kind, the most frequent first; nothing when there are none.
std::string kinds_text(const std::string& title, const std::map<std::string, std::int64_t>& kinds);

/// Clips by speaker and split; of many speakers only the mean and the extremes.
std::string speaker_rows(const std::map<std::string, SpeakerCount>& speakers);

/// "5 clips, such as a, b, c".
std::string examples_text(const std::vector<std::string>& ids);

/// Where the time of the reading threads went; nothing when nothing was read.
std::string times_text(const ReadingTimes& times);

}  // namespace lipsound2::corpora
