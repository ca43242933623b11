#pragma once

#include <CLI/CLI.hpp>

/// One function per command, each in the file of its name: adds the command, its flags and what it
/// does to the program.
namespace lipsound2::cli {

void add_bench(CLI::App& program);
void add_config(CLI::App& program);
void add_decode(CLI::App& program);
void add_demo_corpus(CLI::App& program);
void add_doctor(CLI::App& program);
void add_eval(CLI::App& program);
void add_finetune(CLI::App& program);
void add_inspect(CLI::App& program);
void add_lm(CLI::App& program);
void add_prepare(CLI::App& program);
void add_score(CLI::App& program);
void add_synthesize(CLI::App& program);
void add_train(CLI::App& program);
void add_transcribe(CLI::App& program);
void add_vocode(CLI::App& program);

}  // namespace lipsound2::cli
