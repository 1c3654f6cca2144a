// EncodingLayer: one content coding, applied as the bytes come.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weft::http::detail {

class EncodingLayer {
 public:
  enum class Then : std::uint8_t {
    Continue,                        // may keep bytes back
    Flush,                           // all so far can be decoded
    Finish,                          // the end; the last call
  };

  virtual ~EncodingLayer() = default;
  virtual void encode(std::string_view in, Then then, std::string& out) = 0;
};

std::unique_ptr<EncodingLayer> makeGzipEncoder(int level);
std::unique_ptr<EncodingLayer> makeBrotliEncoder(int level);
std::unique_ptr<EncodingLayer> makeZstdEncoder(int level);

}  // namespace weft::http::detail
