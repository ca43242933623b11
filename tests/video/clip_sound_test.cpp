#include "clip_sound.h"

#include <limits>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

namespace lipsound2::video {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kRate = 16000;

// Every sample has a value of its own.
DecodedSound ramp(std::int64_t samples, double start) {
  DecodedSound sound{{std::vector<float>(static_cast<std::size_t>(samples)), kRate}, start, 1};
  for (std::size_t i = 0; i < sound.wave.samples.size(); ++i)
    sound.wave.samples[i] = 0.01F + static_cast<float>(i) * 1e-5F;
  return sound;
}

std::string error_of(const DecodedSound& sound, double start, std::int64_t samples) {
  try {
    fit_sound(sound, {"clip.mpg", start, samples, kRate});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "no error";
}

TEST(ClipSound, LeavesSoundThatFitsAsItIs) {
  const DecodedSound sound = ramp(16000, 0.5);

  const ClipSound fitted = fit_sound(sound, {"clip.mpg", 0.5, 16000, kRate});

  EXPECT_EQ(fitted.wave.samples, sound.wave.samples);
  EXPECT_THAT(fitted.notes, IsEmpty());
}

TEST(ClipSound, ReflectsTheEdgeWhereSoundIsMissingAtTheEnd) {
  const DecodedSound sound = ramp(47648, 0);  // as GRID: 22 ms short of 3 s

  const ClipSound fitted = fit_sound(sound, {"clip.mpg", 0, 48000, kRate});

  ASSERT_EQ(fitted.wave.samples.size(), 48000U);
  EXPECT_EQ(fitted.wave.samples[47647], sound.wave.samples[47647]);
  EXPECT_EQ(fitted.wave.samples[47648], sound.wave.samples[47646]);
  EXPECT_EQ(fitted.wave.samples[47999], sound.wave.samples[47295]);
  EXPECT_THAT(fitted.notes,
              ElementsAre("sound 22 ms shorter than the picture at the end, edge reflected"));
}

TEST(ClipSound, KeepsItsOffsetAgainstThePicture) {
  const DecodedSound late = ramp(16000, 1.01);

  const ClipSound fitted = fit_sound(late, {"clip.mpg", 1.0, 16000, kRate});

  EXPECT_EQ(fitted.wave.samples[160], late.wave.samples[0]);  // 10 ms later
  EXPECT_EQ(fitted.wave.samples[158], late.wave.samples[2]);
  EXPECT_THAT(fitted.notes, ElementsAre(HasSubstr("10 ms shorter"), HasSubstr("10 ms longer")));
}

TEST(ClipSound, CutsWhatIsBeforeAndAfterThePicture) {
  const DecodedSound sound = ramp(17000, 0);

  const ClipSound fitted = fit_sound(sound, {"clip.mpg", 0.03, 16000, kRate});

  EXPECT_EQ(fitted.wave.samples.front(), sound.wave.samples[480]);
  EXPECT_EQ(fitted.wave.samples.back(), sound.wave.samples[480 + 15999]);
}

TEST(ClipSoundFault, RefusesSoundThatDisagreesByMoreThanEightyMilliseconds) {
  EXPECT_THAT(error_of(ramp(16000, 0), 0, 17296),
              AllOf(HasSubstr("clip.mpg"), HasSubstr("81 ms shorter at the end")));
  EXPECT_THAT(error_of(ramp(17296, 0), 0, 16000), HasSubstr("81 ms longer at the end"));
  EXPECT_THAT(error_of(ramp(16000, 0.5), 0, 16000), HasSubstr("500 ms shorter at the start"));
}

TEST(ClipSoundFault, RefusesSilenceAndWhatIsNoSound) {
  DecodedSound quiet = ramp(16000, 0);
  for (float& sample : quiet.wave.samples)
    sample = 9e-4F;
  DecodedSound broken = ramp(16000, 0);
  broken.wave.samples[7] = std::numeric_limits<float>::quiet_NaN();

  EXPECT_THAT(error_of(quiet, 0, 16000), HasSubstr("silence"));
  EXPECT_THAT(error_of(broken, 0, 16000), HasSubstr("no numbers"));
  EXPECT_THAT(error_of({}, 0, 16000), HasSubstr("no sound stream"));
}

}  // namespace
}  // namespace lipsound2::video
