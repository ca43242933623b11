#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lipsound2::corpora::demo {

/// The sentences of a file in UTF-8, one a line, each once, in the order of the file. Blanks are
/// left out, and so is the name of a clip before the sentence, as published lists of CMLR's texts
/// have it ("s4/20110304/section_4_002.92_004.59 ..."). Throws kData for a file without sentences
/// and for a line that is not of Chinese characters alone, as CMLR's are, with its number.
std::vector<std::string> read_chinese_texts(const std::filesystem::path& file);

/// Those that at most so many different characters suffice to write: of the characters, and with
/// them their sentences, the rarest are left out again and again. The order stays.
std::vector<std::string> of_few_characters(std::vector<std::string> texts, std::int64_t characters);

}  // namespace lipsound2::corpora::demo
