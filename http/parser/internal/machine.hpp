// Parser::Machine: llhttp, and what RFC 9112 asks for beyond it.
//
//   parser.cpp          the way of the bytes: head, body, end
//   head.cpp            start line and fields as llhttp finds them; what the finished head says of the body
//   callbacks.cpp       llhttp's callbacks, and its errors
//   head_lines.cpp      the discipline of lines
//   plain_fields.cpp    the quick way through a head that is all there
//   plain_request_line.cpp  and through its start line
//   chunk_reader.cpp    chunks
#pragma once

#include <weft/http/internal/headers_writer.hpp>
#include <weft/http/parser.hpp>
#include <weft/http/parser/internal/chunk_reader.hpp>
#include <weft/http/parser/internal/head_lines.hpp>
#include <weft/http/parser/internal/plain_fields.hpp>

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http {

class Parser::Machine {
 public:
  Machine(Kind kind, MessageSink& sink, const ParserOptions& options);

  std::size_t feed(std::string_view bytes);
  void finish();
  void next(bool answersHead, bool answersUpgrade);
  void attach(MessageSink& sink) noexcept { sink_ = &sink; }

  bool started() const noexcept { return consumed_ > 0; }
  bool headComplete() const noexcept { return headComplete_; }
  bool complete() const noexcept { return complete_; }
  MessageHead& head() noexcept { return head_; }
  BodyFraming framing() const noexcept { return framing_; }
  std::optional<std::uint64_t> contentLength() const noexcept {
    return framing_ == BodyFraming::Length ? std::optional<std::uint64_t>(contentLength_) : std::nullopt;
  }
  bool keepAlive() const noexcept { return keepAlive_; }
  std::string_view host() const noexcept { return host_; }
  unsigned repairs() const noexcept { return repairs_ | (chunks_.wasRepaired() ? static_cast<unsigned>(Repair::ChunkLine) : 0); }
  std::uint64_t consumed() const noexcept { return consumed_; }

 private:
  static const llhttp_settings_t* callbacks();         // what llhttp calls; its `data` is the Machine
  static const llhttp_settings_t* callbacksWithoutFields();

  ParseError error(ParseProblem problem, std::string_view detail = {}) const;
  [[noreturn]] void fail(ParseProblem problem, std::string_view detail = {}) const { throw error(problem, detail); }
  void repaired(Repair kind) noexcept { repairs_ |= static_cast<unsigned>(kind); }

  // ---- the way of the bytes
  void beginHead();
  std::uint64_t headBytes() const noexcept { return consumed_ - headStart_; }
  std::size_t maxHead() const noexcept { return options_.maxStartLine + options_.maxHeaderBytes + 4 * options_.maxHeaders + 64; }
  std::size_t maxTrailers() const noexcept { return options_.maxHeaderBytes + 4 * options_.maxHeaders + 64; }
  void execute(std::string_view bytes);                // through llhttp; lastUsed_ of them were taken
  std::size_t readHead(std::string_view bytes);
  std::size_t readPlainHead(std::string_view bytes);
  bool takePlainRequestLine(std::string_view line);
  std::size_t readChunks(std::string_view bytes);
  std::size_t readTrailers(std::string_view bytes);
  void beginTrailers();
  [[noreturn]] void refuse(llhttp_errno_t result) const;

  // ---- what llhttp finds
  void startLine(std::string& text, std::string_view piece);
  void startLineComplete() const;
  void fieldName(std::string_view piece);
  void fieldValue(std::string_view piece);
  void fieldComplete();
  int headersComplete();
  int messageComplete();

  // ---- what it means
  std::uint64_t offsetOf(std::string_view piece) const noexcept { return pieceOffset_ + static_cast<std::uint64_t>(piece.data() - pieceStart_); }
  template <class F> void eachValue(std::string_view name, F&& take) const {    // of a field of the head
    for (const HeaderField field : head_.headers)
      if (field.name.size() == name.size() && equalIgnoringCase(field.name, name)) take(field.value);
  }
  void openValue();
  void checkField() const;
  void repairValue();
  void noteLength();
  void checkTransferEncoding();
  void readCodings();
  void checkHost();
  void finishRequestHead();
  bool finishResponseHead();

  llhttp_t llhttp_;
  MessageHead head_;
  HeadersWriter writer_;
  MessageSink* sink_;
  ParserOptions options_;
  detail::HeadLines lines_;
  detail::ChunkReader chunks_;
  std::string_view host_;                              // in head_.headers
  std::string goodHost_;                               // of the last request: most of a connection's have the same
  std::exception_ptr pending_;
  const char* pieceStart_ = nullptr;
  std::uint64_t pieceOffset_ = 0;
  std::size_t lastUsed_ = 0;
  std::uint64_t consumed_ = 0;
  std::uint64_t headStart_ = 0;
  std::uint64_t trailersStart_ = 0;
  std::uint64_t valueEnd_ = 0;
  std::uint64_t contentLength_ = 0;
  std::size_t headerBytes_ = 0;
  std::size_t headerCount_ = 0;
  unsigned interim_ = 0;
  unsigned repairs_ = 0;
  Kind kind_;
  BodyFraming framing_ = BodyFraming::None;
  bool answersHead_ = false;
  bool answersUpgrade_ = false;
  bool hasLength_ = false;
  bool headComplete_ = false;
  bool complete_ = false;
  bool keepAlive_ = false;
  bool tooLong_ = false;                               // the start line
  bool nameOpen_ = false;
  bool valueOpen_ = false;
  bool interimNow_ = false;
  bool interimDone_ = false;                           // another head begins behind the bytes that llhttp has
};

}  // namespace weft::http
