#include "demo_news.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "lipsound2/audio/resample.h"
#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/random.h"
#include "lipsound2/core/utf8.h"

#include "demo_clip.h"
#include "demo_crew.h"
#include "demo_person.h"
#include "demo_texts.h"

namespace lipsound2::corpora::demo {

namespace {

constexpr int kNewsRate = 16000;
constexpr std::int64_t kSectionsPerDay = 20;

struct NewsJob {
  std::int64_t speaker = 1;
  std::int64_t number = 0;  ///< among the clips of the speaker, from 0
  std::string list;         ///< train.csv, val.csv or test.csv
  Sentence sentence;
  std::uint64_t seed = 0;
};

/// The speaker of the same look and build, reading the news: in Mandarin, and one and a half times
/// as fast as the words of GRID.
Person newsreader(std::int64_t speaker, std::uint64_t seed) {
  Person person = make_person(speaker, seed);
  const std::string& voice = person.voice.name;
  person.voice.name = "cmn-latn-pinyin" + voice.substr(voice.find('+'));
  person.voice.words_per_minute = person.voice.words_per_minute * 3 / 2;
  return person;
}

Sentence news_sentence(const std::string& text) {
  Sentence sentence{.id = text, .words = {}, .spoken = text};
  for (const char32_t code : decode_utf8(text))
    sentence.words.push_back(encode_utf8({&code, 1}));
  return sentence;
}

/// Of twenty sentences, whoever says them, one is for validation and two are for testing.
const char* list_of(std::size_t text) {
  switch (text % 20) {
    case 0:
      return "val.csv";
    case 1:
    case 2:
      return "test.csv";
    default:
      return "train.csv";
  }
}

/// Each round of the speakers through the texts begins with another speaker, so that nobody says a
/// sentence twice.
std::vector<NewsJob> plan_news(const DemoCorpusConfig& config,
                               const std::vector<std::string>& texts) {
  const auto speakers = static_cast<std::size_t>(config.speakers);
  std::vector<std::int64_t> clips(speakers);
  std::vector<NewsJob> jobs;
  for (std::size_t i = 0; i < static_cast<std::size_t>(config.clips); ++i) {
    const std::size_t text = i % texts.size();
    const std::size_t speaker = (text + i / texts.size()) % speakers;
    jobs.push_back({.speaker = static_cast<std::int64_t>(speaker) + 1,
                    .number = clips[speaker]++,
                    .list = list_of(text),
                    .sentence = news_sentence(texts[text]),
                    .seed = lipsound2::mix({config.seed, speaker, hash(texts[text])})});
  }
  return jobs;
}

struct ClipName {
  std::string speaker;  ///< "s1"
  std::string date;     ///< "20170101"
  std::string stem;     ///< "section_1_000.80_002.91"
};

/// In CMLR's way: the date of the programme, the section, and where in it the clip begins and ends.
ClipName name_clip(const NewsJob& job, double seconds) {
  const std::int64_t day = job.number / kSectionsPerDay;
  Rng rng(lipsound2::mix({job.seed, hash("section")}));
  const double begin = rng.uniform(0, 60);
  return {fmt::format("s{}", job.speaker),
          fmt::format("{}{:02}{:02}", 2017 + day / 336, 1 + day / 28 % 12, 1 + day % 28),
          fmt::format("section_{}_{:06.2f}_{:06.2f}",
                      1 + job.number % kSectionsPerDay,
                      begin,
                      begin + seconds)};
}

/// The sentence, and below it "begin end character" in seconds.
std::string news_transcript(const NewsJob& job, const Utterance& clip) {
  std::string text = job.sentence.id + "\n";
  for (const SpokenWord& word : clip.words)
    text += fmt::format("{:.2f} {:.2f} {}\n", word.begin, word.end, word.text);
  return text;
}

void write_news_clip(const DemoCorpusConfig& config, const NewsJob& job, const Utterance& clip) {
  const ClipName name = name_clip(job, clip.sound.seconds());
  const auto file = [&](const char* tree, const char* ending) {
    const auto folder = config.out / tree / name.speaker / name.date;
    make_folder(folder);
    return folder / (name.stem + ending);
  };
  const Person person = newsreader(job.speaker, config.seed);
  write_silent_clip(file("video", ".mp4"), person, clip, job.seed);
  audio::write_wav(file("audio", ".wav"), audio::resample(clip.sound, kNewsRate));
  write_file(file("text", ".txt"), news_transcript(job, clip));
}

}  // namespace

std::vector<std::string> news_texts(const DemoCorpusConfig& config) {
  std::vector<std::string> texts = read_chinese_texts(config.sentences);
  if (config.characters > 0)
    texts = of_few_characters(std::move(texts), config.characters);
  const auto most = static_cast<std::int64_t>(texts.size()) * config.speakers;
  require(config.clips <= most,
          ErrorKind::kUsage,
          "demo-corpus --clips: expected at most {} ({} of {} sentences), found {}",
          most,
          config.speakers == 1 ? "one speaker" : fmt::format("{} speakers", config.speakers),
          texts.size(),
          config.clips);
  Rng rng(lipsound2::mix({config.seed, hash("demo news")}));
  rng.shuffle(texts);
  return texts;
}

void make_news(const DemoCorpusConfig& config, const std::vector<std::string>& texts) {
  const std::vector<NewsJob> jobs = plan_news(config, texts);
  std::map<std::string, std::string> lists{{"train.csv", ""}, {"val.csv", ""}, {"test.csv", ""}};
  const auto say = [&](std::size_t i) {
    const NewsJob& job = jobs[i];
    Utterance clip = speak_whole_clip(newsreader(job.speaker, config.seed), job.sentence, job.seed);
    const ClipName name = name_clip(job, clip.sound.seconds());
    lists[job.list] += fmt::format("{}/{}_{}\n", name.speaker, name.date, name.stem);
    return clip;
  };
  make_clips(jobs.size(), say, [&](std::size_t i, const Utterance& clip) {
    write_news_clip(config, jobs[i], clip);
  });
  for (const auto& [list, ids] : lists)
    write_file(config.out / list, ids);
}

}  // namespace lipsound2::corpora::demo
