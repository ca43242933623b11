#pragma once

#include <string>
#include <vector>

#include "lipsound2/corpora/demo_corpus.h"

namespace lipsound2::corpora::demo {

/// The sentences that a Mandarin demonstration corpus is spoken from, in the order of its seed.
/// Throws kUsage where there are too few for so many clips, kData and kIo for their file.
std::vector<std::string> news_texts(const DemoCorpusConfig& config);

/// Writes the clips and the lists, as make_demo_corpus() says, into a folder that is there.
void make_news(const DemoCorpusConfig& config, const std::vector<std::string>& texts);

}  // namespace lipsound2::corpora::demo
