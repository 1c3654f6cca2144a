#include <weft/http/parser/internal/machine.hpp>

#include <type_traits>
#include <utility>

namespace weft::http {
namespace {

ParseProblem problemOf(llhttp_errno_t error) noexcept {
  switch (error) {
    case HPE_INVALID_METHOD: return ParseProblem::Method;
    case HPE_INVALID_URL: return ParseProblem::Target;
    case HPE_INVALID_VERSION:
    case HPE_PAUSED_H2_UPGRADE: return ParseProblem::Version;
    case HPE_INVALID_STATUS: return ParseProblem::Status;
    case HPE_INVALID_HEADER_TOKEN:
    case HPE_UNEXPECTED_SPACE: return ParseProblem::HeaderName;
    case HPE_INVALID_CONTENT_LENGTH: return ParseProblem::ContentLength;
    case HPE_UNEXPECTED_CONTENT_LENGTH: return ParseProblem::LengthConflict;
    case HPE_INVALID_TRANSFER_ENCODING: return ParseProblem::TransferEncoding;
    case HPE_INVALID_CHUNK_SIZE: return ParseProblem::ChunkSize;
    case HPE_STRICT: return ParseProblem::ChunkFraming;
    case HPE_CR_EXPECTED:
    case HPE_LF_EXPECTED: return ParseProblem::LineEnding;
    default: return ParseProblem::StartLine;
  }
}

}  // namespace

const llhttp_settings_t* Parser::Machine::callbacks() {
  // Exceptions do not cross llhttp, which is C: they wait until it has returned.
  static constexpr auto kGuarded = [](llhttp_t* llhttp, auto&& call) noexcept -> int {
    auto& machine = *static_cast<Machine*>(llhttp->data);
    try {
      if constexpr (std::is_void_v<decltype(call(machine))>) return call(machine), 0;
      else return call(machine);
    } catch (...) {
      machine.pending_ = std::current_exception();
      return HPE_USER;
    }
  };
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_url = [](llhttp_t* p, const char* at, std::size_t n) { return kGuarded(p, [=](Machine& m) { m.startLine(m.head_.target, {at, n}); }); };
    s.on_status = [](llhttp_t* p, const char* at, std::size_t n) { return kGuarded(p, [=](Machine& m) { m.startLine(m.head_.reason, {at, n}); }); };
    s.on_url_complete = s.on_status_complete = [](llhttp_t* p) { return kGuarded(p, [](Machine& m) { m.startLineComplete(); }); };
    s.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) { return kGuarded(p, [=](Machine& m) { m.fieldName({at, n}); }); };
    s.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) { return kGuarded(p, [=](Machine& m) { m.fieldValue({at, n}); }); };
    s.on_header_value_complete = [](llhttp_t* p) { return kGuarded(p, [](Machine& m) { m.fieldComplete(); }); };
    s.on_headers_complete = [](llhttp_t* p) { return kGuarded(p, [](Machine& m) { return m.headersComplete(); }); };
    s.on_body = [](llhttp_t* p, const char* at, std::size_t n) { return kGuarded(p, [=](Machine& m) { m.sink_->bodyReceived({at, n}); }); };
    s.on_message_complete = [](llhttp_t* p) { return kGuarded(p, [](Machine& m) { return m.messageComplete(); }); };
    return s;
  }();
  return &kSettings;
}

const llhttp_settings_t* Parser::Machine::callbacksWithoutFields() {
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t s = *callbacks();
    s.on_header_field = s.on_header_value = nullptr;
    s.on_header_value_complete = nullptr;
    return s;
  }();
  return &kSettings;
}

void Parser::Machine::execute(std::string_view bytes) {
  lastUsed_ = 0;
  if (bytes.empty()) return;
  pieceStart_ = bytes.data();
  pieceOffset_ = consumed_;
  const llhttp_errno_t result = llhttp_execute(&llhttp_, bytes.data(), bytes.size());
  lastUsed_ = result == HPE_OK ? bytes.size() : static_cast<std::size_t>(llhttp_get_error_pos(&llhttp_) - bytes.data());
  consumed_ += lastUsed_;
  if (std::exchange(interimDone_, false)) headStart_ = consumed_;
  if (pending_) [[unlikely]]
    std::rethrow_exception(std::exchange(pending_, nullptr));
  if (result == HPE_OK || complete_) [[likely]]
    return;
  if (result == HPE_PAUSED) return llhttp_resume(&llhttp_);
  refuse(result);
}

void Parser::Machine::refuse(llhttp_errno_t result) const {
  const ParseProblem problem = problemOf(result);
  // llhttp reports a second Content-Length with the code of a conflict.
  if (problem == ParseProblem::LengthConflict && head_.headers.has("Content-Length") && !head_.headers.has("Transfer-Encoding"))
    fail(ParseProblem::ContentLength, "there are several");
  const char* reason = llhttp_get_error_reason(&llhttp_);
  fail(problem, reason ? reason : "");
}

}  // namespace weft::http
