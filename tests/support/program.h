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

/// A fresh, empty folder below the test's temporary one.
inline std::filesystem::path fresh_folder(const std::string& name) {
  const auto folder = std::filesystem::temp_directory_path() / "lipsound2-tests" / name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace lipsound2::support
