#include "lipsound2/corpora/demo_corpus.h"

#include <algorithm>
#include <atomic>
#include <chrono>
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

/// Names the settings, so that two corpora are never mixed in one folder.
constexpr const char* kNoteName = "demo_corpus.txt";

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
  const std::filesystem::path note = config.out / kNoteName;
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

void make_clip(const DemoCorpusConfig& config, const ClipJob& job) {
  const Sentence& sentence = job.sentence;
  const auto seed =
      lipsound2::mix({config.seed, static_cast<std::uint64_t>(job.speaker), hash(sentence.id)});
  const Person person = make_person(job.speaker, config.seed);
  const Utterance clip = speak_clip(person, sentence, seed);
  const std::string folder = fmt::format("s{}", job.speaker);
  write_clip(config.out / folder / (sentence.id + ".mpg"), person, clip, seed);
  write_file(config.out / "alignments" / folder / (sentence.id + ".align"), alignment(clip));
}

/// Hands out the clips to its threads, and stops early when one of them fails.
class ClipCrew {
 public:
  explicit ClipCrew(const DemoCorpusConfig& config) : config_(config), jobs_(plan_clips(config)) {}

  void run() {
    Progress progress("demo corpus", static_cast<std::int64_t>(jobs_.size()), "clips");
    std::vector<std::future<void>> crew;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
      crew.push_back(std::async(std::launch::async, [this] { work(); }));
    for (std::future<void>& worker : crew)
      while (worker.wait_for(std::chrono::milliseconds(200)) != std::future_status::ready)
        progress.update(done_);
    for (std::future<void>& worker : crew)
      worker.get();
    progress.update(done_);
  }

 private:
  void work() {
    try {
      for (std::size_t i = next_++; i < jobs_.size(); i = next_++) {
        make_clip(config_, jobs_[i]);
        ++done_;
      }
    } catch (...) {
      next_ = jobs_.size();
      throw;
    }
  }

  const DemoCorpusConfig& config_;
  const std::vector<ClipJob> jobs_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::int64_t> done_{0};
};

}  // namespace

}  // namespace demo

void make_demo_corpus(const DemoCorpusConfig& config) {
  demo::check_config(config);
  demo::open_folder(config);
  demo::ClipCrew(config).run();
}

}  // namespace lipsound2::corpora
