#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "lipsound2/core/tensor.h"

namespace torch::nn {
class Module;
}

namespace lipsound2::train {

/// What a safetensors file holds: tensors by name and texts by name.
struct TensorFile {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Written whole or not at all; equal content gives equal bytes. Tensors of float32, float64,
/// int64, uint8 or bool. The metadata gains "checksum", over the whole file
/// (docs/checkpoint_format.md). Throws kIo.
void save_tensors(const std::filesystem::path& file, const TensorFile& content);

/// Throws kIo when unreadable; kData, naming the file and what was expected and found, when
/// truncated, of another format, or when the checksum differs. A file without a checksum (written
/// by another program) is taken as it is. Tensors lie on the CPU.
TensorFile load_tensors(const std::filesystem::path& file);

/// Only the metadata of such a file: its tensors are not read, and the checksum, which covers them,
/// not compared. Throws as load_tensors() does.
std::map<std::string, std::string> load_metadata(const std::filesystem::path& file);

/// The parameters and buffers of a module by name; not copies.
std::map<std::string, Tensor> module_tensors(const torch::nn::Module& module);

/// Copies `prefix` + name from the file into each of `targets`. Throws kData as load_weights()
/// does.
void load_tensors_into(const std::map<std::string, Tensor>& targets,
                       const TensorFile& content,
                       const std::string& prefix,
                       const std::string& file);

/// The prefix of a checkpoint's averaged weights, if it has them, else of its plain ones.
std::string best_weights(const TensorFile& checkpoint);

/// Copies the tensors called `prefix` + parameter or buffer name into the module. Throws kData that
/// lists all missing, unexpected and mismatched tensors at once, with both shapes. Nothing is
/// changed then.
void load_weights(torch::nn::Module& module,
                  const TensorFile& content,
                  const std::string& prefix,
                  const std::string& file);

/// A tensor that keeps a file and a network from fitting.
struct Misfit {
  std::string name;    ///< without prefix
  std::string reason;  ///< missing, mismatched or unexpected, its name, and the shapes
};

/// As load_weights(), but loads around what does not fit, and tells what that was. The module keeps
/// its own values there. Throws kData when nothing fits.
std::vector<Misfit> load_fitting_weights(torch::nn::Module& module,
                                         const TensorFile& content,
                                         const std::string& prefix,
                                         const std::string& file);

}  // namespace lipsound2::train
