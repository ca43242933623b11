#include "tar.h"

#include <charconv>
#include <cstdint>
#include <optional>

#include "lipsound2/core/error.h"

namespace lipsound2::data {
namespace {

constexpr std::size_t kBlock = 512;

/// Where a field of the header lies: POSIX.1-1988, section 10.1.1.
struct HeaderField {
  std::size_t offset;
  std::size_t width;
};
constexpr HeaderField kName{0, 100};
constexpr HeaderField kMode{100, 8};
constexpr HeaderField kUser{108, 8};
constexpr HeaderField kGroup{116, 8};
constexpr HeaderField kSize{124, 12};
constexpr HeaderField kTime{136, 12};
constexpr HeaderField kChecksum{148, 8};
constexpr HeaderField kType{156, 1};
constexpr HeaderField kMagic{257, 8};
constexpr HeaderField kMajor{329, 8};
constexpr HeaderField kMinor{337, 8};
constexpr HeaderField kPrefix{345, 155};
constexpr std::string_view kUstar("ustar\00000", 8);

void put(std::string& header, HeaderField field, std::string_view text) {
  header.replace(field.offset, text.size(), text);
}

void put_octal(std::string& header, HeaderField field, std::uint64_t value) {
  put(header, field, fmt::format("{:0{}o}", value, field.width - 1));
}

/// Up to the first NUL.
std::string_view get(std::string_view header, HeaderField field) {
  const std::string_view text = header.substr(field.offset, field.width);
  return text.substr(0, text.find('\0'));
}

std::optional<std::uint64_t> get_octal(std::string_view header, HeaderField field) {
  std::string_view text = get(header, field);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

/// Sum of all bytes, with the checksum itself taken as blanks.
std::uint64_t header_sum(std::string_view header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.width;
    sum += own ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

std::size_t padded(std::size_t size) {
  return (size + kBlock - 1) / kBlock * kBlock;
}

/// Names over 100 bytes are cut at a slash into prefix and name.
void put_name(std::string& header, const std::string& name) {
  if (name.size() <= kName.width) {
    put(header, kName, name);
    return;
  }
  const std::size_t slash = name.find('/', name.size() - kName.width - 1);
  require(slash != std::string::npos && slash <= kPrefix.width && slash + 1 < name.size(),
          ErrorKind::kData,
          "'{}': expected at most 100 bytes after a slash and 155 before it, so that a tar header "
          "can hold the name, found {} bytes",
          name,
          name.size());
  put(header, kPrefix, std::string_view(name).substr(0, slash));
  put(header, kName, std::string_view(name).substr(slash + 1));
}

std::string full_name(std::string_view header) {
  const std::string name(get(header, kName));
  const std::string prefix(get(header, kPrefix));
  return prefix.empty() ? name : prefix + "/" + name;
}

}  // namespace

std::string tar_member(const std::string& name, std::string_view content) {
  require(content.size() < (std::uint64_t{1} << 33),
          ErrorKind::kData,
          "'{}': expected less than 8 GiB, found {} bytes",
          name,
          content.size());
  std::string bytes(kBlock, '\0');
  bytes.reserve(kBlock + padded(content.size()));
  put_name(bytes, name);
  put_octal(bytes, kMode, 0644);
  put_octal(bytes, kUser, 0);
  put_octal(bytes, kGroup, 0);
  put_octal(bytes, kSize, content.size());
  put_octal(bytes, kTime, 0);
  put(bytes, kType, "0");
  put(bytes, kMagic, kUstar);
  put_octal(bytes, kMajor, 0);
  put_octal(bytes, kMinor, 0);
  put(bytes, kChecksum, fmt::format("{:06o}", header_sum(bytes)));
  bytes[kChecksum.offset + 7] = ' ';
  bytes.append(content);
  bytes.resize(kBlock + padded(content.size()), '\0');
  return bytes;
}

std::string tar_end() {
  return std::string(2 * kBlock, '\0');
}

std::vector<TarMember> parse_tar(std::string_view bytes, const std::string& where) {
  std::vector<TarMember> members;
  while (!bytes.empty()) {
    require(bytes.size() >= kBlock && bytes.substr(kMagic.offset, kMagic.width) == kUstar &&
                get_octal(bytes, kChecksum) == header_sum(bytes) && bytes[kType.offset] == '0',
            ErrorKind::kData,
            "{}: expected the ustar header of a regular file as member {}, found other bytes",
            where,
            members.size() + 1);
    const std::optional<std::uint64_t> size = get_octal(bytes, kSize);
    require(size && *size <= bytes.size() && padded(*size) <= bytes.size() - kBlock,
            ErrorKind::kData,
            "{}: expected member '{}' to end within the clip, found that it does not",
            where,
            full_name(bytes));
    members.push_back({full_name(bytes), bytes.substr(kBlock, *size)});
    bytes.remove_prefix(kBlock + padded(*size));
  }
  return members;
}

}  // namespace lipsound2::data
