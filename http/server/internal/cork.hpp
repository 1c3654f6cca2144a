// Channel::Cork: the answers to requests that came together go out together.
#pragma once

#include <weft/http/server/internal/channel.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace weft::http::detail {

/// As long as it is there, small answers are collected. It holds the memory of its Site meanwhile.
class Channel::Cork {
 public:
  explicit Cork(Channel& channel) : channel_(channel), out_(std::exchange(channel.site_->scratch_, {})) { channel.cork_ = this; }
  Cork(const Cork&) = delete;
  Cork& operator=(const Cork&) = delete;
  ~Cork() {
    flush();
    channel_.cork_ = nullptr;
    if (out_.capacity() <= kKept) channel_.site_->scratch_ = std::move(out_);
  }

  /// Holds the bytes that `view` is to show.
  void keep(std::string bytes, std::string_view& view) {
    in_ = std::move(bytes);
    view = in_;
  }
  std::string& out() noexcept { return out_; }
  void flush() {
    if (!out_.empty() && channel_.hasTransport()) channel_.transport().write(out_);
    out_.clear();
  }

  static constexpr std::size_t kKept = 256 * 1024;

 private:
  Channel& channel_;
  std::string out_;
  std::string in_;
};

}  // namespace weft::http::detail
