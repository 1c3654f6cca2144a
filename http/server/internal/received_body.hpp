// ReceivedBody: a request's body, at the server that receives it.
#pragma once

#include <weft/http/body.hpp>
#include <weft/http/body_source.hpp>
#include <weft/http/error.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace weft::http::detail {

class ReceivedBody final : public BodySource {
 public:
  ReceivedBody(Body body, Length length) : body_(std::move(body)), length_(length) {}
  Deferred<Length> open() override { return succeed(length_); }
  AsyncGenerator<std::string> chunks() override {
    take();
    return std::move(body_).chunks();
  }
  Deferred<std::string> bytes(std::size_t limit) override {
    take();
    return body_.bytes(limit);
  }
  bool isRepeatable() const noexcept override { return false; }

 private:
  void take() {
    if (std::exchange(taken_, true)) throw Error("the body of a request that was received can be read once");
  }

  Body body_;
  const Length length_;
  bool taken_ = false;
};

}  // namespace weft::http::detail
