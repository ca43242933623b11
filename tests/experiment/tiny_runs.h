#pragma once

#include <filesystem>
#include <string>

#include <unistd.h>

#include "support/temporary_folder.h"
#include "support/toy_corpus.h"

namespace lipsound2::experiment {

/// A toy corpus and a folder for configs and runs.
class TinyRuns {
 public:
  TinyRuns() : manifest_(lipsound2::testing::write_toy_corpus(folder_ / "corpus", 5, 25)) {}

  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  const std::filesystem::path& path() const { return folder_.path(); }

  /// Writes a config of four updates of the network of configs/tiny.yaml on the toy corpus, with
  /// `more` lines of YAML.
  std::string config(const std::string& name, const std::string& more = "") const {
    folder_.write(name, "extends: short.yaml\n" + more);
    folder_.write("short.yaml",
                  "extends: " LIPSOUND2_SOURCE_DIR
                  "/configs/tiny.yaml\n"
                  "data: {manifest: " +
                      manifest_.string() +
                      ", threads: 1}\n"
                      "train: {steps: 4, validate_every: 2, save_every: 2}\n"
                      "eval: {draws: 1, griffin_lim: {iterations: 1}}\n");
    return (folder_ / name).string();
  }

  /// Writes any other file; returns its path.
  std::string file(const std::string& name, const std::string& text) const {
    folder_.write(name, text);
    return (folder_ / name).string();
  }

 private:
  lipsound2::testing::TemporaryFolder folder_;
  std::filesystem::path manifest_;
};

}  // namespace lipsound2::experiment
