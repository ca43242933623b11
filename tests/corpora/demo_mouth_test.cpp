#include "demo_mouth.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>

#include "demo_clip.h"

namespace lipsound2::corpora::demo {
namespace {

TEST(DemoMouth, IsClosedInSilence) {
  const std::vector<Phoneme> speech{{"A:", 1.0, 1.3}};

  EXPECT_LT(mouth_at(speech, 0.5).open, 0.01);
  EXPECT_LT(mouth_at(speech, 2.0).open, 0.01);
  EXPECT_GT(mouth_at(speech, 1.15).open, 0.8);
}

TEST(DemoMouth, ClosesForBilabialsWhateverTheNeighbors) {
  for (const char* bilabial : {"p", "b", "m"}) {
    const double length = bilabial[0] == 'm' ? 0.08 : 0.02;
    const std::vector<Phoneme> speech{
        {"A:", 0.0, 1.0}, {bilabial, 1.0, 1.0 + length}, {"A:", 1.0 + length, 2.0}};
    double least = 1;
    for (const MouthShape& shape : mouth_track(speech, 50, 25))
      least = std::min(least, shape.open);
    EXPECT_LT(least, 0.02) << bilabial;
  }
}

TEST(DemoMouth, BitesForFAndRoundsForUAndSpreadsForI) {
  const std::vector<Phoneme> speech{
      {"E", 0.0, 0.2}, {"f", 0.2, 0.3}, {"u:", 0.3, 0.6}, {"i:", 0.6, 0.9}};

  EXPECT_GT(mouth_at(speech, 0.25).bite, 0.9);
  EXPECT_GT(mouth_at(speech, 0.45).round, 0.7);
  EXPECT_GT(mouth_at(speech, 0.75).wide, 0.6);
}

TEST(DemoMouth, MovesFromTheFirstToTheSecondHalfOfADiphthong) {
  const std::vector<Phoneme> speech{{"aI", 0.0, 0.4}};

  EXPECT_GT(mouth_at(speech, 0.08).jaw, mouth_at(speech, 0.32).jaw + 0.2);
}

TEST(DemoMouth, KnowsEspeaksNamesButNotNonsense) {
  EXPECT_TRUE(has_mouth_target("tS"));
  EXPECT_TRUE(has_mouth_target("_:"));
  EXPECT_TRUE(has_mouth_target("a#"));
  EXPECT_FALSE(has_mouth_target("%"));
}

/// All names that eSpeak NG 1.51 uses for the 20418 lines of CMLR's test list, voice
/// cmn-latn-pinyin.
TEST(DemoMouth, KnowsEspeaksNamesForMandarin) {
  for (const char* name :
       {";",   "@",   "@r", "A",  "Au",  "N",  "N-", "S;", "X",   "_",    "_:",   "_|",
        "a",   "ai",  "ei", "f",  "i",   "i.", "iA", "iE", "i[",  "iou",  "j",    "k",
        "kh",  "l",   "m",  "n",  "o",   "o-", "ou", "p",  "ph",  "ong",  "s",    "s.",
        "t",   "tS;", "th", "ts", "ts.", "u",  "u@", "ua", "tsh", "ts.h", "tS;h", "uai",
        "uei", "uo",  "w",  "y",  "y&",  "y@", "yE", "yi", "yu",  "z."})
    EXPECT_TRUE(has_mouth_target(name)) << name;
}

TEST(DemoMouth, ShapesMandarinOtherwiseThanItsLettersAndDoesNotShutBetweenSyllables) {
  const std::vector<Phoneme> speech{{"S;", 0.0, 0.2},
                                    {"A", 0.2, 0.5},
                                    {"_|", 0.5, 0.54},
                                    {"A", 0.54, 0.8},
                                    {"ph", 0.9, 1.0},
                                    {"y", 1.0, 1.3}};

  EXPECT_GT(mouth_at(speech, 0.08).wide, 0.3);  // x: spread; the S of English is pushed forward
  EXPECT_GT(mouth_at(speech, 0.5).open, 0.5);
  EXPECT_LT(mouth_at(speech, 0.86).open, 0.02);
  EXPECT_GT(mouth_at(speech, 1.15).round, 0.8);
}

/// Loudness of the sound during each picture.
std::vector<double> envelope(const audio::Waveform& sound, std::size_t pictures) {
  std::vector<double> loudness(pictures);
  const std::size_t span = sound.samples.size() / pictures;
  for (std::size_t i = 0; i < pictures * span; ++i)
    loudness[i / span] += sound.samples[i] * sound.samples[i];
  for (double& value : loudness)
    value = std::sqrt(value / static_cast<double>(span));
  return loudness;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto mean = [](const std::vector<double>& x) {
    double sum = 0;
    for (const double value : x)
      sum += value;
    return sum / static_cast<double>(x.size());
  };
  const double mean_a = mean(a), mean_b = mean(b);
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

TEST(DemoMouth, OpensWhenTheSoundIsLoud) {
  constexpr int kLags = 4;
  std::vector<double> mean(2 * kLags + 1);
  for (std::int64_t speaker = 1; speaker <= 6; ++speaker) {
    const Utterance clip =
        speak_clip(make_person(speaker, 1), make_sentence(9973 * speaker), /*seed=*/7);
    const std::vector<double> loudness = envelope(clip.sound, kPicturesPerClip);
    for (int lag = -kLags; lag <= kLags; ++lag) {
      std::vector<double> open;
      for (int i = 0; i < kPicturesPerClip; ++i)
        open.push_back(mouth_at(clip.phonemes, (i + 0.5 + lag) / kPicturesPerSecond).open);
      mean[static_cast<std::size_t>(lag + kLags)] += correlation(open, loudness) / 6;
    }
  }
  const auto peak = std::ranges::max_element(mean) - mean.begin() - kLags;

  EXPECT_LE(std::abs(peak), 1);
  EXPECT_GT(mean[kLags], 0.5);
}

}  // namespace
}  // namespace lipsound2::corpora::demo
