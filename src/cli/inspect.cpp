#include <map>

#include <fmt/ranges.h>
#include <torch/types.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/data/manifest.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/experiment/runs.h"

#include "commands.h"

namespace lipsound2::cli {
namespace {

namespace fs = std::filesystem;

void inspect_manifest(const fs::path& file) {
  const auto entries = data::read_manifest(file);
  std::map<std::string, std::pair<std::int64_t, double>> splits;
  std::map<std::string, std::int64_t> speakers;
  for (const data::ManifestEntry& entry : entries) {
    auto& [clips, seconds] = splits[entry.split];
    ++clips;
    seconds += static_cast<double>(entry.samples) / static_cast<double>(entry.rate);
    ++speakers[entry.speaker];
  }
  fmt::print("manifest of {} clips by {} speakers\n", entries.size(), speakers.size());
  for (const auto& [split, total] : splits)
    fmt::print("  {:6} {:8} clips {:10.2f} minutes\n", split, total.first, total.second / 60);
  for (const auto& [speaker, clips] : speakers)
    fmt::print("  speaker {:12} {:8} clips\n", speaker, clips);
}

void inspect_shard(const fs::path& file) {
  const auto members = data::list_shard(file);
  for (const data::ShardMember& member : members)
    fmt::print("{:10} bytes  {}\n", member.bytes, member.name);
  fmt::print("shard of {} members\n", members.size());
}

void inspect_checkpoint(const fs::path& file) {
  const train::TensorFile content = train::load_tensors(file);
  std::map<std::string, std::pair<std::size_t, std::int64_t>> parts;
  for (const auto& [name, tensor] : content.tensors) {
    auto& [tensors, values] = parts[name.substr(0, name.find('.'))];
    ++tensors;
    values += tensor.numel();
    if (name.rfind("model.", 0) == 0)
      fmt::print("  {:72} {}\n", name, fmt::join(tensor.sizes().vec(), " x "));
  }
  for (const auto& [part, total] : parts)
    fmt::print("{}: {} tensors, {} values\n", part, total.first, total.second);
  for (const auto& [name, text] : content.metadata)
    if (name != "config")
      fmt::print("{}: {}\n", name, text);
}

void inspect_run(const fs::path& folder) {
  const train::RunFolder run{folder};
  fmt::print("run {}\n\n{}\n", folder.string(), read_file(run.config()));
  if (fs::exists(run.events())) {
    const std::string events = read_file(run.events());
    const auto last = events.rfind('\n', events.size() < 2 ? 0 : events.size() - 2);
    fmt::print("last event: {}", events.substr(last == std::string::npos ? 0 : last + 1));
  }
  for (const fs::path& checkpoint : {run.last(), run.best()})
    if (fs::exists(checkpoint))
      fmt::print("{}: {} bytes\n", checkpoint.string(), fs::file_size(checkpoint));
}

void inspect(const fs::path& path) {
  require(fs::exists(path), ErrorKind::kIo, "{}: no such file or folder", path.string());
  if (fs::is_directory(path)) {
    if (fs::exists(path / "manifest.jsonl"))
      return inspect_manifest(path / "manifest.jsonl");
    require(fs::exists(path / "config.yaml"),
            ErrorKind::kData,
            "{}: expected a run (config.yaml) or a prepared corpus (manifest.jsonl)",
            path.string());
    return inspect_run(path);
  }
  const std::string extension = path.extension().string();
  if (extension == ".jsonl")
    inspect_manifest(path);
  else if (extension == ".tar")
    inspect_shard(path);
  else if (extension == ".safetensors")
    inspect_checkpoint(path);
  else
    fail(ErrorKind::kData,
         "{}: expected a .tar shard, a .jsonl manifest, a .safetensors checkpoint, a run or a "
         "corpus folder",
         path.string());
}

}  // namespace

void add_inspect(CLI::App& program) {
  auto* command = program.add_subcommand(
      "inspect", "what is in a shard, manifest, checkpoint, run or prepared corpus");
  const auto path = std::make_shared<std::string>();
  command->add_option("PATH", *path, "file or folder")->required();
  command->callback([path] { inspect(*path); });
}

}  // namespace lipsound2::cli
