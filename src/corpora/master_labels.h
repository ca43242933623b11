#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lipsound2::corpora {

/// The labels of one file in an HTK master label file.
struct LabelFile {
  std::string name;  ///< the quoted pattern, with slashes, such as "*/01M/straightcam/sa1.rec"
  std::vector<std::string> labels;
};

/// Reads a master label file (HTK Book 3.4, section 6.3): "#!MLF!#", then for each file its quoted
/// name, lines "[start [end]] label ..." and a line with a dot. Throws kData, with the line, for
/// another format; kIo when the file cannot be read.
std::vector<LabelFile> read_master_labels(const std::filesystem::path& file);

/// Whether all labels are phones of the 39 that TCD-TIMIT uses.
bool are_phones(const std::vector<std::string>& labels);

}  // namespace lipsound2::corpora
