#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lipsound2/experiment/experiment_config.h"
#include "lipsound2/train/checkpoint.h"

namespace lipsound2::experiment {

/// A trained network with the config it was trained by; of a recognizer, asr.symbols is filled in.
template <class Network>
struct Trained {
  ExperimentConfig config;
  Network network = nullptr;
  std::filesystem::path checkpoint;
  std::string device;  ///< where the network is, as its config says
};
using TrainedNetwork = Trained<lip2mel::Lip2Mel>;
using TrainedVocoder = Trained<vocoder::WaveGlow>;
using TrainedRecognizer = Trained<asr::Jasper>;

/// The runs in the folder of a chain, in order: its sub-folders N-name that hold a config. None in
/// any other folder.
std::vector<train::RunFolder> stage_runs(const std::filesystem::path& folder);

/// The newest run of this task in runs/ that holds a checkpoint, be it a stage of a chain. Throws
/// kUsage when there is none.
train::RunFolder latest_run(const std::string& task);
/// The newest of those of the goal's task that began from scratch and whose network has its sizes.
train::RunFolder latest_pretraining(const ExperimentConfig& goal);
/// The run of this name: a folder, or a name in runs/; empty: the latest of the task. Of a chain,
/// the last stage of the task that holds a checkpoint.
train::RunFolder find_run(const std::string& name, const std::string& task);

/// The checkpoint of find_run()'s run (best, else last), or the file itself when `name` is one.
std::filesystem::path find_checkpoint(const std::string& name, const std::string& task);

/// The task of a run or checkpoint; of a chain "lip2mel", if it has such a stage, else that of its
/// first one.
std::string task_of(const std::string& run_or_checkpoint);

/// The network of a run or checkpoint, in eval mode on the device of its config.
TrainedNetwork load_network(const std::string& run_or_checkpoint);
/// The same of a vocoder.
TrainedVocoder load_vocoder(const std::string& run_or_checkpoint);
/// The same of a recognizer.
TrainedRecognizer load_recognizer(const std::string& run_or_checkpoint);

/// The config that a run or checkpoint of this task was trained by. Throws kUsage when it is of
/// another task.
ExperimentConfig stored_config(const std::string& run_or_checkpoint, const std::string& task);

/// A vocoder and the mels that it makes sound of.
struct Voice {
  audio::MelConfig mel;
  std::shared_ptr<const vocoder::Vocoder> vocoder;
};

/// What to use instead of a vocoder's own settings.
struct VoiceChoice {
  std::optional<double> sigma = {};
  std::optional<std::int64_t> mel_steps = {};
};

/// "griffin-lim" by the settings of `config`, or the vocoder of a run or checkpoint by its own,
/// with what `choice` holds instead. Throws kUsage for a choice given to griffin-lim, which has
/// neither.
Voice load_voice(const std::string& name,
                 const ExperimentConfig& config,
                 const VoiceChoice& choice = {});

/// What makes sound of mels of this config, by name as load_voice() takes it. Throws kConfig, with
/// both settings, when that was trained on other mels.
std::shared_ptr<const vocoder::Vocoder> make_vocoder(const std::string& name,
                                                     const ExperimentConfig& config);

/// Weights of another shape than the network's, missing or too many.
enum class Mismatched { kRefused, kSkipped };

/// Copies the averaged weights of a checkpoint, if it has them, else the plain ones. Returns what
/// was skipped; throws kData, with all names and shapes, for what is refused.
std::vector<train::Misfit> load_best_weights(torch::nn::Module& network,
                                             const std::filesystem::path& checkpoint,
                                             Mismatched mismatched);

}  // namespace lipsound2::experiment
