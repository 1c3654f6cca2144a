// A server in a process of its own, and what it has used.
#pragma once

#include "counters.hpp"
#include "servers.hpp"

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace bench {

/// Forks; the server runs on processor 0, what measures should run on another (see pinToLoadProcessor).
class ServerProcess {
 public:
  explicit ServerProcess(const EchoServer& server);
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  std::uint16_t port() const noexcept { return port_; }

  struct Use {
    double cpu = 0;                                    // nanoseconds, by the scheduler
    double user = 0, system = 0;                       // ticks of 10 ms: good for their ratio, over a long time
    long calls = 0, allocations = 0;
  };
  Use use() const;
  /// Of memory that nobody else has: what connections cost lies there.
  std::size_t privateBytes() const;

 private:
  pid_t process_;
  std::uint16_t port_ = 0;
  Counters& counters_;
};

inline ServerProcess::Use operator-(const ServerProcess::Use& after, const ServerProcess::Use& before) {
  return {after.cpu - before.cpu, after.user - before.user, after.system - before.system, after.calls - before.calls,
          after.allocations - before.allocations};
}

void pinToLoadProcessor();

}  // namespace bench
