// WarcWriter: exchanges of HTTP into a WARC file.
#pragma once

#include <weft/crawler/feeds/packer.hpp>
#include <weft/crawler/warc/warc_error.hpp>
#include <weft/crawler/warc/warc_record.hpp>
#include <weft/defer/deferred.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace weft {
class Reactor;
}

namespace weft::crawler {

/// A request and its response, as text of HTTP/1.1.
struct WarcExchange {
  std::string url;                                     ///< without credentials and fragment
  std::chrono::system_clock::time_point begun;
  std::string request;                                 ///< its head and body
  int status = 0;
  std::string responseHead;                            ///< with the empty line at its end
  std::string body;                                    ///< in its content coding, without chunks
  std::string address;                                 ///< who answered: "192.0.2.1"; empty if nobody knows
  std::string protocol;                                ///< "http/1.1" or "h2"
  std::string truncated;                               ///< WARC-Truncated: length, time, disconnect; empty: it is whole
};

/// How a WarcWriter writes.
struct WarcOptions {
  std::uint64_t maxBytes = std::uint64_t{1} << 30;     ///< of one file; then the next begins. 0: all in one
  std::string software = "weft";                       ///< for the warcinfo record
  std::size_t maxBody = std::size_t{64} << 20;         ///< bytes of one body; of a longer one the rest is not recorded (WARC-Truncated: length)
  std::size_t maxWaiting = std::size_t{32} << 20;      ///< bytes that wait to be written; more is back-pressure
};

/// Writes WARC 1.1 (ISO 28500:2017): a warcinfo record at the start of each file; for each exchange a request record and a response record, or for a 304 a revisit record. A path that ends in .gz has a gzip
/// member for each record. When a file has grown to maxBytes, the next one begins: crawl.warc.gz, crawl-00002.warc.gz, crawl-00003.warc.gz.
///
/// A file that is there is appended to, the last one of its row; what a crash has left of a record at its end is cut off first. An exchange is written in whole or not at all: of one that does not fit on the
/// disk nothing stays. The first error is final: what is put later is dropped, and counts as lost.
///
/// With a reactor a thread of the writer's own compresses and writes, in the order of put(); without one put() does. Everything is called on one thread, the reactor's.
class WarcWriter {
 public:
  /// Opens the file. Throws WarcError: it cannot be opened, or is there and is no WARC. The reactor is referred to.
  WarcWriter(std::string path, WarcOptions options, Reactor* reactor);
  WarcWriter(const WarcWriter&) = delete;
  WarcWriter& operator=(const WarcWriter&) = delete;
  /// close(), without its error.
  ~WarcWriter();

  /// Takes an exchange. Does not throw.
  void put(WarcExchange exchange) noexcept;
  const WarcOptions& options() const noexcept;
  /// Fires when there is room for more: at once but for when maxWaiting bytes wait. Whoever makes requests asks first.
  Deferred<> room();
  /// Whom to tell of the first error; once, from the reactor.
  void onError(std::function<void(const WarcError&)> callback);
  /// Writes what waits, blocks until it is written, and closes the file. Throws WarcError: something could not be written, now or before. Idempotent.
  void close();

  /// After close(): exchanges that are in the files, and those that were put and are not.
  std::uint64_t written() const noexcept;
  std::uint64_t lost() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler
