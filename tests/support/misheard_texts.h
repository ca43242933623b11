#pragma once

#include <array>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

/// The 3000 random clips of scripts/reference/make_text_errors_reference.py, made here as there.
namespace lipsound2::support {

struct TextPair {
  std::string reference;
  std::string hypothesis;
};

/// The script's class `Draws`.
class TextDraws {
 public:
  std::size_t below(std::size_t limit) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (state_ >> 33) % limit;
  }

 private:
  std::uint64_t state_ = 1;
};

inline void append_word(std::string& text, const std::string& word) {
  text += (text.empty() ? "" : " ") + word;
}

inline const std::array<std::string, 8> kTextWords{
    "bin", "blue", "bean", "où", "naïve", "语音", "语", "我们"};

inline std::string random_text(TextDraws& draws, std::size_t words) {
  std::string text;
  for (std::size_t left = draws.below(15); left > 0; --left)
    append_word(text, kTextWords[draws.below(words)]);
  return text;
}

inline std::string misheard(const std::string& text, TextDraws& draws, std::size_t words) {
  std::string result;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    const std::size_t change = draws.below(6);
    if (change != 0)
      append_word(result, change == 1 ? kTextWords[draws.below(words)] : word);
    if (change == 2)
      append_word(result, kTextWords[draws.below(words)]);
  }
  return result;
}

/// The script's `random_cases`: English, French and Mandarin words; half of the hypotheses have
/// nothing to do with their references; some of both are empty.
inline std::vector<TextPair> misheard_texts() {
  TextDraws draws;
  std::vector<TextPair> clips;
  for (int i = 0; i < 3000; ++i) {
    const std::size_t words = 2 + draws.below(kTextWords.size() - 1);
    const std::string reference = random_text(draws, words);
    const bool independent = draws.below(2) == 0;
    clips.push_back(
        {reference, independent ? random_text(draws, words) : misheard(reference, draws, words)});
  }
  return clips;
}

}  // namespace lipsound2::support
