// Masking: what clients do to the payload of their frames. RFC 6455 section 5.3.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::http::detail {

/// A key that nobody can foresee: section 10.3. The four bytes as they stand in memory. Throws net::Error where the system has no entropy.
std::uint32_t newMaskKey();

/// Masks, or unmasks, in place. Gives the key for the bytes that follow.
std::uint32_t applyMask(char* data, std::size_t size, std::uint32_t key) noexcept;

}  // namespace weft::http::detail
