// The tokenizer itself, as a template on who listens, so that a listener who wants no text or no attributes pays for
// none.
//
// Two ways lead through a document. The fast one (machine_fast.hpp) reads a tag or a comment that lies whole in the
// piece at hand in one go, with views into the piece. The slow one (machine_states.hpp) is the standard's state
// machine, a character at a time into a buffer; it takes over whenever a piece ends within a token, or a token holds
// something rare (NUL). Both give the same tokens, and tests hold them to it.
#pragma once

#include <weft/crawler/html/internal/hash.hpp>
#include <weft/crawler/html/internal/scan.hpp>
#include <weft/crawler/html/named_references.hpp>
#include <weft/crawler/html/tokens.hpp>
#include <weft/crawler/html/utf8.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::html::internal {

/// What a listener is: see Tokenizer::Impl::Relay for the calls. `kDataText` false says that text outside of kRcdata,
/// kRawtext and the like is not wanted, `kComments` false that comments are not; wantsAttributes(name) is asked for
/// each start tag before its attributes are read. `Scan` is how bytes are looked for: see scan.hpp.
template <class Sink, class Scan = FastScan>
class TokenizerMachine {
 public:
  explicit TokenizerMachine(Sink& sink) noexcept : sink_(sink) {}

  void reset(State state = State::kData, std::string_view lastStartTag = {}) {
    state_ = state;
    lastStartTag_ = lastStartTag;
    skipLineFeed_ = false;
    consumed_ = 0;
  }

  void feed(std::string_view chunk) {
    if (chunk.empty()) return;
    chunk_ = chunk.data();
    run(chunk.data(), chunk.data() + chunk.size());
    consumed_ += chunk.size();
    chunk_ = nullptr;
  }

  void finish();

  /// For the tree: the state can also be changed between tokens from outside.
  void setState(State state) noexcept { state_ = state; }
  State state() const noexcept { return state_; }

 private:
  struct Slot {  // an attribute in buffer_: name, then value
    std::size_t nameBegin, nameEnd, valueEnd;
  };

  // machine_fast.hpp
  const char* readData(const char* p, const char* end);
  const char* readMarkup(const char* lt, const char* end);
  const char* readTag(const char* lt, const char* name, const char* end, bool isEnd);
  const char* skipAttributes(const char* p, const char* end, bool& selfClosing);
  const char* readAttributes(const char* p, const char* end, bool& selfClosing);
  const char* readComment(const char* lt, const char* end);

  // machine_states.hpp
  void run(const char* p, const char* end);
  const char* bulk(const char* p, const char* end);
  bool step(char c, const char* p);
  bool stepTag(char c);

  // machine_script.hpp, machine_doctype.hpp
  bool rawEndTagName(char c, State text);
  bool stepScript(char c, const char* p);
  bool stepDoctype(char c);

  // machine_references.hpp
  const char* readReference(const char* ampersand, const char* end, bool inAttribute, std::string& out);
  void decodeValue(const char* p, const char* end);
  bool stepReference(char c);
  void resolveNamedReference(int next);

  // machine_end.hpp
  void finishReference();
  void finishDoctype();

  std::uint64_t offsetOf(const char* p) const noexcept { return consumed_ + static_cast<std::uint64_t>(p - chunk_); }

  void emitText(std::string_view text, std::uint64_t offset) {
    if (!text.empty()) sink_.text(text, offset);
  }
  /// The byte at `p` as text; a carriage return as the line feed that it stands for.
  void emitByte(const char* p) {
    sink_.text(*p == '\r' ? std::string_view("\n") : std::string_view(p, 1), offsetOf(p));
  }
  void emitHeld(std::string_view text) { sink_.text(text, tokenBegin_); }

  void emitTag(const TagToken& tag, bool isEnd) {
    if (isEnd) {
      state_ = State::kData;
      sink_.endTag(tag);
    } else {
      state_ = State::kData;
      const State next = sink_.startTag(tag);
      if (next != State::kData) {
        state_ = next;
        lastStartTag_ = tag.name;
      }
    }
  }
  void emitBufferedTag(std::uint64_t end);
  void emitComment() {
    state_ = State::kData;
    if constexpr (Sink::kComments) sink_.comment(buffer_, tokenBegin_);
  }
  void emitDoctype() {
    state_ = State::kData;
    sink_.doctype(doctype());
  }
  DoctypeToken doctype() const noexcept {
    return {doctypeName_, publicId_, systemId_, hasName_, hasPublicId_, hasSystemId_, forceQuirks_};
  }

