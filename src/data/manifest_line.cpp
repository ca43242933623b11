#include "manifest_line.h"

#include <charconv>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"

namespace lipsound2::data {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 48;
constexpr std::int64_t kMostInt32 = std::numeric_limits<std::int32_t>::max();

struct TextField {
  const char* key;
  std::string ManifestEntry::* member;
};
/// The first may be missing.
constexpr TextField kTextFields[] = {{"sex", &ManifestEntry::sex},
                                     {"id", &ManifestEntry::id},
                                     {"speaker", &ManifestEntry::speaker},
                                     {"split", &ManifestEntry::split},
                                     {"text", &ManifestEntry::text},
                                     {"note", &ManifestEntry::note},
                                     {"shard", &ManifestEntry::shard}};

struct WholeField {
  const char* key;
  std::int64_t ManifestEntry::* member;
  std::int64_t low;
  std::int64_t high;
};
constexpr WholeField kWholeFields[] = {{"frames", &ManifestEntry::frames, 1, kMostInt32},
                                       {"samples", &ManifestEntry::samples, 1, kMost},
                                       {"rate", &ManifestEntry::rate, 1, kMostInt32},
                                       {"offset", &ManifestEntry::offset, 0, kMost},
                                       {"bytes", &ManifestEntry::bytes, 1, kMost}};
constexpr std::int64_t kMostCrc32 = std::numeric_limits<std::uint32_t>::max();

/// Takes the fields out of one line; every complaint begins with file and line.
class ManifestLine {
 public:
  ManifestLine(std::string_view line, std::string where) : where_(std::move(where)) {
    json_ = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    require(json_.is_object(),
            ErrorKind::kData,
            "{}: expected one JSON object, found {}",
            where_,
            json_.is_discarded() ? "text that is not JSON: " + std::string(line.substr(0, 60))
                                 : std::string(json_.type_name()));
  }

  bool has(const char* key) const { return json_.contains(key); }

  std::string text(const char* key) const {
    const nlohmann::json& value = get(key);
    require(value.is_string(), ErrorKind::kData, "{}", complaint(key, "a text"));
    return value.get<std::string>();
  }

  std::int64_t whole(const char* key, std::int64_t low, std::int64_t high) const {
    const nlohmann::json& value = get(key);
    const bool fits = value.is_number_integer() &&
                      !(value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest) &&
                      value.get<std::int64_t>() >= low && value.get<std::int64_t>() <= high;
    require(fits,
            ErrorKind::kData,
            "{}",
            complaint(key, fmt::format("a whole number from {} to {}", low, high)));
    return value.get<std::int64_t>();
  }

  double positive(const char* key) const {
    const nlohmann::json& value = get(key);
    const bool fits =
        value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() > 0;
    require(fits, ErrorKind::kData, "{}", complaint(key, "a number above 0"));
    return value.get<double>();
  }

 private:
  static constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();

  const nlohmann::json& get(const char* key) const {
    const auto found = json_.find(key);
    require(found != json_.end(), ErrorKind::kData, "{}: field '{}' is missing", where_, key);
    return *found;
  }

  std::string complaint(const char* key, const std::string& expected) const {
    return fmt::format(
        "{}: field '{}': expected {}, found {}", where_, key, expected, json_[key].dump());
  }

  std::string where_;
  nlohmann::json json_;
};

/// Walks over a line that holds nothing unusual; everything else makes a step fail.
class LineCursor {
 public:
  explicit LineCursor(std::string_view line) : rest_(line) {}

  bool take(char c) {
    const bool found = !rest_.empty() && rest_.front() == c;
    rest_.remove_prefix(found ? 1 : 0);
    return found;
  }

  /// A quoted text of printable ASCII without escapes.
  std::optional<std::string_view> text() {
    if (!take('"'))
      return std::nullopt;
    std::size_t size = 0;
    while (size < rest_.size() && rest_[size] >= ' ' && rest_[size] < 0x7f && rest_[size] != '"' &&
           rest_[size] != '\\')
      ++size;
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return take('"') ? std::optional(found) : std::nullopt;
  }

  std::optional<std::int64_t> whole(std::int64_t low, std::int64_t high) {
    const std::string_view digits = take_digits();
    std::int64_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 10);
    const bool fits = is_json(digits) && error == std::errc() && value >= low && value <= high;
    return fits ? std::optional(value) : std::nullopt;
  }

  std::optional<double> positive() {
    const std::string_view before = rest_;
    const std::string_view digits = take_digits();
    if (!is_json(digits) || (take('.') && take_digits().empty()))
      return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(before.data(), rest_.data(), value);
    return error == std::errc() && value > 0 ? std::optional(value) : std::nullopt;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view take_digits() {
    const std::size_t size = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    const std::string_view digits = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return digits;
  }
  static bool is_json(std::string_view digits) {
    return !digits.empty() && (digits.front() != '0' || digits.size() == 1);
  }

  std::string_view rest_;
};

/// Reads a value into its field of the entry; the field's own bit, or 0 for what is unusual.
unsigned scan_field(std::string_view key, LineCursor& cursor, ManifestEntry& entry) {
  unsigned bit = 1;
  for (const TextField& field : kTextFields) {
    if (key == field.key) {
      const auto text = cursor.text();
      entry.*field.member = text.value_or("");
      return text ? bit : 0;
    }
    bit <<= 1;
  }
  for (const WholeField& field : kWholeFields) {
    if (key == field.key) {
      const auto value = cursor.whole(field.low, field.high);
      entry.*field.member = value.value_or(0);
      return value ? bit : 0;
    }
    bit <<= 1;
  }
  if (key == "fps") {
    entry.fps = cursor.positive().value_or(0);
    return entry.fps > 0 ? bit : 0;
  }
  const auto crc32 = key == "crc32" ? cursor.whole(0, kMostCrc32) : std::nullopt;
  entry.crc32 = static_cast<std::uint32_t>(crc32.value_or(0));
  return crc32 ? bit << 1 : 0;
}

constexpr unsigned kOptionalFields = 1;
constexpr unsigned kAllFields = (1U << (std::size(kTextFields) + std::size(kWholeFields) + 2)) - 1;

}  // namespace

ManifestEntry parse_entry(std::string_view text, const std::string& where) {
  const ManifestLine line(text, where);
  ManifestEntry entry;
  for (const TextField& field : kTextFields)
    if (&field != kTextFields || line.has(field.key))
      entry.*field.member = line.text(field.key);
  for (const WholeField& field : kWholeFields)
    entry.*field.member = line.whole(field.key, field.low, field.high);
  entry.fps = line.positive("fps");
  entry.crc32 = static_cast<std::uint32_t>(line.whole("crc32", 0, kMostCrc32));
  require(!entry.id.empty(), ErrorKind::kData, "{}: field 'id' is empty", where);
  return entry;
}

std::optional<ManifestEntry> scan_entry(std::string_view line) {
  LineCursor cursor(line);
  ManifestEntry entry;
  unsigned seen = 0;
  if (!cursor.take('{'))
    return std::nullopt;
  do {
    const auto key = cursor.text();
    if (!key || !cursor.take(':'))
      return std::nullopt;
    const unsigned bit = scan_field(*key, cursor, entry);
    if (bit == 0 || (seen & bit) != 0)
      return std::nullopt;
    seen |= bit;
  } while (cursor.take(','));
  const bool whole = cursor.take('}') && cursor.at_end() && (seen | kOptionalFields) == kAllFields;
  return whole && !entry.id.empty() ? std::optional(std::move(entry)) : std::nullopt;
}

}  // namespace lipsound2::data
