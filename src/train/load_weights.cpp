#include <ATen/core/grad_mode.h>
#include <fmt/ranges.h>
#include <torch/nn/module.h>

#include "lipsound2/core/error.h"
#include "lipsound2/train/checkpoint.h"

namespace lipsound2::train {
namespace {

std::string shape_text(const Tensor& tensor) {
  return fmt::format(
      "{} [{}]", c10::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
}

// One line for everything that keeps the tensors of the file from fitting.
std::vector<std::string> weight_problems(const std::map<std::string, Tensor>& targets,
                                         const TensorFile& content,
                                         const std::string& prefix) {
  std::vector<std::string> problems;
  for (const auto& [name, target] : targets) {
    const auto found = content.tensors.find(prefix + name);
    if (found == content.tensors.end())
      problems.push_back(fmt::format("missing: {}{}, {}", prefix, name, shape_text(target)));
    else if (found->second.sizes() != target.sizes() ||
             found->second.scalar_type() != target.scalar_type())
      problems.push_back(fmt::format("mismatched: {}{}, expected {}, found {}",
                                     prefix,
                                     name,
                                     shape_text(target),
                                     shape_text(found->second)));
  }
  for (const auto& [name, tensor] : content.tensors) {
    if (name.starts_with(prefix) && !targets.contains(name.substr(prefix.size())))
      problems.push_back(fmt::format("unexpected: {}, {}", name, shape_text(tensor)));
  }
  return problems;
}

}  // namespace

std::map<std::string, Tensor> module_tensors(const torch::nn::Module& module) {
  std::map<std::string, Tensor> tensors;
  for (const auto& item : module.named_parameters())
    tensors.emplace(item.key(), item.value());
  for (const auto& item : module.named_buffers())
    tensors.emplace(item.key(), item.value());
  return tensors;
}

void load_tensors_into(const std::map<std::string, Tensor>& targets,
                       const TensorFile& content,
                       const std::string& prefix,
                       const std::string& file) {
  const std::vector<std::string> problems = weight_problems(targets, content, prefix);
  require(problems.empty(),
          ErrorKind::kData,
          "{}: its tensors do not fit the network:\n  {}",
          file,
          fmt::join(problems, "\n  "));
  const at::NoGradGuard no_grad;
  for (const auto& [name, target] : targets)
    target.copy_(content.tensors.at(prefix + name));
}

void load_weights(torch::nn::Module& module,
                  const TensorFile& content,
                  const std::string& prefix,
                  const std::string& file) {
  load_tensors_into(module_tensors(module), content, prefix, file);
}

}  // namespace lipsound2::train
