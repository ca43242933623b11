#include "lipsound2/eval/text_alignment.h"

#include <gmock/gmock.h>

namespace lipsound2::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Unit = AlignedUnit;

TEST(AlignUnits, NamesEveryStep) {
  const auto alignment =
      align_units({"bin", "blue", "at", "f", "two"}, {"bin", "at", "f", "s", "now"});

  EXPECT_THAT(alignment,
              ElementsAre(Unit{EditKind::kHit, "bin", "bin"},
                          Unit{EditKind::kDeletion, "blue", ""},
                          Unit{EditKind::kHit, "at", "at"},
                          Unit{EditKind::kHit, "f", "f"},
                          Unit{EditKind::kInsertion, "", "s"},
                          Unit{EditKind::kSubstitution, "two", "now"}));
}

TEST(AlignUnits, DeletesAllWhenNothingWasHeard) {
  EXPECT_THAT(align_units({"a", "b"}, {}),
              ElementsAre(Unit{EditKind::kDeletion, "a", ""}, Unit{EditKind::kDeletion, "b", ""}));
}

TEST(AlignUnits, InsertsAllWhenNothingWasSaid) {
  EXPECT_THAT(align_units({}, {"a"}), ElementsAre(Unit{EditKind::kInsertion, "", "a"}));
  EXPECT_THAT(align_units({}, {}), IsEmpty());
}

// Three substitutions cost 12 under sclite's weights, as do two deletions with two insertions.
TEST(AlignUnits, WeighsSubstitutionsAsScliteDoes) {
  const TextUnits reference{"a", "b", "c", "d", "e"};
  const TextUnits hypothesis{"c", "d", "e", "f", "g"};

  EXPECT_THAT(align_units(reference, hypothesis, AlignmentRule::kSclite),
              ElementsAre(Unit{EditKind::kDeletion, "a", ""},
                          Unit{EditKind::kDeletion, "b", ""},
                          Unit{EditKind::kHit, "c", "c"},
                          Unit{EditKind::kHit, "d", "d"},
                          Unit{EditKind::kHit, "e", "e"},
                          Unit{EditKind::kInsertion, "", "f"},
                          Unit{EditKind::kInsertion, "", "g"}));
}

TEST(RenderAlignment, SetsUnitsUnderEachOther) {
  EXPECT_EQ(render_alignment(
                align_units({"bin", "blue", "at", "f", "two"}, {"bin", "at", "f", "s", "now"})),
            "REF:  bin blue at f * two\n"
            "HYP:  bin **** at f s now\n"
            "EVAL:     D         I S\n");
}

TEST(RenderAlignment, GivesChineseCharactersTwoColumns) {
  EXPECT_EQ(render_alignment(align_units({"你", "好", "吗"}, {"你", "a", "吗"})),
            "REF:  你 好 吗\n"
            "HYP:  你 a  吗\n"
            "EVAL:    S\n");
}

TEST(RenderAlignment, HasEmptyLinesForEmptyTexts) {
  EXPECT_EQ(render_alignment({}), "REF:\nHYP:\nEVAL:\n");
}

}  // namespace
}  // namespace lipsound2::eval
