#include <fmt/format.h>

#include "lipsound2/core/error.h"
#include "lipsound2/eval/text_metrics.h"
#include "lipsound2/eval/transcript.h"

#include "pairs.h"
#include "scoring.h"

namespace lipsound2::cli {
namespace {

using Texts = std::map<std::string, eval::ClipText>;

Places places_of(const Texts& texts) {
  Places places;
  for (const auto& [id, clip] : texts)
    places[id] = id.empty() ? clip.place : fmt::format("{}: {}", clip.place, id);
  return places;
}

// So that nobody has to guess what was taken for an id.
std::string how_read(const std::string& path, const Texts& texts) {
  if (texts.contains(""))
    return fmt::format("{}: read as one text without id\n", path);
  return fmt::format("{}: read as {} texts with ids, {} to {}\n",
                     path,
                     texts.size(),
                     texts.begin()->first,
                     texts.rbegin()->first);
}

// The alignments of a clip that have errors.
std::string alignments_of(const std::string& id,
                          const eval::ClipText& reference,
                          const eval::ClipText& hypothesis,
                          const std::vector<std::string>& metrics) {
  std::string text;
  for (const std::string& metric : metrics) {
    const auto alignment = eval::align_texts(reference.text, hypothesis.text, metric);
    if (eval::count_errors(alignment).errors() > 0)
      text += fmt::format("{} {}\n{}\n", id, metric, eval::render_alignment(alignment));
  }
  return text;
}

}  // namespace

Scored score_transcripts(const ScoreFlags& flags, const std::vector<std::string>& metrics) {
  const Texts references = eval::read_transcript(flags.reference);
  const Texts hypotheses = eval::read_transcript(flags.degraded);
  Pairing pairing = pair_ids(places_of(references),
                             places_of(hypotheses),
                             flags.allow_unpaired ? Unpaired::kListed : Unpaired::kRefused);
  require(!pairing.ids.empty(),
          ErrorKind::kData,
          "{} and {} have no clip of the same id",
          flags.reference,
          flags.degraded);
  Scored scored;
  scored.details = how_read(flags.reference, references) + how_read(flags.degraded, hypotheses);
  scored.table = eval::empty_text_table(metrics);
  scored.unpaired = std::move(pairing.unpaired);
  for (const std::string& id : pairing.ids) {
    const eval::ClipText& reference = references.at(id);
    const eval::ClipText& hypothesis = hypotheses.at(id);
    // Two single texts have no id.
    const std::string shown =
        id.empty() ? std::filesystem::path(flags.degraded).stem().string() : id;
    scored.table.clips.push_back(
        eval::score_texts(shown, reference.text, hypothesis.text, metrics));
    if (flags.show_alignments)
      scored.details += alignments_of(shown, reference, hypothesis, metrics);
  }
  return scored;
}

}  // namespace lipsound2::cli
