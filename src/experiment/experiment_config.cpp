#include "lipsound2/experiment/experiment_config.h"

#include <ATen/Parallel.h>
#include <torch/cuda.h>

#include "lipsound2/core/error.h"

namespace lipsound2::experiment {

namespace {

// Rules between the fields of a lip2mel stage.
void check_lip2mel(config::FieldVisitor& v, const ExperimentConfig& config) {
  v.check(config.lip2mel.encoder.face_size == config.data.faces.size,
          "lip2mel",
          "lip2mel.encoder.face_size must equal data.faces.size");
  v.check((config.lip2mel.encoder.face_channels == 3) == config.data.faces.color,
          "lip2mel",
          "lip2mel.encoder.face_channels must be 3 if data.faces.color, else 1");
  v.check(config.lip2mel.decoder.bands == config.audio.bands,
          "lip2mel",
          "lip2mel.decoder.bands must equal audio.bands");
  v.check(config.audio.hop * config.lip2mel.mel_frames_per_picture * kPicturesPerSecond ==
              config.audio.sample_rate,
          "lip2mel",
          "lip2mel.mel_frames_per_picture must be audio.sample_rate / audio.hop / 25");
}

}  // namespace

void DataConfig::visit(config::FieldVisitor& v) {
  v.field("manifest",
          manifest,
          "manifest.jsonl of a prepared corpus; empty: the one in or below the current folder");
  v.group("faces", faces, "how pictures reach the network");
  v.group("augment", augment, "changes of the pictures in training");
  v.field("batch_size", batch_size, "clips per batch", {1, 4096});
  v.field(
      "max_frames",
      max_frames,
      "when not 0, it limits batches instead: clips times the pictures of the longest (of asr: the "
      "pictures that its sound is as long as)",
      {0, 1e8});
  v.field("threads", threads, "loader threads", {1, 256});
  v.field(
      "shards",
      shards,
      "where the shards are: a folder, or pipe:COMMAND, a shell command that writes the shard {} "
      "(its path in the manifest); empty: beside the manifest");
  v.choice(
      "access",
      access,
      {"auto", "indexed", "sequential"},
      "how clips are read: each from its place, or whole shards from front to back, as a command "
      "needs it; auto: sequential above 100000 clips");
  v.field("buffer", buffer, "clips held when reading is sequential, to be mixed", {8, 1e7});
  v.check(max_frames > 0 || buffer >= 8 * batch_size, "buffer", "must be at least 8 * batch_size");
}

void FeedbackConfig::visit(config::FieldVisitor& v) {
  v.field("share",
          share,
          "largest share of batches in which the decoder is fed its own output",
          {0, 1});
  v.field("ramp", ramp, "part of the training over which that share grows from 0", {0, 1});
}

void EvalConfig::visit(config::FieldVisitor& v) {
  v.group("griffin_lim", griffin_lim, "phase reconstruction");
  v.field("validation_clips",
          validation_clips,
          "clips of the valid split that are scored during training",
          {1, 1e6});
  v.field("batch_size", batch_size, "clips synthesized together", {1, 4096});
  v.field("draws", draws, "decodings with other dropout whose mean is taken", {1, 64});
  v.field("window_pictures",
          window_pictures,
          "longer videos are synthesized in windows of this length",
          {10, 1e5});
  v.field(
      "overlap_pictures", overlap_pictures, "shared by neighboring windows, cross-faded", {1, 1e4});
  v.check(overlap_pictures * 2 <= window_pictures,
          "overlap_pictures",
          "must be at most half of window_pictures");
}

void ExperimentConfig::visit(config::FieldVisitor& v) {
  v.field("name", name, "name of the run; default: the file's name");
  v.field("task", task, "what is trained: lip2mel, vocoder or asr");
  v.field(
      "from",
      from,
      "run or checkpoint whose weights training starts from; empty: from scratch, and in a chain "
      "from the stage before");
  v.field("skip_mismatched",
          skip_mismatched,
          "start although weights of `from` do not fit the network: those that do are taken, the "
          "others listed as a warning; else they are an error");
  v.field("seed", seed, "of everything random", {0, 1e15});
  v.field("device", device, "auto, cpu or cuda");
  v.field("threads", threads, "of the tensor library; 0: all cores", {0, 1024});
  v.group("audio", audio, "the mel spectrogram");
  v.group("data", data, "clips and batches");
  v.group("lip2mel", lip2mel, "the network");
  v.group("feedback", feedback, "feeding the decoder its own output in training");
  v.group("vocoder", vocoder, "the vocoder, when the task is vocoder");
  v.group("asr", asr, "the recognizer, when the task is asr");
  v.group("train", train, "the training loop");
  v.group("eval", eval, "synthesis and scores");
  v.check(task == "lip2mel" || task == "vocoder" || task == "asr",
          "task",
          fmt::format("is '{}', must be lip2mel, vocoder or asr", task));
  v.check(device == "auto" || device == "cpu" || device == "cuda",
          "device",
          fmt::format("is '{}', must be auto, cpu or cuda", device));
  if (task == "lip2mel")
    check_lip2mel(v, *this);
  if (task == "asr")
    v.check(audio.bands == asr.network.features,
            "asr",
            fmt::format("asr.network.features must equal audio.bands, but is {} for {} bands",
                        asr.network.features,
                        audio.bands));
  if (task == "vocoder")
    v.check(data.max_frames == 0,
            "data.max_frames",
            "has no use for a vocoder, whose segments are of one length");
  if (task == "vocoder")
    v.check(audio.hop % vocoder.network.group == 0,
            "vocoder",
            fmt::format("vocoder.network.group must divide audio.hop, but is {} for a hop of {}",
                        vocoder.network.group,
                        audio.hop));
}

data::LoaderConfig training_loader(const ExperimentConfig& config) {
  data::LoaderConfig loader;
  loader.faces = config.data.faces;
  loader.augment = config.data.augment;
  loader.mel = config.audio;
  loader.batch_size = config.data.batch_size;
  loader.max_frames = config.data.max_frames;
  loader.shards = config.data.shards;
  loader.access = config.data.access;
  loader.buffer = config.data.buffer;
  loader.threads = config.data.threads;
  loader.seed = static_cast<std::uint64_t>(config.seed);
  return loader;
}

data::LoaderConfig listing_loader(const ExperimentConfig& config) {
  data::LoaderConfig loader = training_loader(config);
  loader.batch_size = config.eval.batch_size;
  loader.order = data::Order::kAsListed;
  loader.augmented = false;
  loader.access = data::Access::kAuto;  // from the files beside the manifest, also when training
  loader.shards = "";                   // has its shards from elsewhere
  loader.max_frames = 0;
  return loader;
}

std::string choose_device(const ExperimentConfig& config) {
  if (config.threads > 0)
    at::set_num_threads(static_cast<int>(config.threads));
  const bool cuda = torch::cuda::is_available();
  require(config.device != "cuda" || cuda,
          ErrorKind::kConfig,
          "device is cuda, but this machine or this build of LibTorch has none");
  return config.device == "cpu" || !cuda ? "cpu" : "cuda";
}

}  // namespace lipsound2::experiment
