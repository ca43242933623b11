#include <gmock/gmock.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "support/program.h"

namespace lipsound2 {
namespace {

namespace fs = std::filesystem;
using support::run_in;
using support::until;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A demonstration corpus, prepared once for all tests of this file.
class ProgramEndToEnd : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = support::fresh_folder("end-to-end");
    const auto made =
        run_in(folder_, "lipsound2 demo-corpus --out corpus --clips 24 --speakers 2 --seed 5");
    ASSERT_EQ(made.code, 0) << made.error;
    const auto prepared = run_in(
        folder_,
        "mkdir splits && (cd corpus && ls s*/*.mpg | sed 's/.mpg//') > all && "
        "sed -n 1~6p all > splits/valid.txt && sed -n 2~6p all > splits/test.txt && "
        "sort all splits/valid.txt splits/test.txt | uniq -u > splits/train.txt && "
        "lipsound2 prepare --corpus grid --root corpus --splits splits --out prepared --jobs 2");
    ASSERT_EQ(prepared.code, 0) << prepared.error;
  }

  static fs::path folder_;
};

fs::path ProgramEndToEnd::folder_;

TEST_F(ProgramEndToEnd, TrainsEvaluatesAndGivesAVideoItsVoice) {
  const auto trained = run_in(folder_, "lipsound2 train --config tiny.yaml --run runs/first");
  ASSERT_EQ(trained.code, 0) << trained.error;
  for (const char* file : {"config.yaml",
                           "log.txt",
                           "events.jsonl",
                           "checkpoints/last.safetensors",
                           "checkpoints/best.safetensors"})
    EXPECT_TRUE(fs::exists(folder_ / "runs/first" / file)) << file;

  const auto scored = run_in(
      folder_,
      "lipsound2 eval --run runs/first --split train --metrics stoi,estoi --json scores.json");
  ASSERT_EQ(scored.code, 0) << scored.error;
  EXPECT_THAT(scored.out, HasSubstr("estoi"));
  const std::string scores = read_file(folder_ / "runs/first/eval/train/scores.json");
  EXPECT_EQ(scores, read_file(folder_ / "scores.json"));
  EXPECT_THAT(scores, HasSubstr("\"ci95\""));
  EXPECT_THAT(read_file(folder_ / "runs/first/eval/train/report.html"),
              AllOf(HasSubstr("<h3>Best by stoi, 1 of "),
                    HasSubstr("<h3>Worst by stoi, "),
                    HasSubstr("data:image/png;base64"),
                    HasSubstr("<dt>videos</dt><dd>each clip's own</dd>"),
                    HasSubstr("learning_rate: ")));

  const auto clip = *fs::directory_iterator(folder_ / "corpus/s1");
  const auto spoken = run_in(
      folder_, "lipsound2 synthesize --run runs/first --out spoken --mux " + clip.path().string());
  ASSERT_EQ(spoken.code, 0) << spoken.error;
  EXPECT_TRUE(fs::exists(folder_ / "spoken" / clip.path().stem().concat(".wav")));
  EXPECT_TRUE(fs::exists(folder_ / "spoken" / clip.path().stem().concat(".mp4")));
}

