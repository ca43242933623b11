#include "safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <c10/util/Exception.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"

namespace lipsound2::train {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<const char*, at::ScalarType>, 5> kStoredTypes = {{
    {"F32", at::kFloat},
    {"F64", at::kDouble},
    {"I64", at::kLong},
    {"U8", at::kByte},
    {"BOOL", at::kBool},
}};

at::ScalarType type_called(const std::string& type,
                           const std::string& name,
                           const std::string& file) {
  for (const auto& [known, value] : kStoredTypes) {
    if (type == known)
      return value;
  }
  fail(ErrorKind::kData,
       "{}: tensor {}: expected type F32, F64, I64, U8 or BOOL, found {}",
       file,
       name,
       type);
}

// Bytes of a tensor; the largest number instead of an overflow.
std::size_t byte_count(const TensorEntry& entry) {
  std::size_t bytes = c10::elementSize(entry.type);
  for (const std::int64_t size : entry.shape) {
    const auto count = static_cast<std::size_t>(size);
    if (count != 0 && bytes > std::numeric_limits<std::size_t>::max() / count)
      return std::numeric_limits<std::size_t>::max();
    bytes *= count;
  }
  return bytes;
}

TensorEntry parse_entry(const std::string& name, const Json& json, const std::string& file) {
  TensorEntry entry;
  entry.name = name;
  entry.type = type_called(json.at("dtype").get<std::string>(), name, file);
  for (const auto size : json.at("shape").get<std::vector<std::uint64_t>>())
    entry.shape.push_back(static_cast<std::int64_t>(std::min<std::uint64_t>(size, 1ULL << 48)));
  const auto offsets = json.at("data_offsets").get<std::array<std::size_t, 2>>();
  entry.begin = offsets[0];
  entry.end = offsets[1];
  require(entry.begin <= entry.end && entry.end - entry.begin == byte_count(entry),
          ErrorKind::kData,
          "{}: tensor {}: expected {} bytes for its shape, found the places {} to {}",
          file,
          name,
          byte_count(entry),
          entry.begin,
          entry.end);
  return entry;
}

void check_places(const SafetensorsHeader& header,
                  std::size_t data_bytes,
                  const std::string& file) {
  std::size_t place = 0;
  for (const TensorEntry& entry : header.entries) {
    require(entry.begin == place,
            ErrorKind::kData,
            "{}: tensor {}: expected its bytes at {}, found {}",
            file,
            entry.name,
            place,
            entry.begin);
    place = entry.end;
  }
  require(place == data_bytes,
          ErrorKind::kData,
          "{}: expected {} bytes of tensors, found {}{}",
          file,
          place,
          data_bytes,
          data_bytes < place ? "; the file is truncated" : "");
}

SafetensorsHeader parse_fields(const Json& json, const std::string& file) {
  SafetensorsHeader header;
  for (const auto& [name, value] : json.items()) {
    if (name == "__metadata__")
      header.metadata = value.get<std::map<std::string, std::string>>();
    else
      header.entries.push_back(parse_entry(name, value, file));
  }
  return header;
}

}  // namespace

std::string type_name(at::ScalarType type, const std::string& tensor) {
  for (const auto& [name, value] : kStoredTypes) {
    if (type == value)
      return name;
  }
  TORCH_CHECK(false, tensor, ": a checkpoint cannot hold ", c10::toString(type));
}

std::string print_header(const SafetensorsHeader& header) {
  Json json = Json::object();
  if (!header.metadata.empty())
    json["__metadata__"] = header.metadata;
  for (const TensorEntry& entry : header.entries) {
    json[entry.name] = {{"dtype", type_name(entry.type, entry.name)},
                        {"shape", entry.shape},
                        {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text = json.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

SafetensorsHeader parse_header(std::string_view text,
                               std::size_t data_bytes,
                               const std::string& file) {
  SafetensorsHeader header;
  try {
    header = parse_fields(Json::parse(text), file);
  } catch (const Json::exception& error) {
    fail(ErrorKind::kData,
         "{}: expected the header of a safetensors file, found other content ({})",
         file,
         error.what());
  }
  std::stable_sort(
      header.entries.begin(), header.entries.end(), [](const TensorEntry& a, const TensorEntry& b) {
        return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
      });
  check_places(header, data_bytes, file);
  return header;
}

}  // namespace lipsound2::train
