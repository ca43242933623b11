#include "module_parts.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/train/trainer.h"

namespace lipsound2::train {
namespace {

bool lies_below(const std::string& name, const std::string& part) {
  return name.size() > part.size() && name.starts_with(part) && name[part.size()] == '.';
}

// The submodule of this name; null when there is none.
torch::nn::Module* part_named(const torch::nn::Module& module, const std::string& name) {
  for (const auto& item : module.named_modules("", /*include_self=*/false))
    if (item.key() == name)
      return item.value().get();
  return nullptr;
}

// Says what there is instead: the parts of the network, or of the part that the name begins with.
std::string unknown_part(const torch::nn::Module& module,
                         const std::string& name,
                         const std::string& key) {
  const torch::nn::Module* whole = &module;
  std::string above = name;
  while (!above.empty()) {
    const auto dot = above.rfind('.');
    above.resize(dot == std::string::npos ? 0 : dot);
    if (const auto* const part = above.empty() ? nullptr : part_named(module, above)) {
      whole = part;
      break;
    }
  }
  std::vector<std::string> known;
  for (const auto& item : whole->named_children())
    known.push_back(above.empty() ? item.key() : above + "." + item.key());
  return fmt::format(
      "train.{}: the network has no part '{}'; there {} {}",
      key,
      name,
      known.size() == 1 ? "is" : "are",
      known.empty() ? "none below " + above : fmt::format("{}", fmt::join(known, ", ")));
}

bool is_frozen(const std::string& parameter, const std::vector<std::string>& frozen) {
  return std::ranges::any_of(frozen,
                             [&](const std::string& part) { return lies_below(parameter, part); });
}

}  // namespace

void check_parts(const torch::nn::Module& module, const TrainConfig& config) {
  std::string problems;
  const auto check = [&](const std::string& name, const char* key) {
    if (!part_named(module, name))
      problems += (problems.empty() ? "" : "\n") + unknown_part(module, name, key);
  };
  for (const std::string& name : config.freeze)
    check(name, "freeze");
  for (const auto& [name, factor] : config.part_learning_rate)
    check(name, "part_learning_rate");
  require(problems.empty(), ErrorKind::kConfig, "{}", problems);
  const auto parameters = module.named_parameters();
  require(std::ranges::any_of(parameters,
                              [&](const auto& item) {
                                return item.value().requires_grad() &&
                                       !is_frozen(item.key(), config.freeze);
                              }),
          ErrorKind::kConfig,
          "train.freeze: [{}] leaves nothing to train",
          fmt::join(config.freeze, ", "));
}

void freeze_parts(torch::nn::Module& module, const std::vector<std::string>& names) {
  for (auto& item : module.named_parameters())
    if (is_frozen(item.key(), names))
      item.value().set_requires_grad(false);
}

void set_training(torch::nn::Module& module, const std::vector<std::string>& frozen) {
  module.train();
  for (const std::string& name : frozen)
    part_named(module, name)->eval();
}

double part_factor(const std::string& parameter, const std::map<std::string, double>& factors) {
  double factor = 1;
  std::size_t longest = 0;
  for (const auto& [part, its_factor] : factors) {
    if (part.size() <= longest || !lies_below(parameter, part))
      continue;
    longest = part.size();
    factor = its_factor;
  }
  return factor;
}

}  // namespace lipsound2::train
