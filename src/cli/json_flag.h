#pragma once

#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>

namespace lipsound2::cli {

/// The flag --json FILE that every command has.
void add_json_flag(CLI::App& command, std::string& file);

/// Writes the results there; does nothing when no file is named.
void write_json(const std::string& file, const nlohmann::ordered_json& results);

/// The results for people: a line a value, what is nested indented below its name.
std::string readable(const nlohmann::ordered_json& results);

}  // namespace lipsound2::cli
