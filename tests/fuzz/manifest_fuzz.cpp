// Any bytes as a manifest: read at once, clip by clip, and written again.

#include <cstdint>
#include <optional>
#include <string>

#include "lipsound2/data/clip_list.h"
#include "lipsound2/data/manifest.h"

#include "fuzz/expect.h"
#include "fuzz/memory_file.h"
#include "manifest_line.h"

namespace lipsound2::fuzz {
namespace {

using data::ManifestEntry;

std::string line_of(const ManifestEntry& entry) {
  return data::to_json_line(entry);
}

/// The fast and the exact reader of lines, and the writer.
void check_line(std::string_view line) {
  const auto fast = data::scan_entry(line);
  const auto exact =
      read_or_refuse({ErrorKind::kData}, [&] { return data::parse_entry(line, "fuzz"); });
  expect(!fast || exact, "the fast reader takes only what the exact one takes");
  if (!exact)
    return;
  const std::string written = line_of(*exact);
  expect(!fast || line_of(*fast) == written, "both readers agree");
  expect(line_of(data::parse_entry(written, "fuzz")) == written, "what is written is read back");
}

void read_manifest(std::string_view bytes) {
  static const MemoryFile file;
  file.hold(bytes);
  check_line(bytes.substr(0, bytes.find('\n')));
  const auto entries =
      read_or_refuse({ErrorKind::kData}, [&] { return data::read_manifest(file.path()); });
  const auto list =
      read_or_refuse({ErrorKind::kData}, [&] { return data::ClipList::read(file.path()); });
  expect(entries.has_value() == list.has_value(), "a manifest is good for both or for none");
  if (!list)
    return;
  expect(list->size() == entries->size(), "the list holds every clip");
  for (std::size_t i = 0; i < entries->size(); ++i)
    expect(line_of((*list)[i]) == line_of(entries->at(i)), "the list holds what was read");
  for (const char* split : {"train", "valid"})
    read_or_refuse({ErrorKind::kData}, [&] { return list->split(split, "fuzz").size(); });
}

}  // namespace
}  // namespace lipsound2::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lipsound2::fuzz::read_manifest({reinterpret_cast<const char*>(data), size});
  return 0;
}
