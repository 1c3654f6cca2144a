// CacheAgent: a private cache on disk.
#pragma once

#include <weft/http/client/agent.hpp>
#include <weft/http/dates.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace weft {
class Reactor;
}

namespace weft::http {

/// A cache that cannot be: its folder cannot be made, or not be written to.
class CacheError : public Error {
 public:
  CacheError(const std::string& folder, const std::string& reason);
  std::string folder;
};

/// Where a CacheAgent keeps responses, and which.
class CacheOptions {
 public:
  explicit CacheOptions(std::string folder) : folder(std::move(folder)) {}

  std::string folder;                                    ///< made if it is not there; of this cache alone
  std::uint64_t maxBytes = std::uint64_t{512} * 1024 * 1024;     ///< on disk; what was used the longest ago goes first
  std::uint64_t maxEntryBytes = std::uint64_t{64} * 1024 * 1024; ///< larger bodies are not kept
  /// Files are read and written on this reactor's pool, so that a slow disk holds nobody up. Without one, where the request is made: for tests, and for programs that have time. It must
  /// outlive the agent's requests.
  Reactor* reactor = nullptr;
  /// How long after its time a response may be given out when the server cannot be asked or says 500, 502, 503 or 504; responses and requests may ask for more (RFC 5861
  /// section 4), and must-revalidate forbids it.
  std::chrono::seconds staleIfError{0};
  double heuristicShare = 0.1;                           ///< a response that says nothing is fresh for this part of the time since its Last-Modified
  std::chrono::seconds heuristicLimit = std::chrono::hours(24);  ///< but no longer than this
  std::function<Date()> now;                             ///< the date; the system's unless something else is given

  CacheOptions& setMaxBytes(std::uint64_t value) { return maxBytes = value, *this; }
  CacheOptions& setMaxEntryBytes(std::uint64_t value) { return maxEntryBytes = value, *this; }
  CacheOptions& setReactor(Reactor& value) { return reactor = &value, *this; }
  CacheOptions& setStaleIfError(std::chrono::seconds value) { return staleIfError = value, *this; }
  CacheOptions& setHeuristicShare(double value) { return heuristicShare = value, *this; }
  CacheOptions& setHeuristicLimit(std::chrono::seconds value) { return heuristicLimit = value, *this; }
  CacheOptions& setNow(std::function<Date()> value) { return now = std::move(value), *this; }
};

/// What a CacheAgent has and has done.
class CacheStats {
 public:
  std::uint64_t hits = 0;                ///< answered without asking the server
  std::uint64_t revalidated = 0;         ///< the server said that what there was is still right
  std::uint64_t misses = 0;              ///< answered by the server
  std::uint64_t stale = 0;               ///< of the hits, those that were too old
  std::uint64_t invalidated = 0;         ///< removed since something was changed at their URL
  std::uint64_t evicted = 0;             ///< removed to make room
  std::uint64_t corrupt = 0;             ///< files that were not whole, and were removed
  std::uint64_t writeErrors = 0;         ///< responses that could not be kept: a full disk
  std::uint64_t bytes = 0;               ///< on disk
  std::uint64_t entries = 0;
};

/// An agent that keeps responses, and answers with them as long as they are right: a private cache by RFC 9111.
///
///     CacheAgent client(agent, CacheOptions("/home/me/.cache/weft"));
///     Response page = co_await client.get(url);
///     page.history().cache;                              // None, Fresh, Revalidated or Stale
///
/// Kept are answers to GET that say how long they are good (Cache-Control: max-age, Expires), that have a Last-Modified to guess by, or a validator to ask with; for each URL, session
/// (Request::cookieJar) and up to four sets of what Vary names. They are written while they are read: a body that is dropped half-way, or breaks off, is not kept. A response
/// out of the cache has an Age, and no Set-Cookie.
///
/// A request may say no-store, no-cache, max-age, min-fresh, max-stale and only-if-cached (504 when there is nothing) in Cache-Control. Requests with conditions or
/// ranges of their own pass by. A POST, PUT, DELETE and the like that succeeds removes what is kept for its URL, and for its Location and Content-Location of the same origin.
///
/// The cache never makes a request fail: files that are damaged are removed and fetched again, a full disk keeps nothing. It is for one user: credentials are no part of what tells
/// entries apart, sessions are. Put it close to the Agent, where requests have their cookies and Accept-Encoding, since answers vary by them.
///
/// Errors: those of the inner agent. The inner agent must outlive its requests; the CacheAgent itself need not: what has not been asked of the server by then fails with AgentClosed.
class CacheAgent final : public AnyAgent {
 public:
  /// Throws CacheError.
  CacheAgent(AnyAgent& agent, CacheOptions options);
  ~CacheAgent() override;
  CacheAgent(const CacheAgent&) = delete;
  CacheAgent& operator=(const CacheAgent&) = delete;

  Deferred<Response> request(Request request) override;

  CacheStats stats() const;

 private:
  struct State;
  AnyAgent& agent_;
  std::shared_ptr<State> state_;         // shared with what is under way
};

}  // namespace weft::http
