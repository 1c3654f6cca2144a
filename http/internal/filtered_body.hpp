// filteredBody: a Body made of another one, piece by piece.
#pragma once

#include <weft/core/unique_function.hpp>
#include <weft/http/body.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace weft::http::detail {

/// What a layer does to the bytes of a body. Destroyed without finish(): the body broke, or nobody read it to its end.
class BodyFilter {
 public:
  virtual ~BodyFilter() = default;
  /// Takes bytes of `piece` from `at` on, and moves `at` on; appends to `out` what becomes of them, about `room` bytes at most. True if there is more to come without
  /// another piece. May take `piece` itself away. What it throws is the body's error.
  virtual bool filter(std::string& piece, std::size_t& at, std::string& out, std::size_t room) = 0;
  /// The body has ended well. What it throws is the body's error all the same.
  virtual void finish() = 0;
  /// An error of the inner body passes; what this gives is the error of the outer one.
  virtual Failure failed(Failure failure) { return failure; }

 protected:
  /// For filters that let everything pass: moves a piece through without copying it where it can.
  static void pass(std::string& piece, std::size_t& at, std::string& out);
};

/// The bytes of `inner`, passed through `filter`. Reads on as it is read itself, and no more than Body::kReadAhead ahead; what has come of `inner` already is filtered here.
/// Dropping it drops `inner`. `url` for errors; `expected`: how many bytes it will have, 0 if nobody knows.
Body filteredBody(Body inner, std::unique_ptr<BodyFilter> filter, std::string url, std::uint64_t expected = 0);

/// Gives the next piece of a body, never an empty one; nullopt at the end. Not asked again before it has answered; cancelled when nobody reads any more.
using PieceSource = UniqueFunction<Deferred<std::optional<std::string>>()>;
/// A Body of what `next` gives, asked for as it is read.
Body producedBody(PieceSource next, std::string url, std::uint64_t expected = 0);

}  // namespace weft::http::detail
