#include "lipsound2/data/loader.h"

namespace lipsound2::data {

void AugmentConfig::visit(config::FieldVisitor& v) {
  v.field("random_crop", random_crop, "cut the pictures at a random place, else in the center");
  v.field("flip", flip, "probability of a mirror image", {0, 1});
  v.field("brightness", brightness, "largest shift, as a share of the full range", {0, 1});
  v.field("contrast", contrast, "largest relative change around the mean of the clip", {0, 1});
  v.field("blank_frames", blank_frames, "at most so many pictures in a row are blanked", {0, 1000});
  v.field("blank", blank, "probability of a run of blanked pictures in a clip", {0, 1});
  v.field("erase", erase, "probability of a rectangle that is blanked in all pictures", {0, 1});
  v.field("erase_size", erase_size, "its largest side, as a share of the picture's", {0, 1});
}

void FaceInputConfig::visit(config::FieldVisitor& v) {
  v.field("size", size, "side of what the network sees, in pixels", {8, 1024});
  v.field(
      "resize_to", resize_to, "pictures are brought to this side, then cut to `size`", {8, 1024});
  v.field("color", color, "RGB, else gray");
  v.check(resize_to >= size, "resize_to", "must be at least `size`");
}

}  // namespace lipsound2::data