TEST_F(ProgramEndToEnd, ReadsLipsThroughARecognizer) {
  const fs::path folder = folder_ / "cascade";
  const auto trained = run_in(
      folder,
      "ln -sfn ../prepared prepared; ln -sfn ../corpus corpus; "
      "lipsound2 train --config tiny.yaml --set train.steps=4 --run runs/lips && "
      "lipsound2 train --config asr_small.yaml --set train.steps=4 --set train.max_minutes=0 "
      "--set 'asr.network={repeats: 1, kernels: [3], channels: [8], dropout_percent: [0]}' "
      "--run runs/ears");
  ASSERT_EQ(trained.code, 0) << trained.error;
  EXPECT_THAT(read_file(folder / "runs/ears/config.yaml"),
              HasSubstr("\" abcdefghijklmnopqrstuvwxyz'\""));

  const auto written = run_in(folder,
                              "cp $(ls corpus/s1/*.mpg | head -1) face.mpg; "
                              "lipsound2 synthesize --run runs/lips --out . face.mpg && "
                              "mv face.wav sound.wav && "
                              "lipsound2 transcribe sound.wav face.mpg --run runs/lips "
                              "--asr runs/ears --json texts.json --srt subtitles "
                              "--log-probs frames.safetensors > texts.txt && "
                              "lipsound2 decode frames.safetensors --greedy | sort > decoded.txt");
  ASSERT_EQ(written.code, 0) << written.error;
  EXPECT_EQ(run_in(folder, "sort texts.txt").out, read_file(folder / "decoded.txt"));
  const auto texts = nlohmann::json::parse(read_file(folder / "texts.json"));
  ASSERT_EQ(texts.size(), 2U);
  EXPECT_EQ(texts[0].at("file"), "sound.wav");
  EXPECT_EQ(texts[1].at("words").is_array(), true);
  EXPECT_TRUE(fs::exists(folder / "subtitles/face.srt"));

  const auto natural = run_in(folder, "lipsound2 eval --run runs/ears --metrics wer,cer");
  ASSERT_EQ(natural.code, 0) << natural.error;
  EXPECT_TRUE(fs::exists(folder / "runs/ears/eval/test/scores.json"));
  const auto cascade =
      run_in(folder, "lipsound2 eval --run runs/lips --asr runs/ears --metrics stoi,wer");
  ASSERT_EQ(cascade.code, 0) << cascade.error;
  EXPECT_THAT(cascade.out, HasSubstr("The same recognizer on natural sound:"));
  EXPECT_TRUE(fs::exists(folder / "runs/lips/eval/test/natural.json"));
}

TEST_F(ProgramEndToEnd, FinetunesARecognizerOnGeneratedSpeech) {
  const std::string small =
      "--config asr_small.yaml --set train.steps=2 --set train.max_minutes=0 --set "
      "'asr.network={repeats: 1, kernels: [3], channels: [8], dropout_percent: [0]}' ";
  // Deep enough that the other tests do not find the corpus that is made here.
  const fs::path folder = folder_ / "recognizers" / "generated";
  const auto made =
      run_in(folder,
             "ln -sfn ../../prepared prepared; "
             "lipsound2 train --config tiny.yaml --set train.steps=2 --run runs/lips && "
             "lipsound2 train " +
                 small +
                 "--run runs/ears && "
                 "lipsound2 synthesize --run runs/lips --manifest prepared/manifest.jsonl "
                 "--split train,valid --out spoken");
  ASSERT_EQ(made.code, 0) << made.error;
  EXPECT_THAT(read_file(folder / "spoken/manifest.jsonl"),
              HasSubstr("sound generated by runs/lips"));

  const auto tuned = run_in(folder,
                            "lipsound2 finetune " + small +
                                "--from runs/ears --run runs/adapted --set "
                                "data.manifest=spoken/manifest.jsonl --set "
                                "'asr.more_manifests=[prepared/manifest.jsonl]'");
  ASSERT_EQ(tuned.code, 0) << tuned.error;
  EXPECT_THAT(read_file(folder / "runs/adapted/log.txt"), HasSubstr("32 training clips"));
  const auto again = run_in(
      folder,
      "lipsound2 synthesize --run runs/lips --manifest prepared/manifest.jsonl --out spoken");
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.error, HasSubstr("holds a corpus already"));
}

TEST_F(ProgramEndToEnd, TellsWhatATranscriptionLacks) {
  const auto refused = [&](const std::string& command, int code, const std::string& text) {
    const auto outcome = run_in(folder_ / "lacking", command);
    EXPECT_EQ(outcome.code, code) << command;
    EXPECT_THAT(outcome.error, HasSubstr(text)) << command;
  };
  refused("lipsound2 transcribe none.wav", 4, "none.wav: no such file");
  refused("touch x.wav; lipsound2 transcribe x.wav", 2, "run of task asr with a checkpoint");
  refused(
      "ln -sfn ../prepared prepared; lipsound2 train --config tiny.yaml --set train.steps=2 && "
      "lipsound2 eval --metrics stoi,wer",
      2,
      "wer needs a recognizer: name its run by --asr");
}