  void startTag(bool isEnd) {
    isEndTag_ = isEnd;
    selfClosing_ = false;
    buffer_.clear();
    slots_.clear();
  }
  void startAttribute() { slots_.push_back({buffer_.size(), buffer_.size(), buffer_.size()}); }
  void startComment(std::string_view text = {}) { buffer_ = text; }
  void startDoctype() {
    doctypeName_.clear(), publicId_.clear(), systemId_.clear();
    hasName_ = hasPublicId_ = hasSystemId_ = forceQuirks_ = false;
  }
  void dropRepeatedAttributes();

  bool referenceInAttribute() const noexcept {
    return returnState_ == State::kAttributeValueDoubleQuoted || returnState_ == State::kAttributeValueSingleQuoted ||
           returnState_ == State::kAttributeValueUnquoted;
  }
  /// "Flush code points consumed as a character reference."
  void flushReference(std::string_view text) {
    if (referenceInAttribute())
      buffer_ += text;
    else
      emitHeld(text);
  }
  void resolveNumericReference() {
    scratch_.clear();
    appendUtf8(scratch_, numericReference(number_));
    flushReference(scratch_);
    state_ = returnState_;
  }

  static constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

  Sink& sink_;
  State state_ = State::kData;
  State returnState_ = State::kData;
  bool skipLineFeed_ = false;  // the last character was a carriage return: a line feed that follows belongs to it
  bool isEndTag_ = false, selfClosing_ = false;
  bool hasName_ = false, hasPublicId_ = false, hasSystemId_ = false, forceQuirks_ = false;
  std::uint32_t number_ = 0;
  const char* chunk_ = nullptr;
  std::uint64_t consumed_ = 0;    // bytes of the pieces before this one
  std::uint64_t tokenBegin_ = 0;  // where the token being read began
  std::string buffer_;            // the tag or comment being read
  std::string temporary_;         // the standard's temporary buffer
  std::string scratch_;           // decoded values
  std::string lastStartTag_;
  std::string doctypeName_, publicId_, systemId_;
  std::vector<Slot> slots_;
  std::vector<Attribute> attributes_;
  std::vector<std::uint32_t> seen_;  // hash table of dropRepeatedAttributes
};

/// Keeps the first attribute of each name. Pairwise for the usual few; by a hash table beyond, so that 100,000
/// attributes cost linear time.
template <class Sink, class Scan>
void TokenizerMachine<Sink, Scan>::dropRepeatedAttributes() {
  const std::size_t count = attributes_.size();
  if (count < 2) return;
  std::size_t kept = 1;
  if (count <= 16) {
    for (std::size_t i = 1; i < count; ++i) {
      bool repeated = false;
      for (std::size_t j = 0; j < kept && !repeated; ++j) repeated = attributes_[j].name == attributes_[i].name;
      if (!repeated) attributes_[kept++] = attributes_[i];
    }
  } else {
    seen_.assign(std::bit_ceil(count * 2), 0);
    kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t slot = hashOf(attributes_[i].name) & (seen_.size() - 1);
      while (seen_[slot] && attributes_[seen_[slot] - 1].name != attributes_[i].name)
        slot = (slot + 1) & (seen_.size() - 1);
      if (seen_[slot]) continue;
      attributes_[kept] = attributes_[i];
      seen_[slot] = static_cast<std::uint32_t>(++kept);
    }
  }
  attributes_.resize(kept);
}

}  // namespace weft::html::internal

#include <weft/crawler/html/internal/machine_doctype.hpp>
#include <weft/crawler/html/internal/machine_end.hpp>
#include <weft/crawler/html/internal/machine_fast.hpp>
#include <weft/crawler/html/internal/machine_references.hpp>
#include <weft/crawler/html/internal/machine_script.hpp>
#include <weft/crawler/html/internal/machine_states.hpp>
