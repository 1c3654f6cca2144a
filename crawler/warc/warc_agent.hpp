// WarcAgent: writes down what an Agent sends and receives.
#pragma once

#include <weft/crawler/warc/warc_writer.hpp>
#include <weft/http/client/agent.hpp>

#include <string>

namespace weft::crawler {

/// An agent that records each exchange of the one within, the innermost of layers: it sees bodies in their content coding, cookies and logins. An exchange is put when the last byte of its body has
/// come, or when it has become clear that no more of it will: then it is marked as truncated. Requests without a response are not recorded.
///
/// What stands in the file is what was sent and received but for what an Agent does not tell: an exchange of HTTP/2 is written as one of HTTP/1.1, and a chunked body without its chunks, with the field
/// `Transfer-Encoding` renamed to `X-Orig-Transfer-Encoding` so that nobody looks for them.
///
/// Both are referred to, and must outlive the requests and their bodies. The reactor's thread.
class WarcAgent final : public http::AnyAgent {
 public:
  /// `userAgent`: what the agent within sends for want of another.
  WarcAgent(http::AnyAgent& agent, WarcWriter& writer, std::string userAgent);
  Deferred<http::Response> request(http::Request request) override;

 private:
  http::AnyAgent& agent_;
  WarcWriter& writer_;
  const std::string userAgent_;
};

}  // namespace weft::crawler
