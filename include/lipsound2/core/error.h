#pragma once

#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace lipsound2 {

/// Sorted by who must act; each kind has its exit code.
enum class ErrorKind { kUsage, kConfig, kData, kIo, kNumeric };

/// What users can cause. The message says what was expected, what was found, and where (file, key,
/// id).
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

/// 2 for usage and config, 3 data, 4 input and output, 5 numeric.
int exit_code(ErrorKind kind);

/// Throws an Error of this kind with the formatted message. Mistakes that only a programmer can
/// make use TORCH_CHECK.
template <class... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> message, Args&&... args) {
  throw Error(kind, fmt::format(message, std::forward<Args>(args)...));
}

/// Calls fail() unless `ok`.
template <class... Args>
void require(bool ok, ErrorKind kind, fmt::format_string<Args...> message, Args&&... args) {
  if (!ok)
    throw Error(kind, fmt::format(message, std::forward<Args>(args)...));
}

}  // namespace lipsound2
