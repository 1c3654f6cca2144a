// What a descriptor must be before it is taken over.
#pragma once

namespace weft::net::detail {

/// A stream socket, listening or not; makes it non-blocking, and exec will close it. Throws CannotAdoptError.
void prepareToAdopt(int descriptor, bool listening);

}  // namespace weft::net::detail
