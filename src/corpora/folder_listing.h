#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lipsound2::corpora {

/// In ASCII; other letters stay.
std::string lower_case(std::string text);

/// What lies in a folder, sorted by name, without what systems leave behind: __MACOSX and names
/// that begin with a dot.
std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder);

/// The entry of that name whatever the case of its letters; `name` is in lower case.
std::optional<std::filesystem::path> find_entry(const std::filesystem::path& folder,
                                                const std::string& name);

/// Throws kData, saying what was `expected`, unless `root` is a folder.
void require_folder(const std::filesystem::path& root, const std::string& expected);

/// What lies in a folder where something else was expected: "a, b, c and 3 more", "nothing at all".
std::string contents_text(const std::filesystem::path& folder);

/// Whether `wanted` names the speaker or nobody.
bool is_wanted(const std::string& speaker, const std::vector<std::string>& wanted);

/// Throws kData unless every wanted speaker is among those `found`, sorted.
void require_found(const std::filesystem::path& root,
                   const std::vector<std::string>& wanted,
                   const std::vector<std::string>& found);

}  // namespace lipsound2::corpora
