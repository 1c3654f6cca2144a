#include <weft/crawler/politeness/auto_throttle.hpp>

#include <algorithm>

namespace weft::crawler {

double AutoThrottle::next(double delay, double latency, int status) const noexcept {
  const double wanted = latency / target;
  const double moved = std::min(std::max({wanted, (delay + wanted) / 2, least}), most);
  return status != 200 && moved <= delay ? delay : moved;
}

}  // namespace weft::crawler
