#pragma once

#include <string>
#include <string_view>

namespace lipsound2::eval {

/// A text as the content of an element or of an attribute in double quotes.
std::string escaped(std::string_view text);

/// RFC 4648, section 4.
std::string base64(std::string_view bytes);

/// A part of the page. `heading` is escaped, `content` is HTML.
std::string section(std::string_view heading, std::string_view content);
/// The same, shown when the reader opens it.
std::string closed_section(std::string_view heading, std::string_view content);

}  // namespace lipsound2::eval
