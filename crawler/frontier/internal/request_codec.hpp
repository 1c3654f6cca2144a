// RequestCodec: requests as bytes.
#pragma once

#include <weft/crawler/request.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

/// Packs a request into some ten bytes and its URL (and what else it carries), for queues and journals. Callbacks are numbers: places in two tables that grow as callbacks are met
/// (0 is the empty one), so what was packed can be read by the codec that packed it, or by one whose tables were filled the same way.
///
///     | flags | priority | depth | retries | redirects | callback | [ errback | method | body | headers | meta ] | [ cbKwargs | cookies | flags | statuses ] | [ referrer ] | URL |
///
/// What is in brackets is there when the flags say so. A referrer is how many bytes it has in common with the URL, and the rest: most come from the same site. Numbers are of variable length (7 bits a byte, signed ones folded), texts have their length before them, and the URL takes the rest.
class RequestCodec {
 public:
  /// Appends to `out`.
  void encode(const Request& request, std::string& out);
  /// Throws JournalDamaged when these are no bytes of encode().
  Request decode(std::string_view bytes) const;

  std::vector<Callback>& callbacks() noexcept { return callbacks_; }
  std::vector<Errback>& errbacks() noexcept { return errbacks_; }

 private:
  std::vector<Callback> callbacks_{Callback()};
  std::vector<Errback> errbacks_{Errback()};
};

/// 7 bits a byte, lowest first; the highest bit says that more follow.
void appendVarint(std::string& out, std::uint64_t value);
/// Takes one off the front. Throws JournalDamaged.
std::uint64_t takeVarint(std::string_view& bytes);

}  // namespace weft::crawler
