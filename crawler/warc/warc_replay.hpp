// WarcReplay: a WARC file as the network.
#pragma once

#include <weft/crawler/warc/warc_error.hpp>
#include <weft/crawler/warc/warc_reader.hpp>
#include <weft/http/client/agent.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft::crawler {

/// An agent that answers out of WARC files, in place of an Agent: no socket is opened and no name looked up.
///
/// A request is known by its method, its URL without the fragment, and the SHA-1 of its body. What was recorded several times under these is given out in the order of the record, and the last of it from then
/// on: a 503 that was tried again comes as a 503 again. Cookies and other fields do not count. Transfer codings are undone, content codings are not. A body that was cut in the record comes as far as
/// it goes, and then fails with http::ResponseFailed.
///
/// Errors of request(): NotInWarc; WarcError when the file has changed or cannot be read; http::ResponseFailed when the record holds no HTTP. It reads the file in place, on the reactor's thread.
class WarcReplay final : public http::AnyAgent {
 public:
  /// Reads each file once, for an index. A last record that is not whole is left out with a warning. Throws WarcError.
  explicit WarcReplay(std::vector<std::string> paths, WarcLimits limits = {});
  ~WarcReplay() override;
  Deferred<http::Response> request(http::Request request) override;

  /// Responses in the index.
  std::uint64_t size() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler
