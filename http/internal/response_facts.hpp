// ResponseFacts: what an Agent knows about how a response came. Part of it comes after the response.
#pragma once

#include <weft/core/block_pool.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/response_timing.hpp>
#include <weft/net/address.hpp>
#include <weft/net/tls/facts.hpp>
#include <weft/net/transport.hpp>

#include <cstddef>
#include <memory>

namespace weft::http::detail {

/// Shared by the Response and the connection, which lets go at the end of the body.
struct ResponseFacts {
  ResponseTiming timing;
  net::Address peer;
  std::shared_ptr<const net::TlsFacts> tls;
  std::shared_ptr<net::Transport> transport;             // after 101
  Headers trailers;
  unsigned interim = 0;
  bool reused = false;
};

/// Takes its blocks from the thread's pool: one for each request.
template <class T> class PooledAllocator {
 public:
  using value_type = T;
  PooledAllocator() noexcept = default;
  template <class U> PooledAllocator(const PooledAllocator<U>&) noexcept {}
  T* allocate(std::size_t count) { return static_cast<T*>(weft::detail::allocate(count * sizeof(T))); }
  void deallocate(T* block, std::size_t count) noexcept { weft::detail::deallocate(block, count * sizeof(T)); }
  template <class U> bool operator==(const PooledAllocator<U>&) const noexcept { return true; }
};

inline std::shared_ptr<ResponseFacts> makeFacts() { return std::allocate_shared<ResponseFacts>(PooledAllocator<ResponseFacts>()); }

}  // namespace weft::http::detail
