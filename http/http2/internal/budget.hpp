// Budget: so many at once, and so many more in each second.
#pragma once

#include <algorithm>
#include <chrono>

namespace weft::http::detail {

class Budget {
 public:
  Budget(double burst, double perSecond) noexcept : left_(burst), burst_(burst), perSecond_(perSecond) {}

  /// False: there is nothing left.
  bool take(std::chrono::nanoseconds now) noexcept {
    left_ = std::min(burst_, left_ + std::chrono::duration<double>(now - at_).count() * perSecond_);
    at_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }
  void earn(double count) noexcept { left_ = std::min(burst_, left_ + count); }

 private:
  double left_;
  double burst_;
  double perSecond_;
  std::chrono::nanoseconds at_{};
};

}  // namespace weft::http::detail
