// What the clients fetch from: the least server that answers a GET.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace bench {

/// In a process of its own, on processor 0. Answers each request on 127.0.0.1 with a page of `bytes` and the fields that nginx sends; ends with this object.
class PageServer {
 public:
  explicit PageServer(std::size_t bytes);
  PageServer(const PageServer&) = delete;
  PageServer& operator=(const PageServer&) = delete;
  ~PageServer();

  std::uint16_t port() const noexcept { return port_; }

 private:
  pid_t process_;
  std::uint16_t port_ = 0;
};

}  // namespace bench
