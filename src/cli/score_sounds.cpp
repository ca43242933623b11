#include <atomic>
#include <cmath>
#include <thread>

#include <ATen/Parallel.h>
#include <malloc.h>

#include "lipsound2/audio/resample.h"
#include "lipsound2/audio/sound_stream.h"
#include "lipsound2/core/error.h"
#include "lipsound2/eval/sound_metrics.h"

#include "scoring.h"
#include "sound_pairs.h"

namespace lipsound2::cli {
namespace {

namespace fs = std::filesystem;

// What had to be done to compare the two sounds, for the clip's note.
class Reconciliation {
 public:
  audio::Waveform read(const fs::path& file, const char* which) {
    audio::SoundReader reader(file);
    if (reader.channels() > 1)
      add(fmt::format("{}: {} channels averaged", which, reader.channels()));
    return reader.read_rest();
  }

  audio::Waveform at_rate(audio::Waveform degraded, int rate) {
    if (degraded.rate == rate)
      return degraded;
    add(fmt::format("degraded: resampled from {} to {} Hz", degraded.rate, rate));
    return audio::resample(degraded, rate);
  }

  void compare_lengths(const audio::Waveform& reference, const audio::Waveform& degraded) {
    const double ms = 1000 * (degraded.seconds() - reference.seconds());
    if (reference.samples.size() != degraded.samples.size())
      add(fmt::format("degraded is {:.1f} ms {}", std::abs(ms), ms > 0 ? "longer" : "shorter"));
  }

  const std::string& note() const { return note_; }

 private:
  void add(const std::string& text) { note_ += (note_.empty() ? "" : "; ") + text; }

  std::string note_;
};

eval::ClipScores score_pair(const SoundPair& pair, const std::vector<std::string>& metrics) {
  Reconciliation reconciliation;
  const audio::Waveform reference = reconciliation.read(pair.reference, "reference");
  const audio::Waveform degraded =
      reconciliation.at_rate(reconciliation.read(pair.degraded, "degraded"), reference.rate);
  reconciliation.compare_lengths(reference, degraded);
  eval::ClipScores clip = eval::score_sounds(pair.id, reference, degraded, metrics);
  clip.note = reconciliation.note();
  return clip;
}

// A file that cannot be read fails its clip, not the others; of a single pair it is the error.
eval::ClipScores score_one_of(const std::vector<SoundPair>& pairs,
                              std::size_t i,
                              const std::vector<std::string>& metrics) {
  if (pairs.size() == 1)
    return score_pair(pairs[i], metrics);
  try {
    return score_pair(pairs[i], metrics);
  } catch (const Error& error) {
    eval::ClipScores clip;
    clip.id = pairs[i].id;
    clip.failure = error.what();
    return clip;
  }
}

/// Instead of the one that main() keeps for training: from that they would wait for each other and
/// take over memory that lies in the other core's cache.
void give_threads_arenas(std::int64_t threads) {
  mallopt(M_ARENA_MAX, static_cast<int>(1 + threads));
}

std::vector<eval::ClipScores> score_all(const std::vector<SoundPair>& pairs,
                                        const std::vector<std::string>& metrics,
                                        std::int64_t jobs) {
  if (pairs.size() == 1)
    return {score_one_of(pairs, 0, metrics)};
  std::vector<eval::ClipScores> clips(pairs.size());
  give_threads_arenas(jobs);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    at::set_num_threads(1);  // of this thread: the pairs are what runs in parallel
    for (std::size_t i = next++; i < pairs.size(); i = next++)
      clips[i] = score_one_of(pairs, i, metrics);
  };
  {
    std::vector<std::jthread> threads;
    for (std::int64_t i = 0; i < jobs; ++i)
      threads.emplace_back(work);
  }
  return clips;
}

}  // namespace

Scored score_sound_files(const ScoreFlags& flags, const std::vector<std::string>& metrics) {
  SoundPairing pairing = pair_sounds(flags.reference,
                                     flags.degraded,
                                     flags.allow_unpaired ? Unpaired::kListed : Unpaired::kRefused);
  Scored scored;
  scored.table = eval::empty_table(metrics);
  scored.table.clips = score_all(pairing.pairs, metrics, flags.jobs);
  scored.unpaired = std::move(pairing.unpaired);
  return scored;
}

}  // namespace lipsound2::cli
