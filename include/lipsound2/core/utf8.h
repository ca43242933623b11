#pragma once

#include <string>
#include <string_view>

namespace lipsound2 {

/// The code points of UTF-8 text. Overlong forms, surrogates, code points above U+10FFFF and cut
/// sequences are errors of kind kData that name the offset in bytes of the first byte that is
/// wrong, counted from 0.
std::u32string decode_utf8(std::string_view text);

/// UTF-8 of code points that are not surrogates and at most U+10FFFF.
std::string encode_utf8(std::u32string_view text);

/// The text without the byte order mark that some programs put before it.
std::string without_byte_order_mark(std::string text);

}  // namespace lipsound2
