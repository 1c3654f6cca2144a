// TimeLeft: one time limit for several requests.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/failure.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/request.hpp>

#include <chrono>
#include <utility>

namespace weft::http::detail {

/// What a layer that sends several requests for one has left of the time that all of them may take.
class TimeLeft {
 public:
  TimeLeft(Clock& clock, Delay total) : clock_(clock), start_(clock.now()), total_(total) {}

  /// Gives the request what is left as its timeout. False when nothing is.
  bool limit(Request& request) const {
    if (left().count() <= 0) return false;
    request.timeout = Delay(left());
    return true;
  }
  std::chrono::nanoseconds left() const { return total_.value() - (clock_.now() - start_); }
  TotalTimeout error(const Url& url) const { return TotalTimeout(url.withCredentialsRemoved().href(), total_.seconds()); }
  /// A TotalTimeout of one of the requests says how much that one had; to the user it is the whole that counts.
  Failure ofAll(Failure failure) const {
    if (const auto* timeout = failure.as<TotalTimeout>()) return Failure(TotalTimeout(timeout->url, total_.seconds()));
    return failure;
  }

 private:
  Clock& clock_;
  std::chrono::nanoseconds start_;
  Delay total_;
};

}  // namespace weft::http::detail
