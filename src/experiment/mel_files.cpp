#include "lipsound2/experiment/mel_files.h"

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/log.h"
#include "lipsound2/core/progress.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/mel_generator.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/train/checkpoint.h"
#include "lipsound2/vocoder/vocoder.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

std::string described(const audio::MelConfig& mel) {
  std::string text;
  for (const config::FieldLine& field : config::list_fields(mel))
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", field.key, field.value);
  return text;
}

}  // namespace

Tensor read_mel(const fs::path& file, const audio::MelConfig& audio) {
  const train::TensorFile content = train::load_tensors(file);
  const auto mel = content.tensors.find("mel");
  require(mel != content.tensors.end(),
          ErrorKind::kData,
          "{}: expected a tensor named 'mel', found {} tensors of other names",
          file.string(),
          content.tensors.size());
  const auto stored = content.metadata.find("audio");
  if (stored == content.metadata.end())
    log::warn(
        "{}: has no metadata 'audio'; taken for a mel of {}", file.string(), described(audio));
  else
    require_same_mels(config::read_yaml_text<audio::MelConfig>(stored->second, file.string()),
                      file.string(),
                      audio,
                      "the vocoder");
  vocoder::check_mel(mel->second, audio.bands, file.string());
  return mel->second.to(at::kFloat);
}

void require_same_mels(const audio::MelConfig& mel,
                       const std::string& mel_name,
                       const audio::MelConfig& vocoder,
                       const std::string& vocoder_name) {
  require(mel == vocoder,
          ErrorKind::kConfig,
          "mels do not match the vocoder:\n  {}: {}\n  {}: {}",
          mel_name,
          described(mel),
          vocoder_name,
          described(vocoder));
}

std::size_t write_mels(const MelRequest& request, const fs::path& folder) {
  TrainedNetwork trained = load_network(request.run);
  if (!request.manifest.empty())
    trained.config.data.manifest = request.manifest;
  const fs::path manifest = find_manifest(trained.config);
  const auto entries = data::ClipList::read(manifest).entries_of(request.splits, manifest);
  log::info("mels of {} clips through {}", entries.size(), trained.checkpoint.string());

  MelGenerator generator(trained.network, trained.config, trained.device);
  data::Loader loader(manifest.parent_path(), entries, listing_loader(trained.config));
  const std::string audio = config::to_yaml(config::list_fields(trained.config.audio));
  const bool forced = request.feed == lip2mel::DecoderFeed::kTruth;
  const std::string source =
      fmt::format("{}{}", trained.checkpoint.string(), forced ? ", teacher-forced" : "");
  Progress progress("mels", static_cast<std::int64_t>(entries.size()), "clips");
  std::size_t written = 0;
  loader.start(/*epoch=*/0);
  while (const auto batch = loader.next()) {
    const auto mels = forced ? generator.teacher_forced(*batch) : generator.generate(*batch);
    for (std::size_t i = 0; i < mels.size(); ++i) {
      const fs::path file = folder / (batch->ids[i] + ".safetensors");
      make_folder(file.parent_path());
      train::save_tensors(file, {{{"mel", mels[i].mel}}, {{"audio", audio}, {"source", source}}});
    }
    written += mels.size();
    progress.update(static_cast<std::int64_t>(written));
  }
  return written;
}

}  // namespace lipsound2::experiment
