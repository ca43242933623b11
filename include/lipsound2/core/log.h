#pragma once

#include <filesystem>
#include <string>

#include <fmt/format.h>

/// The log: `info` for what an operator wants once, `warn` for what was survived, `debug` for the
/// rest. Lines go to stderr, and to a file once one is named. Any thread may log.
namespace lipsound2::log {

enum class Level { kDebug, kInfo, kWarn, kError };

/// Only lines of this level and above are written.
void set_level(Level level);
/// Also appends every line to this file from now on, and no longer to one named before. Call it
/// only while no other thread logs.
void also_to(const std::filesystem::path& file);
void write(Level level, const std::string& line);

template <class... Args>
void debug(fmt::format_string<Args...> message, Args&&... args) {
  write(Level::kDebug, fmt::format(message, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> message, Args&&... args) {
  write(Level::kInfo, fmt::format(message, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> message, Args&&... args) {
  write(Level::kWarn, fmt::format(message, std::forward<Args>(args)...));
}

}  // namespace lipsound2::log
