#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lipsound2::asr {

/// What an n-gram model counts.
enum class TextUnit {
  kWord,      ///< what white space separates
  kCharacter  ///< every code point that is not white space
};

/// Sentences as numbers, each from kBegin to kEnd.
struct NgramText {
  static constexpr std::uint32_t kUnknown = 0;
  static constexpr std::uint32_t kBegin = 1;
  static constexpr std::uint32_t kEnd = 2;

  std::vector<std::string> vocabulary = {"<unk>", "<s>", "</s>"};
  std::vector<std::uint32_t> tokens;
};

/// The words or characters of a sentence, as views into it. Throws kData for invalid UTF-8.
std::vector<std::string_view> split_text(std::string_view sentence, TextUnit unit);

/// Reads one sentence per line, plain or gzip; lines without a word are passed over. Throws kIo
/// when unreadable; kData, with the line, for invalid UTF-8 and for words that ARPA files keep for
/// themselves (<unk>, <s>, </s>), and when there is no sentence.
NgramText read_ngram_text(const std::filesystem::path& file, TextUnit unit);
/// The same of sentences in memory; `name` is what errors call them.
NgramText make_ngram_text(const std::vector<std::string>& sentences,
                          TextUnit unit,
                          const std::string& name);

}  // namespace lipsound2::asr
