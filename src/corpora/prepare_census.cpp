#include "prepare_census.h"

#include <cctype>

#include <nlohmann/json.hpp>

#include "lipsound2/corpora/census.h"

namespace lipsound2::corpora {
namespace {

using ClipsByKind = std::map<std::string, std::int64_t>;

void add_counts(ClipsByKind& sum, const ClipsByKind& more) {
  for (const auto& [kind, clips] : more)
    sum[kind] += clips;
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// One past the number that begins at `at`; digits, with a point between some of them.
std::size_t number_end(std::string_view text, std::size_t at) {
  while (at < text.size() && (is_digit(text[at]) ||
                              (text[at] == '.' && at + 1 < text.size() && is_digit(text[at + 1]))))
    ++at;
  return at;
}

}  // namespace

ClipCount& ClipCount::operator+=(const ClipCount& other) {
  clips += other.clips;
  frames += other.frames;
  seconds += other.seconds;
  return *this;
}

Census& Census::operator+=(const Census& other) {
  for (const auto& [split, count] : other.splits)
    splits[split] += count;
  for (const auto& [name, more] : other.speakers) {
    SpeakerCount& speaker = speakers[name];
    speaker.sex = more.sex;
    add_counts(speaker.clips, more.clips);
  }
  add_counts(formats, other.formats);
  add_counts(notes, other.notes);
  add_counts(rejects, other.rejects);
  return *this;
}

ClipCount Census::total() const {
  ClipCount sum;
  for (const auto& [split, count] : splits)
    sum += count;
  return sum;
}

std::int64_t Census::rejected() const {
  std::int64_t sum = 0;
  for (const auto& [reason, clips] : rejects)
    sum += clips;
  return sum;
}

double Census::rejected_share() const {
  const std::int64_t all = total().clips + rejected();
  return all > 0 ? static_cast<double>(rejected()) / static_cast<double>(all) : 0;
}

std::string kind_of(std::string_view text) {
  std::string kind;
  for (std::size_t at = 0; at < text.size();) {
    const bool in_word = at > 0 && is_word(text[at - 1]);
    const std::size_t quote =
        text[at] == '\'' && !in_word ? text.find('\'', at + 1) : std::string_view::npos;
    if (quote != std::string_view::npos) {
      kind += "'...'";
      at = quote + 1;
    } else if (is_digit(text[at]) && !in_word) {
      kind += 'N';
      at = number_end(text, at);
    } else {
      kind += text[at++];
    }
  }
  return kind;
}

nlohmann::ordered_json to_json(const Census& census) {
  nlohmann::ordered_json json{{"clips", census.total().clips}, {"rejected", census.rejected()}};
  for (const auto& [split, count] : census.splits)
    json["splits"][split] = {
        {"clips", count.clips}, {"pictures", count.frames}, {"seconds", count.seconds}};
  for (const auto& [name, speaker] : census.speakers)
    json["speakers"][name] = {{"sex", speaker.sex}, {"clips", speaker.clips}};
  json["formats"] = census.formats;
  json["notes"] = census.notes;
  json["rejects"] = census.rejects;
  return json;
}

Census census_from(const nlohmann::ordered_json& json) {
  Census census;
  if (json.contains("splits"))
    for (const auto& [split, count] : json.at("splits").items())
      census.splits[split] = {count.at("clips"), count.at("pictures"), count.at("seconds")};
  if (json.contains("speakers"))
    for (const auto& [name, speaker] : json.at("speakers").items())
      census.speakers[name] = {speaker.at("sex"), speaker.at("clips")};
  json.at("formats").get_to(census.formats);
  json.at("notes").get_to(census.notes);
  json.at("rejects").get_to(census.rejects);
  return census;
}

}  // namespace lipsound2::corpora
