#include "shard_stream.h"

#include <cerrno>
#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/wait.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "read_ahead.h"
#include "support/temporary_folder.h"

namespace lipsound2::data {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// 10000 bytes of which every one tells its place.
std::string numbered_bytes() {
  std::string bytes;
  for (int i = 0; i < 10000; ++i)
    bytes += static_cast<char>(i * 7 + i / 256);
  return bytes;
}

/// A folder whose name needs quotes, with a shard of those bytes.
class ShardStreamTest : public ::testing::Test {
 protected:
  ShardStreamTest() { folder_.write("it's a {shard}/a b.tar", numbered_bytes()); }

  std::filesystem::path place() const { return folder_.path() / "it's a {shard}"; }
  /// The source of the shard; {} in the command is its path.
  std::string source(const std::string& command) const {
    return ShardSource("ignored", "pipe:" + command).of((place() / "a b.tar").string());
  }
  /// Not so for a zombie that waits for whoever took it over.
  static bool is_running(const std::string& pid) {
    std::ifstream status("/proc/" + pid + "/stat");
    std::string word;
    std::string state = "X";
    status >> word >> word >> state;
    return state != "X" && state != "Z";
  }
  static bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD; }

  testing::TemporaryFolder folder_;
};

using ShardStreamFault = ShardStreamTest;

TEST_F(ShardStreamTest, ReadsTheSameFromAFileAndFromACommand) {
  const std::string bytes = numbered_bytes();
  for (const std::string& shard :
       {ShardSource(place(), "").of("a b.tar"),
        ShardSource("elsewhere", place().string()).of("a b.tar"),
        source("cat {}"),
        source("(sleep 0.05; cat {}) | (head -c 3000; sleep 0.05; cat)")}) {
    ShardStream stream(shard);
    EXPECT_EQ(stream.read(100, 50, "x", {}), bytes.substr(100, 50)) << shard;
    EXPECT_EQ(stream.read(150, 2000, "x", {}), bytes.substr(150, 2000));
    EXPECT_EQ(stream.read(9000, 1000, "x", {}), bytes.substr(9000, 1000));
    EXPECT_EQ(stream.position(), 10000);
    stream.finish({});
  }
  EXPECT_FALSE(has_children());
}

TEST_F(ShardStreamTest, EndsACommandThatHasMoreToSay) {
  {
    ShardStream stream(source("yes {}"));
    stream.read(0, 100, "x", {});
    stream.finish({});
    ShardStream other(source("sleep 1000; cat {}"));
  }
  EXPECT_FALSE(has_children());
}

TEST_F(ShardStreamTest, EndsWhatTheCommandStarted) {
  const auto file = (folder_ / "pid").string();
  {
    ShardStream stream(source("sleep 1000 & echo $! > " + file + "; echo started; wait # {}"));
    stream.read(0, 7, "x", {});
  }
  const std::string pid = read_file(file);
  // It is ended at once, but may need a moment to die.
  while (is_running(pid.substr(0, pid.find('\n'))))
    std::this_thread::yield();
}

TEST_F(ShardStreamTest, StopsWhileACommandKeepsItWaiting) {
  ShardStream stream(source("sleep 1000; cat {}"));
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });

  stream.read(0, 10, "x", stop.get_token());

  stopper.join();
}

TEST_F(ShardStreamFault, NamesHowACommandEnded) {
  const auto read_all = [this](const std::string& command) {
    ShardStream stream(source(command));
    stream.read(1000, 9000, "clip 'x'", {});
    stream.finish({});
  };
  EXPECT_THAT([&] { read_all("head -c 3000 {}"); },
              ThrowsMessage<Error>("clip 'x': expected 9000 bytes at offset 1000, found the end "
                                   "after 2000: the command exited with code 0"));
  EXPECT_THAT(
      [&] { read_all("cat {}.nothing 2>/dev/null; exit 3"); },
      ThrowsMessage<Error>("clip 'x': expected the clip at offset 1000, found the end at 0: "
                           "the command exited with code 3"));
  EXPECT_THAT([&] { read_all("head -c 2000 {}; kill -9 $$"); },
              ThrowsMessage<Error>(HasSubstr("the command was ended by signal 9")));
  EXPECT_THAT([&] { read_all("cat {}; exit 4"); },
              ThrowsMessage<Error>(HasSubstr(
                  "a b.tar'; exit 4: expected success, but the command exited with code 4")));
  EXPECT_FALSE(has_children());
}

TEST_F(ShardStreamFault, NamesAMissingOrShortFile) {
  EXPECT_THAT([&] { ShardStream(ShardSource(place(), "").of("none.tar")); },
              ThrowsMessage<Error>(HasSubstr("none.tar: cannot read the shard: No such file")));
  ShardStream stream((place() / "a b.tar").string());
  EXPECT_THAT(
      [&] { stream.read(9900, 200, "clip 'x'", {}); },
      ThrowsMessage<Error>("clip 'x': expected 200 bytes at offset 9900, found the end after "
                           "100: the file was cut short or is another one"));
}

TEST_F(ShardStreamFault, WantsAPlaceForTheShardInTheCommand) {
  EXPECT_THAT([] { ShardSource("x", "pipe:cat all.tar"); },
              ThrowsMessage<Error>(HasSubstr("data.shards: expected {} in the command")));
}

}  // namespace
}  // namespace lipsound2::data
