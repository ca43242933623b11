#include "demo_mouth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

namespace lipsound2::corpora::demo {

namespace {

/// A target, and how hard the phoneme insists on its opening and on its width.
struct MouthTarget {
  MouthShape shape;
  double open_strength = 1;
  double wide_strength = 1;
};

struct MouthEntry {
  std::string_view names;  ///< separated by spaces
  MouthTarget target;
};

constexpr double kHalfLife = 0.028;  ///< seconds in which a pull falls to a half
constexpr double kLead = 0.022;      ///< seconds by which lips and jaw run ahead of the sound
constexpr double kCore = 0.25;  ///< share of a phoneme, on each side of its middle, at full pull
constexpr double kClosureBefore = 0.075;  ///< seconds that a stop is closed before its release
constexpr double kRamp = 0.035;           ///< seconds in which the lips close or part

/// eSpeak's names for the phonemes of English, without length marks and variant numbers, and three
/// of our own for Mandarin. Diphthongs are cut into two of them first.
const std::array kMouthTargets{
    MouthEntry{"_", {{}, 1.5, 0.6}},
    MouthEntry{"i j", {{.jaw = .14, .open = .34, .wide = .95, .teeth = .55}, 1, 1}},
    MouthEntry{"I e", {{.jaw = .26, .open = .42, .wide = .6, .teeth = .25}, 1, .9}},
    MouthEntry{"E", {{.jaw = .5, .open = .6, .wide = .45}, 1, .8}},
    MouthEntry{"a", {{.jaw = .8, .open = .85, .wide = .35}, 1.1, .8}},
    MouthEntry{"A", {{.jaw = 1, .open = 1, .wide = 0}, 1.1, .8}},
    MouthEntry{"V", {{.jaw = .6, .open = .65, .wide = .1}, 1, .7}},
    MouthEntry{"@ 3", {{.jaw = .3, .open = .38}, .8, .5}},
    MouthEntry{"0", {{.jaw = .75, .open = .75, .wide = -.1, .round = .4}, 1, .9}},
    MouthEntry{"O", {{.jaw = .6, .open = .62, .wide = -.3, .round = .75}, 1, 1}},
    MouthEntry{"o", {{.jaw = .42, .open = .48, .wide = -.4, .round = .85}, 1, 1}},
    MouthEntry{"u", {{.jaw = .12, .open = .2, .wide = -.6, .round = 1}, 1, 1.2}},
    MouthEntry{"U", {{.jaw = .2, .open = .26, .wide = -.4, .round = .8}, 1, 1}},
    MouthEntry{"w", {{.jaw = .06, .open = .12, .wide = -.7, .round = 1}, 1.4, 1.4}},
    MouthEntry{"r", {{.jaw = .2, .open = .26, .wide = -.3, .round = .6}, 1, .8}},
    MouthEntry{"p b m", {{.jaw = .04, .open = 0}, 1, .2}},
    MouthEntry{"f v", {{.jaw = .1, .open = .16, .wide = .1}, 1.2, .3}},
    MouthEntry{"T D", {{.jaw = .18, .open = .3, .wide = .1, .tongue = 1}, 1, .3}},
    MouthEntry{"t d", {{.jaw = .14, .open = .26, .wide = .1, .teeth = .5, .tongue = .6}, .9, .25}},
    MouthEntry{"n", {{.jaw = .18, .open = .3, .wide = .1, .tongue = .8}, .9, .25}},
    MouthEntry{"l", {{.jaw = .32, .open = .42, .wide = .1, .tongue = 1}, .9, .3}},
    MouthEntry{"s z", {{.jaw = .04, .open = .26, .wide = .45, .teeth = 1}, 1.1, .5}},
    MouthEntry{"S Z", {{.jaw = .08, .open = .34, .wide = -.3, .round = .8, .teeth = .9}, 1.2, 1.1}},
    MouthEntry{"k g N h |", {{.jaw = .28, .open = .36}, .35, .1}},
    MouthEntry{"x", {{.jaw = .06, .open = .3, .wide = .45, .teeth = .9}, 1.1, .7}},
    MouthEntry{"y", {{.jaw = .1, .open = .16, .wide = -.5, .round = .95}, 1, 1.2}},
    MouthEntry{"Y", {{.jaw = .14, .open = .28, .wide = -.05, .round = .3, .teeth = .6}, 1, .6}},
};

struct MouthSpelling {
  std::string_view name;
  std::string_view parts;
};

/// Names of eSpeak's Mandarin that do not mean the sounds of their letters: x, j, q (spread lips);
/// sh, zh, ch, r (lips pushed forward a little) and the vowel after them; the vowel of zi; e, which
/// is not round; h; yuan; -ong; and the border of syllables, which is no pause.
constexpr std::array kMandarinSpellings{MouthSpelling{"S;", "x"},
                                        MouthSpelling{"tS;", "tx"},
                                        MouthSpelling{"tS;h", "tx"},
                                        MouthSpelling{"s.", "S"},
                                        MouthSpelling{"z.", "Z"},
                                        MouthSpelling{"ts.", "tS"},
                                        MouthSpelling{"ts.h", "tS"},
                                        MouthSpelling{"i.", "Y"},
                                        MouthSpelling{"i[", "z"},
                                        MouthSpelling{"o-", "3"},
                                        MouthSpelling{"X", "h"},
                                        MouthSpelling{"y&", "yE"},
                                        MouthSpelling{"ong", "UN"},
                                        MouthSpelling{"_|", "|"}};

/// Drops what marks length, stress and variants.
std::string plain_name(std::string_view phoneme) {
  std::string plain;
  for (const char c : phoneme)
    if (std::string_view("#:;'-[]2").find(c) == std::string_view::npos)
      plain += c;
  return plain;
}

const MouthTarget* find_target(std::string_view plain) {
  for (const MouthEntry& entry : kMouthTargets) {
    const std::size_t at = entry.names.find(plain);
    if (plain.size() == 1 && at != std::string_view::npos)
      return &entry.target;
  }
  return nullptr;
}

/// What eSpeak calls by two letters moves from the one to the other; pauses begin with "_", and a
/// lone mark (";") is a palatal glide.
std::vector<std::string> parts_of(const std::string& phoneme) {
  const auto spelling = std::ranges::find(kMandarinSpellings, phoneme, &MouthSpelling::name);
  const bool is_spelled = spelling != kMandarinSpellings.end();
  if (!is_spelled && phoneme.starts_with('_'))
    return {"_"};
  std::vector<std::string> parts;
  for (const char c : is_spelled ? std::string(spelling->parts) : plain_name(phoneme))
    parts.emplace_back(1, c);
  if (parts.empty())
    parts.emplace_back("j");
  return parts;
}

const MouthTarget& target_of(const std::string& part) {
  const MouthTarget* target = find_target(part);
  return target ? *target : *find_target("@");
}

/// Sums of pulled shapes and of pulls; separate for what belongs to opening and to width.
struct MouthBlend {
  MouthShape sum;
  double open_pull = 0;
  double wide_pull = 0;

