#include "lipsound2/corpora/demo_corpus.h"

#include <system_error>
#include <vector>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/random.h"

#include "demo_clip.h"
#include "demo_crew.h"
#include "demo_news.h"
#include "demo_person.h"
#include "demo_sentence.h"

namespace lipsound2::corpora {

namespace demo {

namespace {

struct ClipJob {
  std::int64_t speaker = 1;
  Sentence sentence;
};

void check_grid(const DemoCorpusConfig& config) {
  require(config.sentences.empty() && config.characters == 0,
          ErrorKind::kUsage,
          "demo-corpus: expected --sentences and --characters with --language cmn alone: in "
          "English the sentences are GRID's");
  require(
      (config.clips - 1) / config.speakers < kSentences,
      ErrorKind::kUsage,
      "demo-corpus --clips: expected at most {} for each of the {} speakers (GRID's grammar has "
      "no more sentences), found {} in all",
      kSentences,
      config.speakers,
      config.clips);
}

void check_news(const DemoCorpusConfig& config) {
  require(!config.sentences.empty(),
          ErrorKind::kUsage,
          "demo-corpus --language cmn: expected --sentences FILE with Chinese sentences, one a "
          "line, such as the transcripts of CMLR, found none");
  require(config.characters >= 0,
          ErrorKind::kUsage,
          "demo-corpus --characters: expected at least 0, found {}",
          config.characters);
}

void check_config(const DemoCorpusConfig& config) {
  require(config.language == "en" || config.language == "cmn",
          ErrorKind::kUsage,
          "demo-corpus --language: expected en or cmn, found '{}'",
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
  config.language == "en" ? check_grid(config) : check_news(config);
}

/// What a corpus is told from another one by.
std::string note_of(const DemoCorpusConfig& config, const std::vector<std::string>& texts) {
  std::string note = fmt::format(
      "Spoken by eSpeak NG and drawn, in the layout of the {} corpus. No person is shown.\n"
      "clips {} speakers {} seed {} language {}\n",
      config.language == "en" ? "GRID" : "CMLR",
      config.clips,
      config.speakers,
      config.seed,
      config.language);
  if (!texts.empty())
    note += fmt::format(
        "sentences {} {:016x}\n", texts.size(), hash(fmt::format("{}", fmt::join(texts, " "))));
  return note;
}

void open_folder(const DemoCorpusConfig& config, const std::string& note) {
  make_folder(config.out);
  const std::filesystem::path file = config.out / kDemoCorpusNote;
  std::error_code unreadable;
  const bool fresh = std::filesystem::is_empty(config.out, unreadable);
  require(!unreadable,
          ErrorKind::kIo,
          "{}: expected a folder that can be read, found: {}",
          config.out.string(),
          unreadable.message());
  require(fresh || (std::filesystem::exists(file) && read_file(file) == note),
          ErrorKind::kUsage,
          "{}: expected a new or empty folder, or one with the same demonstration corpus, found "
          "other files",
          config.out.string());
  write_file(file, note);
}

void make_grid_folders(const DemoCorpusConfig& config) {
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

void write_grid_clip(const DemoCorpusConfig& config, const ClipJob& job, const Utterance& clip) {
  const Person person = make_person(job.speaker, config.seed);
  const std::string folder = fmt::format("s{}", job.speaker);
  const std::string& id = job.sentence.id;
  write_clip(config.out / folder / (id + ".mpg"), person, clip, seed_of(config, job));
  write_file(config.out / "alignments" / folder / (id + ".align"), alignment(clip));
}

void make_grid(const DemoCorpusConfig& config) {
  make_grid_folders(config);
  const std::vector<ClipJob> jobs = plan_clips(config);
  const auto say = [&](std::size_t i) {
    const Person person = make_person(jobs[i].speaker, config.seed);
    return speak_clip(person, jobs[i].sentence, seed_of(config, jobs[i]));
  };
  make_clips(jobs.size(), say, [&](std::size_t i, const Utterance& clip) {
    write_grid_clip(config, jobs[i], clip);
  });
}

}  // namespace

}  // namespace demo

void make_demo_corpus(const DemoCorpusConfig& config) {
  demo::check_config(config);
  const bool is_english = config.language == "en";
  const auto texts = is_english ? std::vector<std::string>() : demo::news_texts(config);
  demo::open_folder(config, demo::note_of(config, texts));
  is_english ? demo::make_grid(config) : demo::make_news(config, texts);
}

}  // namespace lipsound2::corpora
