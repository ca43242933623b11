#include "lipsound2/experiment/asr_task.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "lipsound2/core/file.h"
#include "lipsound2/eval/text_errors.h"

#include "clip_sample.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;

void AsrConfig::visit(config::FieldVisitor& v) {
  v.group("network", network, "Jasper");
  v.choice("alphabet",
           alphabet,
           {"english", "characters"},
           "what it writes: space, a to z and the apostrophe, or every character of the training "
           "texts");
  v.field("symbols",
          symbols,
          "all symbols one after another; empty: those of the run it starts from, else what "
          "`alphabet` says");
  v.group("features", features, "what it hears, beside `audio`");
  v.field("dither", dither, "deviation of the noise added to sound in training", {0, 1});
  v.field("speeds", speeds, "percent of the speed of which one is drawn per clip", {50, 200});
  v.group("augment", augment, "SpecAugment");
  v.field("lips",
          lips,
          "lip2mel run, or stage of the chain, that makes the sound to train on from the pictures "
          "of data.manifest, into the run's folder; empty: the natural sound");
  v.field("more_manifests",
          more_manifests,
          "further manifests whose training clips are added to those of data.manifest");
  v.check(!speeds.empty(), "speeds", "must have one number at least, such as 100");
}

AsrTask::AsrTask(asr::Jasper network,
                 const ExperimentConfig& config,
                 std::vector<SpeechClip> valid,
                 const std::string& device)
    : network_(std::move(network)),
      config_(config),
      device_(device),
      recognizer_(network_, config, device),
      valid_(sample_of(std::move(valid), config.eval.validation_clips, [](const SpeechClip& clip) {
        return clip.entry.id;
      })) {}

train::Losses AsrTask::losses(const data::Batch& batch, double /*progress*/) {
  const auto output =
      network_->forward(batch.mel.to(device_).transpose(1, 2).contiguous(), batch.mel_lengths);
  const Tensor loss = ctc_loss(output, batch.texts, recognizer_.alphabet());
  return {loss, {{"ctc", loss}}};
}

std::map<std::string, double> AsrTask::validate(const fs::path& samples) {
  double loss = 0;
  int clips_of_loss = 0;
  eval::ErrorCounts words, characters;
  std::string heard = "id\ttext\theard\n";
  for (const SpeechClip& clip : valid_) {
    const Tensor log_probs =
        recognizer_.log_probs(read_speech(clip, config_.audio.sample_rate), clip.entry.id);
    if (recognizer_.alphabet().unknown_characters({clip.text}).empty()) {
      loss += ctc_loss({log_probs.unsqueeze(0), torch::tensor({log_probs.size(0)})},
                       {clip.text},
                       recognizer_.alphabet())
                  .item<double>();
      ++clips_of_loss;
    }
    const std::string text = recognizer_.greedy_text(log_probs);
    words += eval::word_errors(clip.text, text);
    characters += eval::character_errors(clip.text, text);
    heard += fmt::format("{}\t{}\t{}\n", clip.entry.id, clip.text, text);
  }
  write_file(samples / "heard.tsv", heard);
  const double cer = characters.rate().value();
  std::map<std::string, double> scores{
      {"wer", words.rate().value()}, {"cer", cer}, {"letters_right", 1 - cer}};
  if (clips_of_loss > 0)
    scores["loss"] = loss / clips_of_loss;
  return scores;
}

}  // namespace lipsound2::experiment
