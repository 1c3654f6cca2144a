// AutoThrottle: a delay that follows how fast a server answers.
#pragma once

namespace weft::crawler {

/// Scrapy's AutoThrottle, exactly: the delay goes half the way to latency / target, at once when that is longer; it stays within its bounds, and an answer other than 200 never
/// shortens it. All times are seconds.
///
///     AutoThrottle throttle{.target = 1, .least = 0, .most = 60};
///     throttle.next(5.0, 0.2, 200);                    // 2.6
struct AutoThrottle {
  double target = 1;                                   ///< AUTOTHROTTLE_TARGET_CONCURRENCY: requests that should be in flight at a server
  double least = 0;                                    ///< DOWNLOAD_DELAY
  double most = 60;                                    ///< AUTOTHROTTLE_MAX_DELAY

  /// The delay after an answer that took `latency` from the request to its head.
  double next(double delay, double latency, int status) const noexcept;
};

}  // namespace weft::crawler
