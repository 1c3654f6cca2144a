// Digests: the hash functions that protocols ask for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::net {

/// Md5 and Sha1 are broken as signatures; they are here because protocols prescribe them (HTTP's Digest scheme, WebSocket's handshake).
enum class DigestKind : std::uint8_t { Md5, Sha1, Sha256 };

/// The digest of `bytes`: 16, 20 or 32 bytes. Any thread. Throws net::Error when this system's OpenSSL does not offer the function (MD5 under FIPS).
std::string digest(DigestKind kind, std::string_view bytes);
/// The same in hexadecimal, in lower case.
std::string hexDigest(DigestKind kind, std::string_view bytes);

/// `count` bytes that nobody can guess, from OpenSSL's generator. Any thread. Throws net::Error when it has no entropy.
std::string randomBytes(std::size_t count);
/// Bytes in hexadecimal, in lower case.
std::string toHex(std::string_view bytes);

}  // namespace weft::net
