#include "lipsound2/train/trainer.h"

namespace lipsound2::train {

void TrainConfig::visit(config::FieldVisitor& v) {
  v.field("steps", steps, "updates in all", {1, 1e9});
  v.field(
      "max_minutes",
      max_minutes,
      "wall-clock limit over all sittings; the schedule then follows time, and a resumed run is "
      "no longer bit for bit the same; 0: none",
      {0, 1e6});
  v.choice("optimizer",
           optimizer,
           {"adamw", "novograd"},
           "AdamW with moments 0.9 and 0.999, or NovoGrad with 0.95 and 0.98");
  v.field("learning_rate", learning_rate, "largest learning rate", {0, 10});
  v.field("warmup_steps", warmup_steps, "updates of linear rise to it", {0, 1e9});
  v.choice("decay",
           decay,
           {"cosine", "polynomial"},
           "how the rate falls: half a cosine, or the square of what is left");
  v.field("final_learning_rate", final_learning_rate, "where the decay ends", {0, 10});
  v.field(
      "weight_decay", weight_decay, "of the optimizer; not applied to biases and norms", {0, 10});
  v.field("clip_norm", clip_norm, "largest norm of the gradient; 0: no limit", {0, 1e9});
  v.field("ema",
          ema,
          "decay of the running average of the weights that is validated and kept; 0: none",
          {0, 0.999999});
  v.field("freeze",
          freeze,
          "parts of the network that stay as they are, such as encoder or encoder.lstm");
  v.field("part_learning_rate",
          part_learning_rate,
          "factors on the learning rate of parts, such as {encoder: 0.1}",
          {1e-6, 1e6});
  v.field("log_every", log_every, "updates between lines of events.jsonl", {1, 1e9});
  v.field("validate_every", validate_every, "updates between validations", {1, 1e9});
  v.field("save_every", save_every, "updates between checkpoints", {1, 1e9});
  v.check(final_learning_rate <= learning_rate,
          "final_learning_rate",
          "must not be larger than learning_rate");
}

}  // namespace lipsound2::train
