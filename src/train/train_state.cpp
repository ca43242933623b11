#include "train_state.h"

#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"

namespace lipsound2::train {

std::string TrainState::to_json() const {
  nlohmann::json json = {{"step", step},
                         {"minutes", minutes},
                         {"seed", seed},
                         {"epoch", epoch},
                         {"batch", batch},
                         {"batches_per_epoch", batches_per_epoch},
                         {"best_score", nullptr}};
  if (best_score)
    json["best_score"] = *best_score;
  return json.dump();
}

TrainState TrainState::from_json(const std::string& text, const std::string& file) {
  try {
    const auto json = nlohmann::json::parse(text);
    TrainState state;
    json.at("step").get_to(state.step);
    json.at("minutes").get_to(state.minutes);
    json.at("seed").get_to(state.seed);
    json.at("epoch").get_to(state.epoch);
    json.at("batch").get_to(state.batch);
    json.at("batches_per_epoch").get_to(state.batches_per_epoch);
    if (!json.at("best_score").is_null())
      state.best_score = json.at("best_score").get<double>();
    return state;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::kData,
         "{}: expected the counters of a training run in metadata 'trainer', found '{}' ({})",
         file,
         text,
         error.what());
  }
}

}  // namespace lipsound2::train
