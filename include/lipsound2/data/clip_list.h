#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lipsound2/data/manifest.h"

namespace lipsound2::data {

/// Where a clip lies.
struct ClipPlace {
  std::uint32_t shard =
      0;  ///< number of the tar file, in the order in which the manifest names them
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
};

/// Clips of a manifest in little memory: about 100 bytes and the id and text of each, so that all
/// of VoxCeleb2 takes 150 MB. Lists made of another one, and copies, share its memory. Never
/// changes; safe to use from several threads.
class ClipList {
 public:
  ClipList() : ClipList(std::vector<ManifestEntry>()) {}
  /// Not explicit: a few clips may be given as they are.
  ClipList(const std::vector<ManifestEntry>& entries);

  /// All clips of a manifest, in order. Throws as read_manifest() does.
  static ClipList read(const std::filesystem::path& manifest);

  /// The clips of one split. Throws kData, naming `manifest` and the splits that exist, when there
  /// is none.
  ClipList split(const std::string& name, const std::filesystem::path& manifest) const;
  /// The clips at these positions, in their order.
  ClipList at(const std::vector<std::size_t>& positions) const;

  std::size_t size() const { return rows_.size(); }
  ManifestEntry operator[](std::size_t position) const;
  std::vector<ManifestEntry> entries() const;
  /// Those of some splits, one after another; of all clips when none is named. Throws as split().
  std::vector<ManifestEntry> entries_of(const std::vector<std::string>& splits,
                                        const std::filesystem::path& manifest) const;

  std::string_view id(std::size_t position) const;
  std::int64_t frames(std::size_t position) const;
  std::int64_t samples(std::size_t position) const;
  ClipPlace place(std::size_t position) const;
  /// Path of the tar file of this number, as in the manifest.
  const std::string& shard(std::uint32_t number) const;

 private:
  class Table;
  ClipList(std::shared_ptr<const Table> table, std::vector<std::uint32_t> rows);
  static ClipList all_of(std::shared_ptr<const Table> table);

  std::shared_ptr<const Table> table_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace lipsound2::data
