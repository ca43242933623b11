#include <map>

#include <nlohmann/json.hpp>
#include <torch/types.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/data/clip_list.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/experiment/runs.h"

#include "commands.h"
#include "json_flag.h"

namespace lipsound2::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

void count_one(Json& counter) {
  counter = (counter.is_null() ? 0 : counter.get<std::int64_t>()) + 1;
}

struct SplitCount {
  std::int64_t clips = 0;
  double minutes = 0;
};

Json inspect_manifest(const fs::path& file) {
  const auto clips = data::ClipList::read(file);
  std::map<std::string, SplitCount> splits;
  std::map<std::string, std::int64_t> speakers;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const data::ManifestEntry entry = clips[i];
    SplitCount& split = splits[entry.split];
    ++split.clips;
    split.minutes += static_cast<double>(entry.samples) / static_cast<double>(entry.rate) / 60;
    ++speakers[entry.speaker];
  }
  Json found{{"kind", "manifest"}, {"file", file.string()}, {"clips", clips.size()}};
  for (const auto& [name, split] : splits)
    found["splits"][name] = {{"clips", split.clips}, {"minutes", split.minutes}};
  found["clips by speaker"] = speakers;
  return found;
}

Json inspect_shard(const fs::path& file) {
  Json found{{"kind", "shard"}, {"file", file.string()}};
  const auto members = data::list_shard(file);
  found["members"] = members.size();
  for (const data::ShardMember& member : members)
    found["bytes by member"][member.name] = member.bytes;
  return found;
}

Json inspect_checkpoint(const fs::path& file) {
  Json found{{"kind", "checkpoint"}, {"file", file.string()}};
  const train::TensorFile content = train::load_tensors(file);
  for (const auto& [name, tensor] : content.tensors) {
    Json& part = found["parts"][name.substr(0, name.find('.'))];
    count_one(part["tensors"]);
    part["values"] = part.value("values", std::int64_t{0}) + tensor.numel();
    if (name.starts_with("model."))
      found["shapes"][name] = tensor.sizes().vec();
  }
  for (const auto& [name, text] : content.metadata)
    found["metadata"][name] = text;
  return found;
}

Json last_event(const fs::path& file) {
  const std::string events = read_file(file);
  const auto last = events.rfind('\n', events.size() < 2 ? 0 : events.size() - 2);
  return Json::parse(events.substr(last == std::string::npos ? 0 : last + 1),
                     /*callback=*/nullptr,
                     /*allow_exceptions=*/false);
}

Json inspect_run(const fs::path& folder) {
  const train::RunFolder run{folder};
  Json found{{"kind", "run"}, {"folder", folder.string()}};
  if (fs::exists(run.events()))
    found["last event"] = last_event(run.events());
  for (const fs::path& checkpoint : {run.last(), run.best()})
    if (fs::exists(checkpoint))
      found["bytes by checkpoint"][checkpoint.filename().string()] = fs::file_size(checkpoint);
  found["config"] = "\n" + read_file(run.config());
  return found;
}

Json inspect_chain(const fs::path& folder) {
  Json found{{"kind", "chain"}, {"folder", folder.string()}};
  for (const train::RunFolder& stage : experiment::stage_runs(folder))
    found["stages"][stage.path.filename().string()] = inspect_run(stage.path);
  return found;
}

Json inspect_folder(const fs::path& folder) {
  if (fs::exists(folder / "manifest.jsonl"))
    return inspect_manifest(folder / "manifest.jsonl");
  if (!experiment::stage_runs(folder).empty())
    return inspect_chain(folder);
  require(fs::exists(folder / "config.yaml"),
          ErrorKind::kData,
          "{}: expected a run (config.yaml), a chain of them or a prepared corpus (manifest.jsonl)",
          folder.string());
  return inspect_run(folder);
}

Json inspect(const fs::path& path) {
  require(fs::exists(path), ErrorKind::kIo, "{}: no such file or folder", path.string());
  if (fs::is_directory(path))
    return inspect_folder(path);
  const std::string extension = path.extension().string();
  if (extension == ".jsonl")
    return inspect_manifest(path);
  if (extension == ".tar")
    return inspect_shard(path);
  if (extension == ".safetensors")
    return inspect_checkpoint(path);
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
  const auto json = std::make_shared<std::string>();
  command->add_option("PATH", *path, "file or folder")->required();
  add_json_flag(*command, *json);
  command->callback([path, json] {
    const Json found = inspect(*path);
    write_json(*json, found);
    fmt::print("{}", readable(found));
  });
}

}  // namespace lipsound2::cli
