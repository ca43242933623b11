#pragma once

#include <memory>
#include <string>

#include <torch/nn/module.h>

namespace lipsound2::lip2mel {

/// A module that only gives its children a name, so that parameters are called as in the public
/// Python models ("convolutions.0.0.conv.weight").
inline std::shared_ptr<torch::nn::Module> add_level(torch::nn::Module& parent,
                                                    const std::string& name) {
  return parent.register_module(name, std::make_shared<torch::nn::Module>(name));
}

}  // namespace lipsound2::lip2mel
