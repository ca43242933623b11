#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <torch/nn/module.h>

namespace lipsound2::train {

/// The parts of a network are its submodules, known by their dotted names.

/// Keeps the parameters of these parts from being trained.
void freeze_parts(torch::nn::Module& module, const std::vector<std::string>& names);

/// Puts the module into training mode, but these parts into evaluation mode.
void set_training(torch::nn::Module& module, const std::vector<std::string>& frozen);

/// The factor of the longest name that the parameter lies below; 1 where none fits.
double part_factor(const std::string& parameter, const std::map<std::string, double>& factors);

}  // namespace lipsound2::train
