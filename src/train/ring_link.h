#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>

namespace lipsound2::train {

/// A process among others.
struct RingSeat {
  int rank = 0;
  int world = 1;

  int next() const { return (rank + 1) % world; }
  int previous() const { return (rank + world - 1) % world; }
};

/// A file descriptor that is closed at the end.
class Socket {
 public:
  explicit Socket(int descriptor = -1) : descriptor_(descriptor) {}
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;

  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

/// A host, by number, and a port.
struct Endpoint {
  std::string host;
  std::string port;

  /// "host port" and the reverse.
  std::string text() const { return host + " " + port; }
  static Endpoint parse(const std::string& text);
};

/// Where the previous process of the ring will knock: the address by which this machine reaches
/// `meeting_place`, and any free port. Throws kIo.
class Door {
 public:
  explicit Door(const Endpoint& meeting_place);

  const Endpoint& endpoint() const { return endpoint_; }
  /// Waits for the process that sits before `seat`; turns others away. Throws kIo after `patience`.
  Socket accept(const RingSeat& seat, std::chrono::milliseconds patience) const;

 private:
  Endpoint endpoint_;
  Socket socket_;
};

/// TCP connections to the next process of a ring and from the previous one. Without encryption, for
/// networks that can be trusted.
class RingLink {
 public:
  /// Knocks at the next one's door and opens its own. Throws kIo when one does not come.
  RingLink(const RingSeat& seat,
           const Door& door,
           const Endpoint& next,
           std::chrono::milliseconds patience);

  /// Sends all of `out` to the next process while it fills `in` from the previous one. Waits as
  /// long as these live. Throws kIo, naming it, when one of them has ended or its machine does not
  /// answer for a minute.
  void exchange(std::span<const std::byte> out, std::span<std::byte> in) const;

 private:
  std::size_t send_some(std::span<const std::byte> out) const;
  std::size_t receive_some(std::span<std::byte> in) const;

  RingSeat seat_;
  Socket next_;
  Socket previous_;
};

}  // namespace lipsound2::train
