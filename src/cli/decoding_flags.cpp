#include "decoding_flags.h"

namespace lipsound2::cli {

void add_decoding_flags(CLI::App& command, experiment::DecodingConfig& decoding) {
  command
      .add_option("--lm",
                  decoding.model,
                  "n-gram model of words, or of characters if the alphabet has no space: beam "
                  "search instead of the likeliest letters")
      ->type_name("FILE.arpa");
  command.add_option("--words", decoding.words, "text file of the only allowed words")
      ->type_name("FILE");
  command.add_option("--beam", decoding.search.beam, "texts kept per frame")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command.add_option("--alpha", decoding.search.alpha, "weight of the model")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command.add_option("--beta", decoding.search.beta, "added per word, or character")
      ->check(CLI::Range(-100.0, 100.0))
      ->capture_default_str();
  command
      .add_option("--prune",
                  decoding.search.prune,
                  "texts whose score is this much below a frame's best are dropped (default: none)")
      ->check(CLI::PositiveNumber);
}

}  // namespace lipsound2::cli
