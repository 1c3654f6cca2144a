#include <weft/http/parser.hpp>

#include <weft/http/parser/internal/machine.hpp>
#include <weft/http/parser/internal/plain_request_line.hpp>

#include <algorithm>

namespace weft::http {

void MessageHead::clear() {
  method.clear();
  target.clear();
  status = 0;
  reason.clear();
  majorVersion = minorVersion = 1;
  headers.clear();
  trailers.clear();
}

// ---- the way of the bytes

Parser::Machine::Machine(Kind kind, MessageSink& sink, const ParserOptions& options)
    : sink_(&sink), options_(options), chunks_(options), kind_(kind) {
  llhttp_init(&llhttp_, kind == Kind::Request ? HTTP_REQUEST : HTTP_RESPONSE, callbacks());
  llhttp_.data = this;
  if (options_.lenient) {
    llhttp_set_lenient_headers(&llhttp_, 1);
    llhttp_set_lenient_chunked_length(&llhttp_, 1);
  }
  writer_.attach(head_.headers);
}

ParseError Parser::Machine::error(ParseProblem problem, std::string_view detail) const {
  return ParseError(kind_ == Kind::Request ? "a request" : "a response", problem, consumed_, detail);
}

std::size_t Parser::Machine::feed(std::string_view bytes) {
  if (complete_ || bytes.empty()) return 0;
  std::size_t used = headComplete_ ? 0 : readHead(bytes);
  if (!headComplete_ || complete_) return used;
  if (framing_ != BodyFraming::Chunked) {
    execute(bytes.substr(used));
    return used + lastUsed_;
  }
  if (!chunks_.ended()) used += readChunks(bytes.substr(used));
  if (chunks_.ended()) used += readTrailers(bytes.substr(used));
  return used;
}

// Interim responses, too.
std::size_t Parser::Machine::readHead(std::string_view bytes) {
  std::size_t used = 0;
  while (!headComplete_ && !complete_ && used < bytes.size()) {
    if (headBytes() == 0) {
      if (const std::size_t plain = readPlainHead(bytes.substr(used, maxHead()))) {
        used += plain;
        continue;
      }
    }
    const std::string_view piece = bytes.substr(used, maxHead() - static_cast<std::size_t>(headBytes()));
    const detail::HeadLines::Check check = lines_.read(piece, !options_.lenient);
    if (check.bareLf) repaired(Repair::BareLf);
    execute(piece.substr(0, check.end));
    used += lastUsed_;
    if (headComplete_ || complete_) break;
    if (check.broken) fail(ParseProblem::LineEnding);
    if (headBytes() >= maxHead()) fail(tooLong_ ? ParseProblem::StartLineTooLong : ParseProblem::HeadersTooLarge);
  }
  return used;
}

bool Parser::Machine::takePlainRequestLine(std::string_view line) {
  std::string_view target;
  const llhttp_t* const behind = kind_ == Kind::Request ? detail::plainRequestLine(line, target) : nullptr;
  if (!behind) return false;
  const auto lenient = llhttp_.lenient_flags;
  llhttp_ = *behind;
  llhttp_.lenient_flags = lenient;
  llhttp_.data = this;
  llhttp_.settings = const_cast<llhttp_settings_t*>(callbacks());
  head_.target = target;
  consumed_ += line.size() + 2;
  return true;
}

// A head that is all there and plain: llhttp gets its start line and the lines that frame the message, and judges these as it would among the others. How many bytes; perhaps
// only those of the start line, or none.
std::size_t Parser::Machine::readPlainHead(std::string_view bytes) {
  const std::size_t lineEnd = detail::findLineEnd(bytes, 0);
  if (lineEnd == 0 || lineEnd > options_.maxStartLine || !bytes.substr(lineEnd).starts_with("\r\n")) return 0;
  const std::size_t first = lineEnd + 2;
  if (!takePlainRequestLine(bytes.substr(0, lineEnd))) execute(bytes.substr(0, first));
  lines_.startLineWasRead();
  detail::PlainFields plain;
  if (!plain.scan(bytes.substr(first)) || plain.fields().size() > options_.maxHeaders || plain.textBytes() > options_.maxHeaderBytes) return first;
  writer_.addLines(bytes.substr(first, plain.size() - 2), plain.fields());
  headerCount_ = plain.fields().size();
  headerBytes_ = plain.textBytes();
  struct Quietly {
    llhttp_t& llhttp;
    explicit Quietly(llhttp_t& llhttp) : llhttp(llhttp) { set(callbacksWithoutFields()); }
    ~Quietly() { set(callbacks()); }
    void set(const llhttp_settings_t* settings) { llhttp.settings = const_cast<llhttp_settings_t*>(settings); }
  } quietly(llhttp_);
  const std::uint64_t start = headStart_;
  const auto give = [&](std::string_view line) {
    consumed_ = start + static_cast<std::uint64_t>(line.data() - bytes.data());
    execute(line);
  };
  for (const std::string_view line : plain.framingLines()) give(line);
  lines_.restart();
  give(bytes.substr(first + plain.size() - 2, 2));
  return first + plain.size();
}

std::size_t Parser::Machine::readChunks(std::string_view bytes) {
  std::size_t at = 0;
  const std::uint64_t start = consumed_;
  while (at < bytes.size() && !chunks_.ended()) {
    if (const std::size_t size = chunks_.takeData(bytes.size() - at)) {
      consumed_ = start + at + size;
      sink_->bodyReceived(bytes.substr(at, size));
      at += size;
      continue;
    }
    const bool good = chunks_.readFraming(bytes, at);
    consumed_ = start + at;
    if (!good) fail(chunks_.refusal().problem, chunks_.refusal().detail);
  }
  if (chunks_.ended()) beginTrailers();
  return at;
}

// llhttp reads the trailers as it reads a head: from here it believes that the body was one empty chunk.
void Parser::Machine::beginTrailers() {
  trailersStart_ = consumed_;
  static constexpr std::string_view kLastChunk = "0\r\n";
  llhttp_execute(&llhttp_, kLastChunk.data(), kLastChunk.size());
}

std::size_t Parser::Machine::readTrailers(std::string_view bytes) {
  std::size_t used = 0;
  while (!complete_ && used < bytes.size()) {
    const auto before = static_cast<std::size_t>(consumed_ - trailersStart_);
    if (before >= maxTrailers()) fail(ParseProblem::HeadersTooLarge);
    execute(bytes.substr(used, maxTrailers() - before));
    used += lastUsed_;
  }
  return used;
}

void Parser::Machine::finish() {
  if (complete_) return;
  if (!started()) fail(ParseProblem::Empty);
  if (!headComplete_ || framing_ != BodyFraming::UntilClose) fail(ParseProblem::Truncated);
  complete_ = true;
  sink_->messageReceived();
}

void Parser::Machine::next(bool answersHead, bool answersUpgrade) {
  answersHead_ = answersHead;
  answersUpgrade_ = answersUpgrade;
  consumed_ = headStart_ = 0;
  interim_ = 0;
  beginHead();
  llhttp_reset(&llhttp_);
}

void Parser::Machine::beginHead() {
  head_.clear();
  headStart_ = consumed_;
  headerBytes_ = headerCount_ = 0;
  contentLength_ = 0;
  hasLength_ = headComplete_ = complete_ = keepAlive_ = nameOpen_ = valueOpen_ = tooLong_ = false;
  repairs_ = 0;
  framing_ = BodyFraming::None;
  host_ = {};
  lines_.restart();
  chunks_.restart();
  writer_.attach(head_.headers);
}

int Parser::Machine::messageComplete() {
  if (interimNow_) {
    interimNow_ = false;
    sink_->interimReceived();
    beginHead();
    interimDone_ = true;
    return 0;
  }
  complete_ = true;
  sink_->messageReceived();
  return HPE_PAUSED;
}

// ---- Parser

Parser::Parser(Kind kind, MessageSink& sink, const ParserOptions& options)
    : machine_(std::make_unique<Machine>(kind, sink, options)) {}
Parser::~Parser() = default;

std::size_t Parser::feed(std::string_view bytes) { return machine_->feed(bytes); }
void Parser::finish() { machine_->finish(); }
void Parser::next(bool answersHead, bool answersUpgrade) { machine_->next(answersHead, answersUpgrade); }
void Parser::attach(MessageSink& sink) noexcept { machine_->attach(sink); }
bool Parser::started() const noexcept { return machine_->started(); }
bool Parser::headComplete() const noexcept { return machine_->headComplete(); }
bool Parser::complete() const noexcept { return machine_->complete(); }
MessageHead& Parser::head() noexcept { return machine_->head(); }
BodyFraming Parser::framing() const noexcept { return machine_->framing(); }
std::optional<std::uint64_t> Parser::contentLength() const noexcept { return machine_->contentLength(); }
bool Parser::keepAlive() const noexcept { return machine_->keepAlive(); }
std::string_view Parser::host() const noexcept { return machine_->host(); }
unsigned Parser::repairs() const noexcept { return machine_->repairs(); }
std::uint64_t Parser::consumed() const noexcept { return machine_->consumed(); }

}  // namespace weft::http
