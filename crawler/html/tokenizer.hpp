// The HTML tokenizer of the WHATWG standard (section 13.2.5), for input that comes in pieces.
//
// Invariants:
// 1. However the input is cut into pieces, the tokens are the same. Only text() may come in other portions: join what
// follows upon itself.
// 2. In steady state nothing is allocated per token; one buffer grows to the longest tag or comment that was cut or had
// to be decoded.
// 3. Input is UTF-8, and bytes that are not pass through as they are (see utf8.hpp, and Document, which mends them).
#pragma once

#include <weft/crawler/html/tokens.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace weft::html {

/// Who is told of the tokens, in order, from within feed() and finish(). Views die when the call returns. An
/// implementation may throw: the exception leaves feed(), and the tokenizer may then only be reset.
class TokenSink {
 public:
  virtual ~TokenSink() = default;

  /// A start tag; the answer is the state to go on in. `usual` is what a browser without scripts would go on in after
  /// this tag in an HTML document (kRcdata after <title>, kScriptData after <script>, kData after most).
  virtual State startTag(const TagToken&, State usual) { return usual; }
  virtual void endTag(const TagToken&) {}
  /// Characters, references decoded, line ends as a line feed. `offset` is where the portion begins in the input.
  virtual void text(std::string_view, [[maybe_unused]] std::uint64_t offset) {}
  virtual void comment(std::string_view, [[maybe_unused]] std::uint64_t offset) {}
  virtual void doctype(const DoctypeToken&) {}
  /// Whether <![CDATA[ begins a CDATA section here: it does within SVG and MathML only.
  virtual bool allowsCdata() { return false; }
};

/// What to go on in after the start tag `name` (in lower case) of an HTML element, when scripts do not run.
State contentState(std::string_view name) noexcept;

/// Turns pieces of a document into tokens.
///
///     struct Printer : html::TokenSink {
///       html::State startTag(const html::TagToken& tag, html::State usual) override { std::cout << tag.name << '\n';
///       return usual; }
///     } printer;
///     html::Tokenizer tokenizer(printer);
///     while (auto chunk = nextChunk()) tokenizer.feed(*chunk);
///     tokenizer.finish();
///
/// The sink is referred to, and must outlive the tokenizer. One thread at a time.
class Tokenizer {
 public:
  explicit Tokenizer(TokenSink& sink);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  /// Tokenizes what `chunk` completes. The chunk may be freed when this returns.
  void feed(std::string_view chunk);
  /// The input ends here: what was begun is ended as the standard says, and told. Call it once; then only reset() may
  /// follow.
  void finish();

  /// Ready for another document, to begin in `state`. `lastStartTag` is the name that an end tag must have to end
  /// kRcdata, kRawtext and kScriptData; only of interest when one of those is the first state.
  void reset(State state = State::kData, std::string_view lastStartTag = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::html