  void add(const MouthTarget& target, double nearness) {
    const double open = nearness * target.open_strength;
    const double wide = nearness * target.wide_strength;
    sum.jaw += open * target.shape.jaw;
    sum.open += open * target.shape.open;
    sum.teeth += open * target.shape.teeth;
    sum.tongue += open * target.shape.tongue;
    sum.wide += wide * target.shape.wide;
    sum.round += wide * target.shape.round;
    open_pull += open;
    wide_pull += wide;
  }

  MouthShape mean() const {
    MouthShape shape;
    shape.jaw = sum.jaw / open_pull;
    shape.open = sum.open / open_pull;
    shape.teeth = sum.teeth / open_pull;
    shape.tongue = sum.tongue / open_pull;
    shape.wide = sum.wide / wide_pull;
    shape.round = sum.round / wide_pull;
    return shape;
  }
};

/// Pull of something that lasts from `begin` to `end`: 1 in its core, halved every kHalfLife away.
double nearness(double begin, double end, double seconds) {
  const double middle = (begin + end) / 2;
  const double distance = std::abs(seconds - middle) - kCore * (end - begin);
  return std::exp2(-std::max(0.0, distance) / kHalfLife);
}

/// 1 between the times, falling smoothly to 0 within kRamp outside of them.
double plateau(double begin, double end, double seconds) {
  const double outside = std::max({begin - seconds, seconds - end, 0.0}) / kRamp;
  return outside >= 1 ? 0.0 : 0.5 + 0.5 * std::cos(outside * 3.141592653589793);
}

double closure_at(const Phoneme& phoneme, double seconds) {
  const std::string name = plain_name(phoneme.name);
  if (name == "p" || name == "ph" || name == "b")
    return plateau(phoneme.begin - kClosureBefore, phoneme.begin, seconds);
  if (name == "m")
    return plateau(phoneme.begin, std::max(phoneme.begin + 0.06, phoneme.end - 0.03), seconds);
  return 0;
}

double bite_at(const Phoneme& phoneme, double seconds) {
  const std::string name = plain_name(phoneme.name);
  return name == "f" || name == "v" ? plateau(phoneme.begin, phoneme.end - 0.02, seconds) : 0.0;
}

MouthShape overlay(MouthShape shape, double pressed, double bite) {
  shape.bite = bite;
  shape.pressed = pressed;
  shape.open *= 1 - pressed;
  shape.open += bite * (0.16 - shape.open);
  shape.jaw *= 1 - 0.75 * std::max(pressed, bite);
  shape.teeth *= 1 - pressed;
  shape.tongue *= (1 - pressed) * (1 - bite);
  return shape;
}

}  // namespace

bool has_mouth_target(const std::string& phoneme) {
  const std::vector<std::string> parts = parts_of(phoneme);
  return !parts.empty() &&
         std::ranges::all_of(parts, [](const std::string& part) { return find_target(part); });
}

MouthShape mouth_at(std::span<const Phoneme> phonemes, double seconds) {
  if (phonemes.empty())
    return {};
  MouthBlend blend;
  const double ahead = seconds + kLead;
  const MouthTarget& rest = target_of("_");
  blend.add(rest, nearness(phonemes.front().begin - 1.1, phonemes.front().begin - 0.1, ahead));
  blend.add(rest, nearness(phonemes.back().end + 0.1, phonemes.back().end + 1.1, ahead));
  double pressed = 0;
  double bite = 0;
  for (const Phoneme& phoneme : phonemes) {
    const std::vector<std::string> parts = parts_of(phoneme.name);
    const double step = (phoneme.end - phoneme.begin) / std::max<double>(1, parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const double begin = phoneme.begin + step * static_cast<double>(i);
      blend.add(target_of(parts[i]), nearness(begin, begin + step, ahead));
    }
    pressed = std::max(pressed, closure_at(phoneme, seconds));
    bite = std::max(bite, bite_at(phoneme, seconds));
  }
  return overlay(blend.mean(), pressed, bite * (1 - pressed));
}

std::vector<MouthShape> mouth_track(std::span<const Phoneme> phonemes,
                                    std::int64_t pictures,
                                    double fps) {
  std::vector<MouthShape> track;
  for (std::int64_t i = 0; i < pictures; ++i)
    track.push_back(mouth_at(phonemes, (static_cast<double>(i) + 0.5) / fps));
  return track;
}

}  // namespace lipsound2::corpora::demo