TEST_F(ProgramEndToEnd, FinetunesFromTheLatestPretraining) {
  ASSERT_EQ(
      run_in(folder_ / "fine",
             "ln -sfn ../prepared prepared; lipsound2 train --config tiny.yaml --set train.steps=4")
          .code,
      0);

  const auto tuned =
      run_in(folder_ / "fine",
             "lipsound2 finetune --config tiny.yaml --run runs/tuned --set train.steps=2");

  ASSERT_EQ(tuned.code, 0) << tuned.error;
  EXPECT_THAT(read_file(folder_ / "fine/runs/tuned/log.txt"),
              HasSubstr("starting from the weights of runs/tiny/checkpoints/best.safetensors"));
  const std::string other =
      "lipsound2 finetune --config tiny.yaml --from runs/tiny --run runs/wider "
      "--set train.steps=2 --set lip2mel.postnet.channels=24";
  EXPECT_EQ(run_in(folder_ / "fine", other).code, 3);
  const auto wider = run_in(folder_ / "fine", other + " --skip-mismatched");
  EXPECT_EQ(wider.code, 0) << wider.error;
  EXPECT_THAT(wider.error, HasSubstr("expected Float [24, 80, 5], found Float [16, 80, 5]"));
  const auto scored = run_in(folder_ / "fine", "lipsound2 eval --split train --metrics stoi,estoi");
  ASSERT_EQ(scored.code, 0) << scored.error;
  EXPECT_THAT(scored.out, HasSubstr("runs/wider/eval/train/report.html"));
}

// After TrainsEvaluatesAndGivesAVideoItsVoice, whose scores and sounds it uses.
TEST_F(ProgramEndToEnd, ScoresFoldersAndComparesRuns) {
  const std::string sounds = "runs/first/eval/train/wav/s1";
  ASSERT_EQ(
      run_in(folder_, "cp -r " + sounds + " more && cp more/$(ls more | head -n 1) more/z.wav")
          .code,
      0);

  const auto refused = run_in(folder_, "lipsound2 score --reference more --degraded " + sounds);
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.error, HasSubstr("more/z.wav"));

  const auto scored = run_in(folder_,
                             "lipsound2 score --reference more --degraded " + sounds +
                                 " --metrics lsd,delay --allow-unpaired --jobs 2 --csv s.csv");
  EXPECT_EQ(scored.code, 0) << scored.error;
  EXPECT_THAT(scored.out, HasSubstr("unpaired, not scored: more/z.wav"));
  EXPECT_THAT(read_file(folder_ / "s.csv"), HasSubstr("id,speaker,lsd,delay,failure,note"));

  const auto compared =
      run_in(folder_, "lipsound2 eval --compare runs/first runs/first --split train");
  EXPECT_EQ(compared.code, 0) << compared.error;
  EXPECT_THAT(compared.out, HasSubstr("stoi"));
  EXPECT_EQ(run_in(folder_, "lipsound2 eval --compare runs/first runs/first --split valid").code,
            2);
}

