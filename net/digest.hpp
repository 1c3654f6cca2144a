// Digests: the hash functions that protocols ask for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weft::net {

/// Md5 and Sha1 are broken as signatures; they are here because protocols prescribe them (HTTP's Digest scheme, WebSocket's handshake).
enum class DigestKind : std::uint8_t { Md5, Sha1, Sha256 };

/// The digest of `bytes`: 16, 20 or 32 bytes. Any thread. Throws net::Error when this system's OpenSSL does not offer the function (MD5 under FIPS).
std::string digest(DigestKind kind, std::string_view bytes);
/// The same in hexadecimal, in lower case.
std::string hexDigest(DigestKind kind, std::string_view bytes);

/// The digest of what comes in pieces: of a file, say. Any thread, one at a time.
///
///     RunningDigest digest(DigestKind::Md5);
///     while (read(piece)) digest.update(piece);
///     std::string checksum = digest.hex();
class RunningDigest {
 public:
  /// Throws net::Error as digest() does.
  explicit RunningDigest(DigestKind kind);
  RunningDigest(RunningDigest&&) noexcept;
  RunningDigest& operator=(RunningDigest&&) noexcept;
  ~RunningDigest();
  void update(std::string_view bytes);
  /// Of all that came, in hexadecimal, in lower case. Ends it: call nothing more.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `count` bytes that nobody can guess, from OpenSSL's generator. Any thread. Throws net::Error when it has no entropy.
std::string randomBytes(std::size_t count);
/// Bytes in hexadecimal, in lower case.
std::string toHex(std::string_view bytes);

}  // namespace weft::net
