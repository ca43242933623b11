#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lipsound2::experiment {

/// Of the shards that a corpus is written in.
inline constexpr std::size_t kCorpusShardBytes = std::size_t{256} << 20;

/// A corpus whose sound is to be generated from its pictures.
struct GenerationRequest {
  std::string run;                      ///< lip2mel run or checkpoint; empty: the latest run
  std::filesystem::path manifest;       ///< of the corpus
  std::vector<std::string> splits;      ///< of it; empty: all
  std::filesystem::path out;            ///< folder for shards/NNNNN.tar and manifest.jsonl
  std::string vocoder = "griffin-lim";  ///< or a run or checkpoint of a vocoder
  std::size_t shard_bytes = kCorpusShardBytes;  ///< after which a new shard begins
};

/// Writes the clips with their pictures, texts and splits, but generated sound; returns the new
/// manifest, which is written last. A killed call that is made again goes on behind the last shard
/// that was finished, with the same bytes. Throws kUsage when there is a corpus already, or an
/// unfinished one of another request; kData for a split that is not there and clips that cannot be
/// read.
std::filesystem::path generate_corpus(const GenerationRequest& request);

}  // namespace lipsound2::experiment