TEST_F(ProgramEndToEnd, InspectsWhateverItWrites) {
  ASSERT_EQ(
      run_in(folder_, "lipsound2 train --config tiny.yaml --run runs/seen --set train.steps=2")
          .code,
      0);

  EXPECT_THAT(run_in(folder_, "lipsound2 inspect prepared --json found.json").out,
              HasSubstr("clips            24"));
  EXPECT_THAT(read_file(folder_ / "found.json"), HasSubstr("\"clips\": 24"));
  EXPECT_THAT(run_in(folder_, "lipsound2 inspect prepared/shards/00000.tar").out,
              HasSubstr(".faces.mjpeg"));
  EXPECT_THAT(run_in(folder_, "lipsound2 inspect runs/seen").out, HasSubstr("last event"));
  EXPECT_THAT(run_in(folder_, "lipsound2 inspect runs/seen/checkpoints/last.safetensors").out,
              HasSubstr("optimizer"));
  EXPECT_EQ(run_in(folder_, "lipsound2 doctor --json doctor.json").code, 0);
  EXPECT_THAT(read_file(folder_ / "doctor.json"), HasSubstr("\"golden mel\""));
  EXPECT_THAT(run_in(folder_, "lipsound2 config tiny.yaml").out, HasSubstr("learning_rate"));
}

std::string train_until(const std::string& flags,
                        const std::string& run,
                        int steps,
                        const std::string& signal) {
  return until("train --config tiny.yaml " + flags + " --run " + run, run, steps, signal);
}

TEST_F(ProgramEndToEnd, StopsOnASignalAndGoesOnAsIfNeverStopped) {
  const std::string flags = "--set train.steps=60";
  ASSERT_EQ(run_in(folder_, "lipsound2 train --config tiny.yaml --run runs/whole " + flags).code,
            0);

  const auto stopped = run_in(folder_, train_until(flags, "runs/parts", 5, "TERM"));
  const auto resumed =
      run_in(folder_, "lipsound2 train --config tiny.yaml --run runs/parts --resume " + flags);

  EXPECT_EQ(stopped.code, 130) << stopped.error;
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  EXPECT_EQ(read_file(folder_ / "runs/parts/checkpoints/last.safetensors"),
            read_file(folder_ / "runs/whole/checkpoints/last.safetensors"));
}

TEST_F(ProgramEndToEnd, SurvivesKillsBitForBit) {
  const std::string flags = "--set train.steps=60 --set train.save_every=3";
  ASSERT_EQ(run_in(folder_, "lipsound2 train --config tiny.yaml --run runs/unkilled " + flags).code,
            0);

  EXPECT_EQ(run_in(folder_, train_until(flags, "runs/killed", 7, "KILL")).code, 137);
  for (const int steps : {2, 11, 5})
    EXPECT_EQ(run_in(folder_, train_until(flags + " --resume", "runs/killed", steps, "KILL")).code,
              137);
  const auto finished =
      run_in(folder_, "lipsound2 train --config tiny.yaml --run runs/killed --resume " + flags);

  ASSERT_EQ(finished.code, 0) << finished.error;
  for (const char* file : {"last.safetensors", "best.safetensors"})
    EXPECT_EQ(read_file(folder_ / "runs/killed/checkpoints" / file),
              read_file(folder_ / "runs/unkilled/checkpoints" / file))
        << file;
}

