#include "lipsound2/eval/pesq.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <thread>

#include <gmock/gmock.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"

#include "support/csv_rows.h"

namespace lipsound2::eval {
namespace {

/// The function `talk` of scripts/reference/make_pesq_reference.py.
double talk_at(double t) {
  if (std::fmod(t, 2) >= 1.5)
    return 0;
  const double phase = 2 * M_PI * (120 * t + 3 * std::sin(2 * M_PI * 0.7 * t));
  double tone = 0;
  for (int k = 1; k < 25; ++k)
    tone += std::sin(k * phase) / k;
  return 0.2 * std::pow(std::sin(2 * M_PI * 2 * t), 2) * tone;
}

/// The sound whose sample i is value_at(i).
template <class Value>
audio::Waveform sampled(int rate, double seconds, const Value& value_at) {
  audio::Waveform sound{std::vector<float>(static_cast<std::size_t>(rate * seconds)), rate};
  for (std::size_t i = 0; i < sound.samples.size(); ++i)
    sound.samples[i] = static_cast<float>(value_at(static_cast<double>(i)));
  return sound;
}

audio::Waveform talk(int rate, double seconds) {
  return sampled(rate, seconds, [rate](double i) { return talk_at(i / rate); });
}

/// The function `buzzing` of scripts/reference/make_pesq_reference.py.
audio::Waveform buzzing(int rate, double seconds) {
  return sampled(rate, seconds, [rate](double i) {
    const double t = i / rate;
    return talk_at(t) + 0.02 * std::sin(2 * M_PI * (300 * t + 100 * t * t));
  });
}

/// The function `late` of scripts/reference/make_pesq_reference.py.
audio::Waveform late(int rate, double seconds) {
  audio::Waveform sound = buzzing(rate, seconds);
  sound.samples.insert(sound.samples.begin() + rate * 7 / 4, rate * 3 / 100, 0.0F);
  sound.samples.insert(sound.samples.begin(), rate / 20, 0.0F);
  return sound;
}

/// The function `hiss` of scripts/reference/make_pesq_reference.py.
audio::Waveform hiss(int rate, double seconds) {
  return sampled(rate, seconds, [](double i) {
    const double chaos = 43758.5453 * std::sin(12.9898 * i);
    return 0.2 * (chaos - std::floor(chaos) - 0.5);
  });
}

/// The function `interrupted` of scripts/reference/make_pesq_reference.py.
audio::Waveform interrupted(int rate, double seconds, int place_ms) {
  audio::Waveform sound = hiss(rate, seconds);
  sound.samples.insert(sound.samples.begin() + rate * place_ms / 1000, rate * 6 / 100, 0.0F);
  return sound;
}

// The Python package pesq 0.0.4, printed by scripts/reference/make_pesq_reference.py.
TEST(PesqReference, AgreesOnAddedSound) {
  const auto narrow = [](int rate) {
    return pesq(talk(rate, 6), buzzing(rate, 6), PesqBand::kNarrow).value().mos_lqo;
  };

  EXPECT_NEAR(narrow(8000), 3.234154, 0.01);
  EXPECT_NEAR(narrow(16000), 3.131792, 0.01);
  EXPECT_NEAR(
      pesq(talk(16000, 6), buzzing(16000, 6), PesqBand::kWide).value().mos_lqo, 2.427223, 0.01);
}

TEST(PesqReference, AgreesOnDelaysThatChange) {
  EXPECT_NEAR(
      pesq(talk(16000, 6), late(16000, 6), PesqBand::kNarrow).value().mos_lqo, 3.070639, 0.01);
  EXPECT_NEAR(
      pesq(talk(16000, 6), late(16000, 6), PesqBand::kWide).value().mos_lqo, 2.398999, 0.01);
}

// With the published window of alignment frames the second one scores 3.87.
TEST(PesqReference, AgreesOnADelayThatChangesWithinALongUtterance) {
  const auto narrow = [](double seconds, int place_ms) {
    const audio::Waveform degraded = interrupted(8000, seconds, place_ms);
    return pesq(hiss(8000, seconds), degraded, PesqBand::kNarrow).value().mos_lqo;
  };

  EXPECT_NEAR(narrow(3, 1830), 4.257524, 0.001);
  EXPECT_NEAR(narrow(4.2, 1830), 3.293591, 0.001);
  EXPECT_NEAR(narrow(5, 1890), 3.397394, 0.001);
}

/// One table of scores that lies beside real sounds.
struct PublishedPesq {
  std::string table;
  std::string column;
  PesqBand band;
};

void expect_published_pesq(const PublishedPesq& published) {
  const char* const data = std::getenv("LIPSOUND2_DATA");
  if (!data)
    GTEST_SKIP() << "LIPSOUND2_DATA is not set";
  const std::string folder = std::string(data) + "/metrics/";
  const auto rows = testing::read_csv_rows(folder + published.table);
  ASSERT_FALSE(rows.empty()) << folder + published.table;
  for (const auto& row : rows) {
    const auto score = pesq(audio::read_sound(folder + row.at("ref")),
                            audio::read_sound(folder + row.at("deg")),
                            published.band);
    ASSERT_TRUE(score) << row.at("deg");
    EXPECT_NEAR(score->mos_lqo, std::stod(row.at(published.column)), 0.01) << row.at("deg");
  }
}

// Speech with babble, noise, Griffin-Lim, Opus and a low pass; scores of the code that comes with
// P.862, kept in the tables beside the sounds.
TEST(PesqReference, AgreesOnWideSpeech) {
  expect_published_pesq({"expected.csv", "pesq_wb_16k", PesqBand::kWide});
}

TEST(PesqReference, AgreesOnNarrowSpeechAt16kHz) {
  expect_published_pesq({"expected.csv", "pesq_nb_16k", PesqBand::kNarrow});
}

TEST(PesqReference, AgreesOnNarrowSpeechAt8kHz) {
  expect_published_pesq({"expected_8k.csv", "pesq_nb", PesqBand::kNarrow});
}

// 4.5 through the mappings of P.862.1 and P.862.2.
TEST(Pesq, GivesTheHighestScoreToTheSoundItself) {
  const auto narrow = pesq(talk(8000, 3), talk(8000, 3), PesqBand::kNarrow);
  const auto wide = pesq(talk(16000, 3), talk(16000, 3), PesqBand::kWide);

  EXPECT_NEAR(narrow.value().raw, 4.5, 1e-9);
  EXPECT_NEAR(narrow.value().mos_lqo, 4.548638, 1e-6);
  EXPECT_NEAR(wide.value().raw, 4.5, 1e-9);
  EXPECT_NEAR(wide.value().mos_lqo, 4.643888, 1e-6);
}

TEST(Pesq, DoesNotHearLoudness) {
  audio::Waveform quiet = buzzing(16000, 3);
  for (float& sample : quiet.samples)
    sample *= 0.125F;

  EXPECT_NEAR(pesq(talk(16000, 3), quiet, PesqBand::kWide).value().raw,
              pesq(talk(16000, 3), buzzing(16000, 3), PesqBand::kWide).value().raw,
              1e-6);
}

TEST(Pesq, DoesNotHearDelay) {
  audio::Waveform delayed = talk(16000, 3);
  delayed.samples.insert(delayed.samples.begin(), 1600, 0.0F);

  EXPECT_GT(pesq(talk(16000, 3), delayed, PesqBand::kWide).value().raw, 4.4);
}

TEST(Pesq, GivesTheSameScoreOnEveryThread) {
  const auto reference = talk(16000, 3);
  const auto degraded = late(16000, 3);
  const double alone = pesq(reference, degraded, PesqBand::kWide).value().raw;
  std::vector<double> scores(2);
  std::vector<std::thread> threads;
  for (double& score : scores)
    threads.emplace_back([&] { score = pesq(reference, degraded, PesqBand::kWide).value().raw; });
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_THAT(scores, ::testing::Each(alone));
}

TEST(Pesq, CannotScoreSoundsShorterThanAQuarterSecond) {
  EXPECT_FALSE(pesq(talk(16000, 0.24), talk(16000, 3), PesqBand::kWide));
  EXPECT_FALSE(pesq(talk(16000, 3), {{}, 16000}, PesqBand::kWide));
}

TEST(Pesq, CannotScoreASilentReference) {
  const audio::Waveform silence{std::vector<float>(48000), 16000};

  EXPECT_FALSE(pesq(silence, talk(16000, 3), PesqBand::kNarrow));
}

TEST(Pesq, GivesALowScoreToSilence) {
  const audio::Waveform silence{std::vector<float>(96000), 16000};

  EXPECT_LT(pesq(talk(16000, 6), silence, PesqBand::kNarrow).value().mos_lqo, 2);
}

void expect_pesq_error(const audio::Waveform& reference,
                       const audio::Waveform& degraded,
                       PesqBand band,
                       const std::string& text) {
  try {
    pesq(reference, degraded, band);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr(text));
  }
}

TEST(Pesq, NamesRatesThatDoNotFit) {
  expect_pesq_error(talk(16000, 1),
                    talk(8000, 1),
                    PesqBand::kNarrow,
                    "found 16000 Hz (reference) and 8000 Hz (degraded)");
  expect_pesq_error(talk(8000, 1),
                    talk(8000, 1),
                    PesqBand::kWide,
                    "expected a sample rate of 16000 Hz for wideband PESQ, found 8000 Hz");
  expect_pesq_error(talk(22050, 1),
                    talk(22050, 1),
                    PesqBand::kNarrow,
                    "expected a sample rate of 8000 or 16000 Hz for narrowband PESQ");
}

TEST(Pesq, NamesTheSampleThatIsNotFinite) {
  audio::Waveform broken = talk(16000, 1);
  broken.samples[7] = std::numeric_limits<float>::infinity();

  expect_pesq_error(talk(16000, 1),
                    broken,
                    PesqBand::kWide,
                    "degraded sound: expected finite samples, found inf at 7");
}

}  // namespace
}  // namespace lipsound2::eval
