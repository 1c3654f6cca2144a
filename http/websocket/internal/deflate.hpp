// The two halves of permessage-deflate. RFC 7692 section 7.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weft::http::detail {

struct InflateContext;
struct DeflateContext;

/// Inflates the messages of one connection, each as it comes. Has zlib's memory (up to 40 KiB) during a message, and between messages only where they may refer to each other.
class MessageInflater {
 public:
  enum class Result : std::uint8_t { Good, Damaged, TooLarge };

  MessageInflater(int windowBits, bool keepContext) noexcept;
  ~MessageInflater();

  /// Appends what `in` inflates to. TooLarge: `out` would be longer than `limit`; it is not. Throws std::bad_alloc.
  Result add(std::string_view in, std::string& out, std::size_t limit);
  /// The message is here in full.
  Result finish(std::string& out, std::size_t limit);

 private:
  std::unique_ptr<InflateContext> context_;
  std::uint8_t windowBits_;
  bool keepContext_;
};

/// Deflates the messages of one connection. Has zlib's memory (up to 260 KiB) between messages only where they may refer to each other; else those of a thread share it.
class MessageDeflater {
 public:
  MessageDeflater(int windowBits, bool keepContext, int level) noexcept;
  ~MessageDeflater();

  /// Appends the compressed message, which must not be empty. Throws std::bad_alloc.
  void deflate(std::string_view message, std::string& out);
  bool keepsContext() const noexcept { return keepContext_; }

 private:
  std::unique_ptr<DeflateContext> context_;
  std::uint8_t windowBits_;
  std::uint8_t level_;
  bool keepContext_;
};

}  // namespace weft::http::detail
