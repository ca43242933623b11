#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lipsound2::data {

/// A regular file inside a tar; the content is a view into the bytes that were parsed.
struct TarMember {
  std::string name;
  std::string_view content;
};

/// Header and content of one regular file as POSIX.1-1988 "ustar", filled up to whole blocks of 512
/// bytes; owner, group and time are 0. Throws kData for a name that the header cannot hold or a
/// content of 8 GiB or more.
std::string tar_member(const std::string& name, std::string_view content);

/// The two empty blocks after the last member.
std::string tar_end();

/// The members that fill `bytes` from end to end. Throws kData, beginning with `where`, for a
/// header that is damaged or of another format and for members that do not fill the bytes.
std::vector<TarMember> parse_tar(std::string_view bytes, const std::string& where);

}  // namespace lipsound2::data
