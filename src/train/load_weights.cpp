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

bool fits(const Tensor& target, const Tensor& found) {
  return found.sizes() == target.sizes() && found.scalar_type() == target.scalar_type();
}

/// All of them, those of the targets first; of the file, only what begins with the prefix counts.
std::vector<Misfit> find_misfits(const std::map<std::string, Tensor>& targets,
                                 const TensorFile& content,
                                 const std::string& prefix) {
  std::vector<Misfit> misfits;
  for (const auto& [name, target] : targets) {
    const auto found = content.tensors.find(prefix + name);
    if (found == content.tensors.end())
      misfits.push_back({name, fmt::format("missing: {}{}, {}", prefix, name, shape_text(target))});
    else if (!fits(target, found->second))
      misfits.push_back({name,
                         fmt::format("mismatched: {}{}, expected {}, found {}",
                                     prefix,
                                     name,
                                     shape_text(target),
                                     shape_text(found->second))});
  }
  for (const auto& [name, tensor] : content.tensors) {
    if (name.starts_with(prefix) && !targets.contains(name.substr(prefix.size())))
      misfits.push_back({name.substr(prefix.size()),
                         fmt::format("unexpected: {}, {}", name, shape_text(tensor))});
  }
  return misfits;
}

void copy_tensors(const std::map<std::string, Tensor>& targets,
                  const TensorFile& content,
                  const std::string& prefix) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, target] : targets)
    target.copy_(content.tensors.at(prefix + name));
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
  const std::vector<Misfit> misfits = find_misfits(targets, content, prefix);
  std::string list;
  for (const Misfit& misfit : misfits)
    list += "\n  " + misfit.reason;
  require(
      misfits.empty(), ErrorKind::kData, "{}: its tensors do not fit the network:{}", file, list);
  copy_tensors(targets, content, prefix);
}

void load_weights(torch::nn::Module& module,
                  const TensorFile& content,
                  const std::string& prefix,
                  const std::string& file) {
  load_tensors_into(module_tensors(module), content, prefix, file);
}

std::vector<Misfit> load_fitting_weights(torch::nn::Module& module,
                                         const TensorFile& content,
                                         const std::string& prefix,
                                         const std::string& file) {
  auto targets = module_tensors(module);
  std::vector<Misfit> misfits = find_misfits(targets, content, prefix);
  for (const Misfit& misfit : misfits)
    targets.erase(misfit.name);  // what the file has beyond the targets is none of them
  require(!targets.empty(),
          ErrorKind::kData,
          "{}: not one of its {} tensors fits the network",
          file,
          content.tensors.size());
  copy_tensors(targets, content, prefix);
  return misfits;
}

}  // namespace lipsound2::train
