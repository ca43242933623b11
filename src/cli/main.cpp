#include <cstdio>
#include <filesystem>
#include <limits>

#include <malloc.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/log.h"

#include "commands.h"
#include "version.h"

namespace {

using namespace lipsound2;

void add_commands(CLI::App& program) {
#ifdef LIPSOUND2_WITH_VIDEO
  cli::add_demo_corpus(program);
  cli::add_prepare(program);
#endif
  cli::add_train(program);
  cli::add_finetune(program);
  cli::add_eval(program);
  cli::add_score(program);
#ifdef LIPSOUND2_WITH_VIDEO
  cli::add_synthesize(program);
#endif
  cli::add_transcribe(program);
  cli::add_lm(program);
  cli::add_decode(program);
  cli::add_vocode(program);
  cli::add_inspect(program);
  cli::add_config(program);
  cli::add_doctor(program);
  cli::add_bench(program);
}

void add_log_level(CLI::App& program) {
  const std::map<std::string, log::Level> levels = {{"debug", log::Level::kDebug},
                                                    {"info", log::Level::kInfo},
                                                    {"warn", log::Level::kWarn},
                                                    {"error", log::Level::kError}};
  program
      .add_option_function<log::Level>(
          "--log-level",
          [](const log::Level& level) { log::set_level(level); },
          "debug, info, warn or error")
      ->transform(CLI::CheckedTransformer(levels));
}

// Training allocates and frees the same large tensors in every step. By default each goes back to
// the system and comes again as fresh pages, which costs more than the arithmetic on them. One
// arena for all threads: batches are made by some and freed by others, and only the first arena
// keeps its pages.
void keep_freed_memory() {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 256 << 20);
}

int run(int argc, char** argv) {
  CLI::App program{"lipsound2: silent video of a speaking face to speech, and speech to text",
                   "lipsound2"};
  program.require_subcommand(1);
  program.fallthrough();
  program.set_version_flag("--version", fmt::format("lipsound2 {}", cli::program_version()));
  add_log_level(program);
  add_commands(program);
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return program.exit(help);
  } catch (const CLI::RuntimeError& stopped) {
    return stopped.get_exit_code();
  } catch (const CLI::ParseError& wrong) {
    program.exit(wrong, std::cerr, std::cerr);
    return exit_code(ErrorKind::kUsage);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "lipsound2: %s\n", error.what());
    return exit_code(error.kind());
  } catch (const std::filesystem::filesystem_error& error) {
    std::fprintf(stderr, "lipsound2: %s\n", error.what());
    return exit_code(ErrorKind::kIo);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lipsound2: internal error, please report it: %s\n", error.what());
    return 1;
  }
}
