#include "bench_loader.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <numeric>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "lipsound2/data/jpeg.h"
#include "lipsound2/data/loader.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/experiment/find_config.h"

#include "json_flag.h"

namespace lipsound2::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDecodedClips = 200;  // whose JPEG pictures are held for bare decoding

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double all = 0;
  double resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

/// Pictures of the first clips, as JPEG.
std::vector<std::string> stored_pictures(const std::filesystem::path& folder,
                                         const data::ClipList& clips) {
  std::vector<std::string> pictures;
  for (std::size_t i = 0; i < std::min(clips.size(), kDecodedClips); ++i)
    for (std::string& picture : data::read_clip(folder, clips[i]).faces)
      pictures.push_back(std::move(picture));
  return pictures;
}

/// Pictures per second of libjpeg-turbo alone, at full size, on so many threads.
double bare_decoding(const std::vector<std::string>& pictures, std::int64_t threads, int channels) {
  const auto begin = std::chrono::steady_clock::now();
  std::atomic<std::size_t> next = 0;
  std::vector<std::future<void>> workers;
  for (std::int64_t i = 0; i < threads; ++i)
    workers.push_back(std::async(std::launch::async, [&] {
      for (std::size_t picture = next++; picture < pictures.size(); picture = next++)
        data::decode_jpeg(pictures[picture], channels, "bench");
    }));
  for (std::future<void>& worker : workers)
    worker.get();
  return static_cast<double>(pictures.size()) / seconds_since(begin);
}

Json as_json(const data::LoaderTimes& times) {
  return {{"read", times.read_ms},
          {"decode", times.decode_ms},
          {"sound", times.sound_ms},
          {"augment", times.augment_ms},
          {"wait of the caller", times.wait_ms}};
}

Json measure_epoch(const std::filesystem::path& folder,
                   const data::ClipList& clips,
                   data::LoaderConfig config) {
  config.keep_bytes = 0;
  data::Loader loader(folder, clips, config);
  const auto begin = std::chrono::steady_clock::now();
  double taken = 0;
  double pictures = 0;
  double padded = 0;
  std::int64_t batches = 0;
  double before = 0;
  loader.start(/*epoch=*/0);
  while (const auto batch = loader.next()) {
    taken += static_cast<double>(batch->ids.size());
    pictures += static_cast<double>(batch->face_lengths.sum().item<std::int64_t>());
    padded += static_cast<double>(batch->faces.size(0) * batch->faces.size(2));
    if (++batches * 10 <= loader.batches(0))
      before = resident_mb();
  }
  const double seconds = seconds_since(begin);
  return {{"clips", taken},
          {"batches", batches},
          {"pictures", pictures},
          {"padding", 1 - pictures / padded},
          {"seconds", seconds},
          {"clips per second", taken / seconds},
          {"pictures per second", pictures / seconds},
          {"resident MB", {{"after a tenth", before}, {"at the end", resident_mb()}}},
          {"ms of threads", as_json(loader.times())}};
}

}  // namespace

void bench_loader(const experiment::ExperimentConfig& config,
                  std::int64_t clips,
                  const std::string& json) {
  const std::filesystem::path manifest = experiment::find_manifest(config);
  data::ClipList list = data::ClipList::read(manifest).split("train", manifest);
  std::vector<std::size_t> first(std::min(list.size(), static_cast<std::size_t>(clips)));
  std::iota(first.begin(), first.end(), 0);
  list = list.at(first);
  const data::LoaderConfig loader = experiment::training_loader(config);
  const auto pictures = stored_pictures(manifest.parent_path(), list);
  Json found{{"what", "loader"}, {"config", config.name}, {"threads", loader.threads}};
  found["bare decoding, pictures per second"] =
      bare_decoding(pictures, loader.threads, loader.faces.channels());
  found["loader"] = measure_epoch(manifest.parent_path(), list, loader);
  found["share of bare decoding"] = found["loader"]["pictures per second"].get<double>() /
                                    found["bare decoding, pictures per second"].get<double>();
  write_json(json, found);
  fmt::print("{}", readable(found));
}

}  // namespace lipsound2::cli
