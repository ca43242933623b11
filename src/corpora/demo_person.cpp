#include "demo_person.h"

#include <array>

#include "lipsound2/core/random.h"

namespace lipsound2::corpora::demo {

namespace {

struct Complexion {
  Color skin;
  Color lips;
};

constexpr std::array kComplexions{Complexion{{236, 194, 168}, {196, 104, 100}},
                                  Complexion{{214, 164, 132}, {172, 88, 82}},
                                  Complexion{{246, 210, 188}, {208, 118, 116}},
                                  Complexion{{184, 132, 100}, {142, 70, 66}},
                                  Complexion{{226, 180, 148}, {184, 92, 90}},
                                  Complexion{{200, 148, 114}, {156, 78, 74}},
                                  Complexion{{240, 202, 172}, {202, 108, 108}}};
constexpr std::array<Color, 6> kHairColors{
    {{52, 36, 28}, {124, 80, 46}, {28, 24, 26}, {176, 132, 76}, {92, 56, 36}, {130, 124, 120}}};
constexpr std::array<Color, 4> kIrises{{{92, 62, 40}, {74, 108, 138}, {86, 104, 70}, {58, 42, 32}}};
constexpr std::array<Color, 9> kShirts{{{58, 84, 128},
                                        {150, 52, 58},
                                        {66, 110, 84},
                                        {206, 200, 190},
                                        {72, 66, 80},
                                        {196, 142, 62},
                                        {104, 74, 120},
                                        {44, 52, 60},
                                        {124, 160, 186}}};
constexpr std::array<Color, 8> kBackgrounds{{{70, 152, 196},
                                             {168, 178, 172},
                                             {104, 160, 130},
                                             {196, 180, 152},
                                             {126, 138, 176},
                                             {180, 150, 160},
                                             {150, 190, 204},
                                             {140, 132, 120}}};
constexpr std::array kWomensHair{HairStyle::kLong, HairStyle::kBob, HairStyle::kBun};
constexpr std::array kMensHair{HairStyle::kShort, HairStyle::kSwept, HairStyle::kCropped};
constexpr std::array kWomensVoices{
    "en-us+f2", "en+f4", "en-gb-x-rp+f1", "en-us+f3", "en+f5", "en-us+f1"};
constexpr std::array kMensVoices{
    "en-us+m3", "en+m1", "en-us+m7", "en-gb-x-rp+m4", "en-us+m2", "en+m6"};

template <class Table>
const auto& pick(const Table& table, std::int64_t index) {
  return table[static_cast<std::size_t>(index) % table.size()];
}

/// `value` within a few percent, drawn evenly.
double vary(Rng& rng, double value, double share) {
  return value * rng.uniform(1 - share, 1 + share);
}

Color vary(Rng& rng, const Color& color) {
  return shade(color, rng.uniform(0.95, 1.03));
}

Look draw_look(std::int64_t index, Rng& rng) {
  const bool woman = index % 2 == 0;
  const Complexion& complexion = pick(kComplexions, index);
  Look look;
  look.skin = vary(rng, complexion.skin);
  look.lips = shade(complexion.lips, woman ? 0.96 : 1.02);
  look.hair = vary(rng, pick(kHairColors, index));
  look.iris = pick(kIrises, index);
  look.shirt = vary(rng, pick(kShirts, index));
  look.background = vary(rng, pick(kBackgrounds, index));
  look.hair_style = pick(woman ? kWomensHair : kMensHair, index / 2);
  look.size = vary(rng, woman ? 60 : 62, 0.03);
  look.jaw_width = vary(rng, woman ? 0.96 : 1.06, 0.05);
  look.length = vary(rng, 1, 0.04);
  look.eye_distance = vary(rng, 0.42, 0.05);
  look.eye_size = vary(rng, woman ? 0.21 : 0.195, 0.05);
  look.brow_weight = vary(rng, woman ? 0.8 : 1.15, 0.12);
  look.nose_width = vary(rng, woman ? 0.19 : 0.21, 0.08);
  look.mouth_width = vary(rng, 0.345, 0.05);
  look.lip_fullness = vary(rng, woman ? 1.12 : 0.98, 0.08);
  return look;
}

VoiceStyle draw_voice(std::int64_t index, Rng& rng) {
  const bool woman = index % 2 == 0;
  VoiceStyle voice;
  voice.name = pick(woman ? kWomensVoices : kMensVoices, index / 2);
  voice.pitch = static_cast<int>(rng.uniform(40, 60));
  voice.pitch_range = static_cast<int>(rng.uniform(40, 60));
  voice.words_per_minute = static_cast<int>(rng.uniform(118, 136));
  return voice;
}

}  // namespace

Person make_person(std::int64_t speaker, std::uint64_t seed) {
  Rng rng(lipsound2::mix({seed, hash("demo person"), static_cast<std::uint64_t>(speaker)}));
  const std::int64_t index = speaker - 1;
  Person person;
  person.look = draw_look(index, rng);
  person.voice = draw_voice(index, rng);
  return person;
}

}  // namespace lipsound2::corpora::demo
