#pragma once

#include <optional>
#include <string>

#include "lipsound2/core/error.h"

namespace lipsound2::experiment {

/// Collects the errors of several things that are checked one after another, so that all are
/// reported at once.
class ProblemList {
 public:
  /// Runs `check` and keeps the Error it throws, under the name of what is checked.
  template <class Check>
  void collect(const std::string& what, const Check& check) {
    try {
      check();
    } catch (const Error& error) {
      if (!kind_)
        kind_ = error.kind();
      text_ += (text_.empty() ? "" : "\n") + what + ": " + error.what();
    }
  }

  /// Throws what was collected as one Error of the first one's kind; nothing when all went well.
  void raise() const {
    if (kind_)
      throw Error(*kind_, text_);
  }

 private:
  std::optional<ErrorKind> kind_;
  std::string text_;
};

}  // namespace lipsound2::experiment
