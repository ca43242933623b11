#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <c10/core/ScalarType.h>

namespace lipsound2::train {

/// One tensor as the header of a safetensors file describes it.
struct TensorEntry {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<std::int64_t> shape;
  std::size_t begin = 0;  ///< in the data section, bytes
  std::size_t end = 0;
};

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<TensorEntry> entries;  ///< in the order of their bytes, without gaps
};

/// The JSON text, keys sorted, padded with spaces to a multiple of 8 bytes.
std::string print_header(const SafetensorsHeader& header);

/// Throws kData, naming `file`, when the text is not a header, has a type that is not supported, or
/// describes anything but tensors that fill `data_bytes` without gaps or overlaps.
SafetensorsHeader parse_header(std::string_view text,
                               std::size_t data_bytes,
                               const std::string& file);

/// The format's name of a type; a programmer's mistake when it has none here.
std::string type_name(at::ScalarType type, const std::string& tensor);

}  // namespace lipsound2::train
