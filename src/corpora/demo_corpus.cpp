#include "lipsound2/corpora/demo_corpus.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/progress.h"
#include "lipsound2/core/random.h"

#include "demo_clip.h"

namespace lipsound2::corpora {

namespace demo {

namespace {

struct ClipJob {
  std::int64_t speaker = 1;
  Sentence sentence;
};

void check_config(const DemoCorpusConfig& config) {
  require(config.language == "en",
          ErrorKind::kUsage,
          "demo-corpus --language: expected en, found '{}'",
          config.language);
  require(config.speakers >= 1,
          ErrorKind::kUsage,
          "demo-corpus --speakers: expected at least 1, found {}",
          config.speakers);
  require(config.clips >= config.speakers,
          ErrorKind::kUsage,
          "demo-corpus --clips: expected at least one for each of the {} speakers, found {}",
          config.speakers,
          config.clips);
  require(
      (config.clips - 1) / config.speakers < kSentences,
      ErrorKind::kUsage,
      "demo-corpus --clips: expected at most {} for each of the {} speakers (GRID's grammar has "
      "no more sentences), found {} in all",
      kSentences,
      config.speakers,
      config.clips);
}

std::string note_of(const DemoCorpusConfig& config) {
  return fmt::format(
      "Spoken by eSpeak NG and drawn, in the layout of the GRID corpus. No person is shown.\n"
      "clips {} speakers {} seed {} language {}\n",
      config.clips,
      config.speakers,
      config.seed,
      config.language);
}

void open_folder(const DemoCorpusConfig& config) {
  make_folder(config.out);
  const std::filesystem::path note = config.out / kDemoCorpusNote;
  std::error_code unreadable;
  const bool fresh = std::filesystem::is_empty(config.out, unreadable);
  require(!unreadable,
          ErrorKind::kIo,
          "{}: expected a folder that can be read, found: {}",
          config.out.string(),
          unreadable.message());
  require(fresh || (std::filesystem::exists(note) && read_file(note) == note_of(config)),
          ErrorKind::kUsage,
          "{}: expected a new or empty folder, or one with the same demonstration corpus, found "
          "other files",
          config.out.string());
  write_file(note, note_of(config));
  for (std::int64_t speaker = 1; speaker <= config.speakers; ++speaker) {
    make_folder(config.out / fmt::format("s{}", speaker));
    make_folder(config.out / "alignments" / fmt::format("s{}", speaker));
  }
}

std::vector<ClipJob> plan_clips(const DemoCorpusConfig& config) {
  std::vector<ClipJob> jobs;
  for (std::int64_t speaker = 1; speaker <= config.speakers; ++speaker) {
    const std::int64_t share = (config.clips + config.speakers - speaker) / config.speakers;
    const auto seed =
        lipsound2::mix({config.seed, hash("demo sentences"), static_cast<std::uint64_t>(speaker)});
    for (Sentence& sentence : draw_sentences(share, seed))
      jobs.push_back({speaker, std::move(sentence)});
  }
  return jobs;
}

std::uint64_t seed_of(const DemoCorpusConfig& config, const ClipJob& job) {
  return lipsound2::mix(
      {config.seed, static_cast<std::uint64_t>(job.speaker), hash(job.sentence.id)});
}

void draw_clip(const DemoCorpusConfig& config, const ClipJob& job, const Utterance& clip) {
  const Person person = make_person(job.speaker, config.seed);
  const std::string folder = fmt::format("s{}", job.speaker);
  const std::string& id = job.sentence.id;
  write_clip(config.out / folder / (id + ".mpg"), person, clip, seed_of(config, job));
  write_file(config.out / "alignments" / folder / (id + ".align"), alignment(clip));
}

/// Makes the clips in rounds. The sentences of a round are spoken first, by child processes of a
/// process without other threads: a lock that another thread held at the fork would stay locked in
/// the child for ever. Then threads draw them.
class ClipCrew {
 public:
  explicit ClipCrew(const DemoCorpusConfig& config) : config_(config), jobs_(plan_clips(config)) {}

  void run() {
    Progress progress("demo corpus", static_cast<std::int64_t>(jobs_.size()), "clips");
    for (std::size_t first = 0; first < jobs_.size(); first += kRound) {
      const std::size_t last = std::min(first + kRound, jobs_.size());
      speak(first, last);
      draw(first, last);
      progress.update(static_cast<std::int64_t>(last));
    }
  }

 private:
  static constexpr std::size_t kRound = 16;

  void speak(std::size_t first, std::size_t last) {
    spoken_.clear();
    for (std::size_t i = first; i < last; ++i) {
      const Person person = make_person(jobs_[i].speaker, config_.seed);
      spoken_.push_back(speak_clip(person, jobs_[i].sentence, seed_of(config_, jobs_[i])));
    }
  }

  void draw(std::size_t first, std::size_t last) {
    std::atomic<std::size_t> next{first};
    const auto work = [&] {
      for (std::size_t i = next++; i < last; i = next++)
        draw_clip(config_, jobs_[i], spoken_[i - first]);
    };
    std::vector<std::future<void>> crew;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
      crew.push_back(std::async(std::launch::async, work));
    for (std::future<void>& worker : crew)
      worker.get();
  }

  const DemoCorpusConfig& config_;
  const std::vector<ClipJob> jobs_;
  std::vector<Utterance> spoken_;
};

}  // namespace

}  // namespace demo

void make_demo_corpus(const DemoCorpusConfig& config) {
  demo::check_config(config);
  demo::open_folder(config);
  demo::ClipCrew(config).run();
}

}  // namespace lipsound2::corpora
