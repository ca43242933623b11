#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lipsound2/eval/score_table.h"

namespace lipsound2::cli {

/// The names that `--metrics` takes: those of sounds, then those of texts.
std::vector<std::string> known_metrics();

/// What `score` was asked for.
struct ScoreFlags {
  std::string reference;
  std::string degraded;
  std::string metrics = "stoi,estoi";
  std::int64_t jobs = 1;
  bool allow_unpaired = false;
  bool show_alignments = false;
  std::string json;
  std::string csv;
};

struct Scored {
  eval::ScoreTable table;
  std::vector<std::string> unpaired;  ///< places of the clips without a partner
  std::string details;                ///< what is printed above the table
};

/// Two sound files, or two folders of them that are paired by stem. A file that cannot be read
/// fails its clip; of a single pair it is the error.
Scored score_sound_files(const ScoreFlags& flags, const std::vector<std::string>& metrics);

/// Two transcripts, folders or texts as eval::read_transcript() takes them, paired by id. The
/// details hold the alignments, if asked for.
Scored score_transcripts(const ScoreFlags& flags, const std::vector<std::string>& metrics);

}  // namespace lipsound2::cli
