#include "lipsound2/train/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <string_view>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <zlib.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "safetensors_header.h"

namespace lipsound2::train {
namespace {

constexpr std::string_view kNoChecksum = "00000000";
constexpr std::string_view kChecksumField = "\"checksum\":\"";

std::string_view bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

std::string little_endian(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

std::uint64_t from_little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

// The CRC-32 of a file whose parts come one after another.
class Checksum {
 public:
  void add(std::string_view bytes) {
    if (bytes.empty())
      return;  // zlib takes a null pointer for "begin anew"
    value_ = crc32_z(value_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  }
  std::string hex() const { return fmt::format("{:08x}", value_); }

 private:
  uLong value_ = crc32_z(0, nullptr, 0);
};

struct Layout {
  SafetensorsHeader header;
  std::vector<Tensor> tensors;  // contiguous, on the CPU, in the order of the entries
};

// Types of many bytes first, so that every tensor is aligned to its type; then by name.
Layout lay_out(const TensorFile& content) {
  Layout layout;
  layout.header.metadata = content.metadata;
  layout.header.metadata["checksum"] = kNoChecksum;
  std::vector<std::pair<std::string, Tensor>> items(content.tensors.begin(), content.tensors.end());
  std::stable_sort(items.begin(), items.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });
  std::size_t place = 0;
  for (const auto& [name, tensor] : items) {
    layout.tensors.push_back(tensor.detach().cpu().contiguous());
    const std::size_t end = place + layout.tensors.back().nbytes();
    layout.header.entries.push_back({name, tensor.scalar_type(), tensor.sizes().vec(), place, end});
    place = end;
  }
  return layout;
}

// Where the digits of the checksum stand in the header; npos when it has none.
std::size_t checksum_place(std::string_view header) {
  const std::size_t found = header.find(kChecksumField);
  return found == std::string_view::npos ? found : found + kChecksumField.size();
}

// `header` is the file up to the data section, its length included.
void verify_checksum(std::string header,
                     std::string_view data,
                     const std::string& expected,
                     const std::string& file) {
  const std::size_t place = checksum_place(header);
  if (place != std::string::npos && place + kNoChecksum.size() <= header.size())
    header.replace(place, kNoChecksum.size(), kNoChecksum);
  Checksum checksum;
  checksum.add(header);
  checksum.add(data);
  require(checksum.hex() == expected,
          ErrorKind::kData,
          "{}: expected checksum {}, found {}; the file is damaged or was edited",
          file,
          expected,
          checksum.hex());
}

// The length of the header of a file of `size` bytes that begins with `bytes`.
std::size_t header_length(const std::string& bytes, std::size_t size, const std::string& file) {
  require(!bytes.starts_with("PK"),
          ErrorKind::kData,
          "{}: expected a safetensors file, found a zip archive (as torch.save writes)",
          file);
  require(bytes.size() >= 8,
          ErrorKind::kData,
          "{}: expected a safetensors file, found only {} bytes",
          file,
          size);
  const std::uint64_t length = from_little_endian(bytes);
  require(length >= 2 && length <= size - 8 && bytes[8] == '{',
          ErrorKind::kData,
          "{}: expected a safetensors file with a header of {} bytes, found {} bytes of other "
          "content or a truncated file",
          file,
          length,
          size - 8);
  return length;
}

// A tensor in the memory of the file, which it keeps. Copied where other programs have not aligned
// it.
Tensor tensor_in(const std::shared_ptr<std::string>& bytes,
                 std::size_t place,
                 const TensorEntry& entry) {
  char* const first = bytes->data() + place;
  const at::TensorOptions options(entry.type);
  if (place % c10::elementSize(entry.type) == 0 || entry.begin == entry.end)
    return at::from_blob(first, entry.shape, [bytes](void*) {}, options);
  const Tensor copy = at::empty(entry.shape, options);
  std::memcpy(copy.mutable_data_ptr(), first, entry.end - entry.begin);
  return copy;
}

// At most so many bytes from the front of a file.
std::string front_of(const std::filesystem::path& file, std::size_t count) {
  std::ifstream stream(file, std::ios::binary);
  std::string bytes(count, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(count));
  require(stream.is_open() && !stream.bad(), ErrorKind::kIo, "{}: cannot be read", file.string());
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

}  // namespace

void save_tensors(const std::filesystem::path& file, const TensorFile& content) {
  const Layout layout = lay_out(content);
  std::string header = print_header(layout.header);
  header = little_endian(header.size()) + header;
  Checksum checksum;
  checksum.add(header);
  for (const Tensor& tensor : layout.tensors)
    checksum.add(bytes_of(tensor));
  header.replace(checksum_place(header), kNoChecksum.size(), checksum.hex());

  AtomicFile out(file);
  out.write(header);
  for (const Tensor& tensor : layout.tensors)
    out.write(bytes_of(tensor));
  out.commit();
}

TensorFile load_tensors(const std::filesystem::path& file) {
  const auto bytes = std::make_shared<std::string>(read_file(file));
  const std::size_t length = header_length(*bytes, bytes->size(), file.string());
  const std::string_view data = std::string_view(*bytes).substr(8 + length);
  SafetensorsHeader header =
      parse_header(std::string_view(*bytes).substr(8, length), data.size(), file.string());

  TensorFile content;
  for (const TensorEntry& entry : header.entries)
    content.tensors.emplace(entry.name, tensor_in(bytes, 8 + length + entry.begin, entry));
  content.metadata = std::move(header.metadata);
  if (const auto found = content.metadata.find("checksum"); found != content.metadata.end())
    verify_checksum(bytes->substr(0, 8 + length), data, found->second, file.string());
  return content;
}

std::map<std::string, std::string> load_metadata(const std::filesystem::path& file) {
  const std::string start = front_of(file, 9);
  const std::size_t size = std::filesystem::file_size(file);
  const std::size_t length = header_length(start, size, file.string());
  return parse_header(front_of(file, 8 + length).substr(8), size - 8 - length, file.string())
      .metadata;
}

}  // namespace lipsound2::train
