#pragma once

#include <filesystem>
#include <map>
#include <string>

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

/// Written whole or not at all; equal content gives equal bytes. The metadata carries a checksum of
/// the tensor bytes.
void save_tensors(const std::filesystem::path& file, const TensorFile& content);

/// Throws kIo when unreadable; kData, naming the file and what was expected and found, when
/// truncated, of another format, or when the checksum differs.
TensorFile load_tensors(const std::filesystem::path& file);

/// Copies the tensors called `prefix` + parameter or buffer name into the module. Throws kData that
/// lists all missing, unexpected and mismatched tensors at once, with both shapes. Nothing is
/// changed then.
void load_weights(torch::nn::Module& module,
                  const TensorFile& content,
                  const std::string& prefix,
                  const std::string& file);

}  // namespace lipsound2::train
