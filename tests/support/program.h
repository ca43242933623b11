#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <sys/wait.h>

#include "lipsound2/core/file.h"

/// Running the program as a user does, from tests.
namespace lipsound2::support {

struct Outcome {
  int code = 0;  ///< exit code; 128 + n when ended by signal n
  std::string out;
  std::string error;
};

/// Runs a shell command in `folder`; `lipsound2` in it is the program that was built.
inline Outcome run_in(const std::filesystem::path& folder, const std::string& command) {
  std::filesystem::create_directories(folder);
  const std::string script = "cd '" + folder.string() +
                             "' && lipsound2() { '" LIPSOUND2_PROGRAM "' \"$@\"; } && { " +
                             command + "\n} > .stdout 2> .stderr";
  write_file(folder / ".script", script);
  const int status = std::system(("bash '" + (folder / ".script").string() + "'").c_str());
  Outcome outcome;
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = read_file(folder / ".stdout");
  outcome.error = read_file(folder / ".stderr");
  return outcome;
}

/// A shell command that starts a training command of the program, waits until its run has logged so
/// many further steps, sends the signal and waits for the end.
inline std::string until(const std::string& command,
                         const std::string& run,
                         int steps,
                         const std::string& signal) {
  const std::string events = "$(cat " + run + "/events.jsonl 2>/dev/null | wc -l)";
  return "before=" + events + "; '" LIPSOUND2_PROGRAM "' " + command + " & pid=$!; " + "while [ " +
         events + " -lt $((before + " + std::to_string(steps) +
         ")) ] && kill -0 $pid; do sleep 0.02; done; " + "kill -" + signal + " $pid; wait $pid";
}

/// A fresh, empty folder below the test's temporary one.
inline std::filesystem::path fresh_folder(const std::string& name) {
  const auto folder = std::filesystem::temp_directory_path() / "lipsound2-tests" / name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace lipsound2::support
