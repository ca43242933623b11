#pragma once

#include <CLI/CLI.hpp>

#include "lipsound2/experiment/transcriber.h"

namespace lipsound2::cli {

/// The flags --lm, --words, --beam, --alpha and --beta of commands that turn sound into text.
void add_decoding_flags(CLI::App& command, experiment::DecodingConfig& decoding);

}  // namespace lipsound2::cli
