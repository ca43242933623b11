#include <chrono>

#include <nlohmann/json.hpp>

#include "lipsound2/asr/ctc.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/train/checkpoint.h"

#include "commands.h"
#include "decoding_flags.h"
#include "json_flag.h"

namespace lipsound2::cli {
namespace {

struct DecodeFlags {
  std::string file;
  std::string alphabet;
  experiment::DecodingConfig decoding;
  bool greedy = false;
  std::string json;
};

/// Of the file that is named, else what `transcribe` wrote beside the log-probabilities.
asr::Alphabet alphabet_of(const std::string& file, const train::TensorFile& content) {
  if (file.empty()) {
    const auto symbols = content.metadata.find("symbols");
    return symbols == content.metadata.end() ? asr::Alphabet::english()
                                             : asr::Alphabet::parse(symbols->second);
  }
  std::string text = read_file(file);
  while (text.ends_with('\n') || text.ends_with('\r'))
    text.pop_back();
  return asr::Alphabet::parse(text);
}

nlohmann::ordered_json decode_clip(const experiment::TextSearch& search,
                                   const asr::Alphabet& alphabet,
                                   const Tensor& log_probs,
                                   const DecodeFlags& flags) {
  if (flags.greedy)
    return {{"text", alphabet.decode(asr::ctc_greedy(log_probs, alphabet.outputs()))}};
  const asr::CtcHypothesis best = search.best(log_probs);
  return {{"text", alphabet.decode(best.labels)}, {"score", best.score}};
}

void decode(const DecodeFlags& flags) {
  const train::TensorFile content = train::load_tensors(flags.file);
  const asr::Alphabet alphabet = alphabet_of(flags.alphabet, content);
  const experiment::TextSearch search(alphabet, flags.decoding);
  nlohmann::ordered_json clips = nlohmann::ordered_json::array();
  const auto start = std::chrono::steady_clock::now();
  for (const auto& [id, log_probs] : content.tensors) {
    try {
      clips.push_back(decode_clip(search, alphabet, log_probs, flags));
    } catch (const Error& error) {
      fail(error.kind(), "{}, {}: {}", flags.file, id, error.what());
    }
    clips.back()["id"] = id;
    fmt::print("{}\t{}\n", id, clips.back()["text"].get<std::string>());
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  write_json(flags.json, {{"clips", clips}, {"seconds_searching", seconds.count()}});
}

}  // namespace

void add_decode(CLI::App& program) {
  auto* command =
      program.add_subcommand("decode", "texts of log-probabilities that a CTC recognizer gave");
  const auto flags = std::make_shared<DecodeFlags>();
  command
      ->add_option("FILE",
                   flags->file,
                   "safetensors: a tensor [frames, symbols + blank] of natural logarithms per clip")
      ->required();
  command->add_option(
      "--alphabet",
      flags->alphabet,
      "text file of all symbols in order (default: those in FILE, else space, a to z, "
      "apostrophe)");
  add_decoding_flags(*command, flags->decoding);
  command->add_flag("--greedy", flags->greedy, "the likeliest symbol of every frame, no search");
  add_json_flag(*command, flags->json);
  command->callback([flags] { decode(*flags); });
}

}  // namespace lipsound2::cli
