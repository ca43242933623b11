#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <sys/types.h>  // pid_t

namespace lipsound2::data {

/// Whether a source is pipe:COMMAND.
bool is_command(std::string_view source);

/// Where the shards of a manifest are. `shards` is as config key data.shards: empty for beside the
/// manifest, a folder, or pipe:COMMAND with {} in the place of the shard.
class ShardSource {
 public:
  /// Throws kConfig for a command without {}.
  ShardSource(std::filesystem::path manifest_folder, const std::string& shards);

  /// Path of the shard, or pipe:COMMAND with the name of the shard quoted for the shell.
  std::string of(const std::string& shard) const;

 private:
  std::filesystem::path folder_;
  std::string command_;
};

/// A shard that is read from front to back: a file, or what a shell command writes. Commands run as
/// /bin/sh -c COMMAND in a process group of their own, without input; what they say on stderr is
/// shown. The group is ended (SIGKILL) and waited for when the stream is closed, at the latest by
/// the destructor. For one thread.
class ShardStream {
 public:
  /// Opens a source as ShardSource::of() names it. Throws kIo.
  explicit ShardStream(std::string source);
  ~ShardStream();
  ShardStream(const ShardStream&) = delete;
  ShardStream& operator=(const ShardStream&) = delete;

  /// The bytes from `offset` on, which must not lie before those read last. Throws kIo, beginning
  /// with `where`, when the shard ends early (of a command: with its exit code) or cannot be read.
  /// Incomplete once `stop` is requested.
  std::string read(std::int64_t offset,
                   std::int64_t count,
                   const std::string& where,
                   std::stop_token stop);
  /// Where the next byte comes from.
  std::int64_t position() const { return position_; }
  /// After the last clip that is wanted. A command that is at its end must succeed, else kIo is
  /// thrown; one that has more to say is ended.
  void finish(std::stop_token stop);

 private:
  void run(const std::string& command);
  std::size_t read_some(char* bytes,
                        std::size_t count,
                        const std::string& where,
                        const std::stop_token& stop);
  void skip_to(std::int64_t offset, const std::string& where, const std::stop_token& stop);
  std::optional<int> wait_for_command(const std::stop_token& stop);
  std::string end_of_command(const std::stop_token& stop);
  void close();

  std::string source_;
  int descriptor_ = -1;
  pid_t command_ = 0;  ///< 0: a file, or a command that was waited for
  std::int64_t position_ = 0;
};

}  // namespace lipsound2::data
