#include "lipsound2/asr/alphabet.h"

#include <set>
#include <utility>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/utf8.h"

namespace lipsound2::asr {
namespace {

bool is_space(char32_t code) {
  return code == U' ' || (code >= U'\t' && code <= U'\r') || code == 0x3000;
}

std::string times(std::int64_t count) {
  return count == 1 ? "once" : fmt::format("{} times", count);
}

}  // namespace

Alphabet::Alphabet(std::u32string symbols) : symbols_(std::move(symbols)) {
  require(!symbols_.empty(), ErrorKind::kData, "an alphabet needs one symbol at least");
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    const bool added = labels_.try_emplace(symbols_[i], static_cast<std::int64_t>(i)).second;
    require(added,
            ErrorKind::kData,
            "an alphabet has each symbol once, found {}",
            describe_characters({{symbols_[i], 2}}));
  }
  if (const auto at = labels_.find(U' '); at != labels_.end())
    space_ = at->second;
}

Alphabet Alphabet::english() {
  return Alphabet(U" abcdefghijklmnopqrstuvwxyz'");
}

Alphabet Alphabet::of_characters(const std::vector<std::string>& texts) {
  std::set<char32_t> found;
  for (const std::string& text : texts)
    for (const char32_t code : decode_utf8(text))
      if (!is_space(code))
        found.insert(code);
  return Alphabet({found.begin(), found.end()});
}

Alphabet Alphabet::parse(std::string_view utf8) {
  return Alphabet(decode_utf8(utf8));
}

std::string Alphabet::text() const {
  return encode_utf8(symbols_);
}

std::string Alphabet::symbol(std::int64_t label) const {
  return encode_utf8(symbols_.substr(static_cast<std::size_t>(label), 1));
}

std::map<char32_t, std::int64_t> Alphabet::unknown_characters(
    const std::vector<std::string>& texts) const {
  std::map<char32_t, std::int64_t> unknown;
  for (const std::string& text : texts)
    for (const char32_t code : decode_utf8(text))
      if (!is_space(code) && !labels_.contains(code))
        ++unknown[code];
  return unknown;
}

std::string Alphabet::describe_unknown(const std::map<char32_t, std::int64_t>& unknown) const {
  return unknown.empty() ? ""
                         : fmt::format("{} characters are not in the alphabet of {} symbols: {}",
                                       unknown.size(),
                                       size(),
                                       describe_characters(unknown));
}

void Alphabet::check_texts(const std::vector<std::string>& texts, const std::string& source) const {
  const std::string unknown = describe_unknown(unknown_characters(texts));
  require(unknown.empty(), ErrorKind::kData, "{}: {}", source, unknown);
}

std::vector<std::int64_t> Alphabet::encode(const std::string& text,
                                           const std::string& source) const {
  check_texts({text}, source);
  std::vector<std::int64_t> labels;
  for (const char32_t code : decode_utf8(text)) {
    if (!is_space(code))
      labels.push_back(labels_.at(code));
    else if (space_ && !labels.empty() && labels.back() != *space_)
      labels.push_back(*space_);
  }
  if (space_ && !labels.empty() && labels.back() == *space_)
    labels.pop_back();
  return labels;
}

std::string Alphabet::decode(std::span<const std::int64_t> labels) const {
  std::u32string text;
  for (const std::int64_t label : labels) {
    const char32_t code = symbols_.at(static_cast<std::size_t>(label));
    if (code != U' ' || (!text.empty() && text.back() != U' '))
      text += code;
  }
  if (text.ends_with(U' '))
    text.pop_back();
  return encode_utf8(text);
}

std::string describe_characters(const std::map<char32_t, std::int64_t>& counts) {
  std::vector<std::string> parts;
  for (const auto& [code, count] : counts) {
    const std::string shown = code < 0x20 || code == 0x7F
                                  ? ""
                                  : fmt::format(" '{}'", encode_utf8(std::u32string(1, code)));
    parts.push_back(
        fmt::format("U+{:04X}{} ({})", static_cast<std::uint32_t>(code), shown, times(count)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace lipsound2::asr
