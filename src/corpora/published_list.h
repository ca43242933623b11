#pragma once

#include <string>
#include <vector>

namespace lipsound2::corpora {

/// Clips of one speaker in a published split, without the speaker's name.
struct PublishedSpeaker {
  std::string speaker;
  std::vector<std::string> train;
  std::vector<std::string> valid;
  std::vector<std::string> test;
  std::vector<std::string> left_out;  ///< clips of the corpus that are in none of its lists
};

/// The list splits/NAME.txt that comes with the program (the folder configs of its sources): a line
/// per speaker, with his name and his clips, those of the test marked by a star, of the validation
/// by a plus and those left out by a minus; lines that begin with # say where it is from. Whether
/// it names the clips for training, or leaves them for all others, is each list's own affair.
/// Throws kIo, naming the places, when it is not there; kData for another format.
std::vector<PublishedSpeaker> read_published_list(const std::string& name);

/// Which part of published training clips is set aside for validation where no list says: one in
/// twenty, by the hash of the clip's id. "train" or "valid".
std::string train_or_valid(const std::string& id);

}  // namespace lipsound2::corpora
