#include "ring_link.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lipsound2/core/error.h"

namespace lipsound2::train {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

constexpr std::uint32_t kGreeting = 0x6c697073;  // "lips"
constexpr int kAnswerSeconds = 60;  // after so long without an answer a machine counts as lost

[[noreturn]] void fail_with_errno(const std::string& what) {
  fail(ErrorKind::kIo, "{}: {}", what, std::strerror(errno));
}

[[noreturn]] void fail_lost(const RingSeat& seat, int other, const std::string& reason) {
  fail(ErrorKind::kIo,
       "process {} of {} has ended, or its machine is lost ({}); its own messages say why. Process "
       "{} ends too; once the cause is mended, all go on with --resume",
       other,
       seat.world,
       reason,
       seat.rank);
}

Addresses resolved(const Endpoint& endpoint, int kind) {
  addrinfo hints = {};
  hints.ai_socktype = kind;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &found);
  require(error == 0,
          ErrorKind::kIo,
          "{}, port {}: expected the address of a machine: {}",
          endpoint.host,
          endpoint.port,
          ::gai_strerror(error));
  return {found, &::freeaddrinfo};
}

Socket opened(const addrinfo& address) {
  Socket socket(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, 0));
  if (socket.get() < 0)
    fail_with_errno("cannot open a socket");
  return socket;
}

struct LocalAddress {
  sockaddr_storage address = {};
  socklen_t size = sizeof(sockaddr_storage);

  explicit LocalAddress(const Socket& socket) {
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
      fail_with_errno("cannot tell the address of a socket");
  }
  Endpoint endpoint() const {
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    require(::getnameinfo(reinterpret_cast<const sockaddr*>(&address),
                          size,
                          host.data(),
                          host.size(),
                          port.data(),
                          port.size(),
                          NI_NUMERICHOST | NI_NUMERICSERV) == 0,
            ErrorKind::kIo,
            "cannot tell the address of this machine");
    return {host.data(), port.data()};
  }
};

// A datagram socket sends nothing when it connects, but knows then by which way it would.
Endpoint own_address_towards(const Endpoint& other) {
  const Addresses addresses = resolved(other, SOCK_DGRAM);
  const Socket socket = opened(*addresses);
  if (::connect(socket.get(), addresses->ai_addr, addresses->ai_addrlen) != 0)
    fail_with_errno(other.host + ": cannot be reached");
  return {LocalAddress(socket).endpoint().host, "0"};
}

void set_option(const Socket& socket, int level, int name, int value) {
  if (::setsockopt(socket.get(), level, name, &value, sizeof(value)) != 0)
    fail_with_errno("cannot set an option of a socket");
}

// The kernel asks an idle neighbor every ten seconds whether it is still there.
void watch_neighbor(const Socket& socket) {
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, kAnswerSeconds / 10);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, kAnswerSeconds * 1000);
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
}

// Who knocks, and at how large a ring.
using Greeting = std::array<std::uint32_t, 3>;

Greeting greeting_of(int rank, int world) {
  return {kGreeting, static_cast<std::uint32_t>(rank), static_cast<std::uint32_t>(world)};
}

Socket knock(const RingSeat& seat, const Endpoint& next) {
  const Addresses addresses = resolved(next, SOCK_STREAM);
  Socket socket = opened(*addresses);
  if (::connect(socket.get(), addresses->ai_addr, addresses->ai_addrlen) != 0)
    fail_with_errno(fmt::format("process {} cannot reach process {} at {}, port {}",
                                seat.rank,
                                seat.next(),
                                next.host,
                                next.port));
  watch_neighbor(socket);
  const Greeting greeting = greeting_of(seat.rank, seat.world);
  if (::send(socket.get(), greeting.data(), sizeof(greeting), MSG_NOSIGNAL) != sizeof(greeting))
    fail_lost(seat, seat.next(), std::strerror(errno));
  return socket;
}

bool becomes_readable(const Socket& socket, std::chrono::steady_clock::time_point until) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return false;
    pollfd wanted = {socket.get(), POLLIN, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(left.count()));
    if (ready > 0)
      return true;
    if (ready < 0 && errno != EINTR)
      fail_with_errno("cannot wait for other processes");
  }
}

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

Socket::Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Endpoint Endpoint::parse(const std::string& text) {
  const auto space = text.find(' ');
  require(space != std::string::npos,
          ErrorKind::kIo,
          "'{}': expected a host and a port; is another program at MASTER_PORT?",
          text);
  return {text.substr(0, space), text.substr(space + 1)};
}

Door::Door(const Endpoint& meeting_place) {
  const Addresses addresses = resolved(own_address_towards(meeting_place), SOCK_STREAM);
  socket_ = opened(*addresses);
  if (::bind(socket_.get(), addresses->ai_addr, addresses->ai_addrlen) != 0 ||
      ::listen(socket_.get(), /*backlog=*/8) != 0)
    fail_with_errno("cannot listen for other processes");
  endpoint_ = LocalAddress(socket_).endpoint();
}

Socket Door::accept(const RingSeat& seat, std::chrono::milliseconds patience) const {
  const auto until = std::chrono::steady_clock::now() + patience;
  const Greeting expected = greeting_of(seat.previous(), seat.world);
  while (becomes_readable(socket_, until)) {
    Socket visitor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    Greeting greeting{};
    if (visitor.get() >= 0 &&
        becomes_readable(
            visitor, std::min(until, std::chrono::steady_clock::now() + std::chrono::seconds(5))) &&
        ::recv(visitor.get(), greeting.data(), sizeof(greeting), MSG_DONTWAIT) ==
            sizeof(greeting) &&
        greeting == expected) {
      watch_neighbor(visitor);
      return visitor;
    }
  }
  fail_lost(seat, seat.previous(), "it did not connect in time");
}

RingLink::RingLink(const RingSeat& seat,
                   const Door& door,
                   const Endpoint& next,
                   std::chrono::milliseconds patience)
    : seat_(seat), next_(knock(seat, next)), previous_(door.accept(seat, patience)) {}

void RingLink::exchange(std::span<const std::byte> out, std::span<std::byte> in) const {
  while (!out.empty() || !in.empty()) {
    std::array<pollfd, 2> wanted = {pollfd{out.empty() ? -1 : next_.get(), POLLOUT, 0},
                                    pollfd{in.empty() ? -1 : previous_.get(), POLLIN, 0}};
    if (::poll(wanted.data(), wanted.size(), /*timeout=*/-1) < 0) {
      if (errno != EINTR)
        fail_with_errno("cannot wait for other processes");
      continue;
    }
    if (wanted[0].revents != 0)
      out = out.subspan(send_some(out));
    if (wanted[1].revents != 0)
      in = in.subspan(receive_some(in));
  }
}

std::size_t RingLink::send_some(std::span<const std::byte> out) const {
  const ssize_t sent = ::send(next_.get(), out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0)
    return static_cast<std::size_t>(sent);
  if (errno != EAGAIN && errno != EINTR)
    fail_lost(seat_, seat_.next(), std::strerror(errno));
  return 0;
}

std::size_t RingLink::receive_some(std::span<std::byte> in) const {
  const ssize_t received = ::recv(previous_.get(), in.data(), in.size(), MSG_DONTWAIT);
  if (received > 0)
    return static_cast<std::size_t>(received);
  if (received == 0)
    fail_lost(seat_, seat_.previous(), "it closed the connection");
  if (errno != EAGAIN && errno != EINTR)
    fail_lost(seat_, seat_.previous(), std::strerror(errno));
  return 0;
}

}  // namespace lipsound2::train
