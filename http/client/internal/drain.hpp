// drain: reads a body that nobody wants.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/body.hpp>

#include <cstddef>

namespace weft::http::detail {

/// Of a body that is worth less than its connection, for the layers that have no setting for it.
inline constexpr std::size_t kDrainedBytes = 64 * 1024;
inline constexpr double kDrainTime = 1;

/// Reads what is left of `body`, so that its connection can serve again. Gives it up, and the connection with it, when there are more than `most` bytes, or when it takes longer
/// than `time`. Errors of the body are nobody's business any more, but CancelledError and AgentClosed: there is nobody to go on with.
Deferred<> drain(Body body, std::size_t most, Delay time, Clock& clock);

}  // namespace weft::http::detail