TEST_F(ProgramEndToEnd, AChainKilledInItsSecondStageGoesOnThereBitForBit) {
  write_file(folder_ / "chain.yaml",
             "stages:\n  - tiny.yaml\n"
             "  - {config: tiny.yaml, set: {name: tuned, train.freeze: [encoder]}}\n");
  const std::string command =
      "train --config chain.yaml --run runs/chain --set tiny:train.steps=4 --set "
      "tuned:train.steps=60 --set train.save_every=3";
  const auto whole = run_in(
      folder_, "lipsound2 " + command + " --json chain.json && mv runs/chain runs/whole-chain");
  ASSERT_EQ(whole.code, 0) << whole.error;
  EXPECT_EQ(whole.out, "runs/chain/2-tuned/checkpoints/best.safetensors\n");
  EXPECT_THAT(read_file(folder_ / "chain.json"), HasSubstr("\"run\": \"runs/chain/1-tiny\""));

  EXPECT_EQ(run_in(folder_, until(command, "runs/chain/2-tuned", 7, "KILL")).code, 137);
  const auto first =
      fs::last_write_time(folder_ / "runs/chain/1-tiny/checkpoints/last.safetensors");
  const std::string again = command + " --resume";
  EXPECT_EQ(run_in(folder_, until(again, "runs/chain/2-tuned", 11, "KILL")).code, 137);
  const auto finished = run_in(folder_, "lipsound2 " + again);

  ASSERT_EQ(finished.code, 0) << finished.error;
  EXPECT_THAT(finished.error, HasSubstr("stage 1-tiny is over"));
  EXPECT_EQ(fs::last_write_time(folder_ / "runs/chain/1-tiny/checkpoints/last.safetensors"), first);
  for (const char* file : {"1-tiny/checkpoints/last.safetensors",
                           "2-tuned/checkpoints/last.safetensors",
                           "2-tuned/checkpoints/best.safetensors"})
    EXPECT_EQ(read_file(folder_ / "runs/chain" / file),
              read_file(folder_ / "runs/whole-chain" / file))
        << file;
  for (const auto& item : fs::directory_iterator(folder_ / "runs/chain/2-tuned/checkpoints"))
    EXPECT_THAT(item.path().string(), ::testing::Not(HasSubstr(".tmp")));
  EXPECT_THAT(run_in(folder_, "lipsound2 inspect runs/chain").out, HasSubstr("2-tuned"));
}

/// A port that nobody listens at, most likely still a moment later.
std::string free_port() {
  const int door = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(door, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(door, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(door);
  return std::to_string(::ntohs(address.sin_port));
}

/// Runs `first`, and a command of the program beside it, as two processes that find each other as
/// torchrun's do. Ends with the code of the first and prints that of the second.
std::string by_two(const std::string& first, const std::string& second) {
  return "export OMP_NUM_THREADS=1 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=" + free_port() +
         "; RANK=1 lipsound2 " + second + " & other=$!; export RANK=0; " + first +
         "; code=$?; wait $other; echo $?; exit $code";
}

TEST_F(ProgramEndToEnd, TrainsByTwoProcessesAndGoesOnAsIfNeverStopped) {
  const std::string command = "train --config tiny.yaml --set train.steps=60 --run runs/";
  const std::string pair = command + "pair", cut = command + "cut", again = cut + " --resume";

  const auto whole = run_in(folder_, by_two("lipsound2 " + pair, pair));
  const auto stopped = run_in(folder_, by_two(until(cut, "runs/cut", 5, "TERM"), cut));
  const auto resumed = run_in(folder_, by_two("lipsound2 " + again, again));

  ASSERT_EQ(whole.code, 0) << whole.error;
  EXPECT_THAT(whole.error, HasSubstr("2 processes train together"));
  EXPECT_EQ(stopped.code, 130) << stopped.error;
  EXPECT_EQ(stopped.out, "130\n");
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  EXPECT_EQ(resumed.out, "runs/cut/checkpoints/best.safetensors\n0\n");
  EXPECT_EQ(read_file(folder_ / "runs/cut/checkpoints/last.safetensors"),
            read_file(folder_ / "runs/pair/checkpoints/last.safetensors"));
}

TEST_F(ProgramEndToEnd, ShowsEveryStageOfAChain) {
  write_file(folder_ / "shown.yaml",
             "stages:\n  - tiny.yaml\n  - {config: tiny.yaml, set: {name: tuned, seed: 3}}\n");

  const auto shown =
      run_in(folder_, "lipsound2 config shown.yaml --set tuned:train.steps=7 --json shown.json");

  EXPECT_EQ(shown.code, 0) << shown.error;
  EXPECT_THAT(shown.out,
              AllOf(HasSubstr("# stage 1-tiny\n"),
                    HasSubstr("# stage 2-tuned, from the best weights of 1-tiny\n"),
                    HasSubstr("steps: 12\n"),
                    HasSubstr("steps: 7\n")));
  EXPECT_THAT(read_file(folder_ / "shown.json"), HasSubstr("\"2-tuned\": {"));
}

}  // namespace
}  // namespace lipsound2
