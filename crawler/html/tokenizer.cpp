#include <weft/crawler/html/tokenizer.hpp>

#include <weft/crawler/html/internal/machine.hpp>

namespace weft::html {

State contentState(std::string_view name) noexcept {
  switch (name.size()) {
    case 3: return name == "xmp" ? State::kRawtext : State::kData;
    case 5: return name == "title" ? State::kRcdata : name == "style" ? State::kRawtext : State::kData;
    case 6: return name == "script" ? State::kScriptData : name == "iframe" ? State::kRawtext : State::kData;
    case 7: return name == "noembed" ? State::kRawtext : State::kData;
    case 8: return name == "textarea" ? State::kRcdata : name == "noframes" ? State::kRawtext : State::kData;
    case 9: return name == "plaintext" ? State::kPlaintext : State::kData;
    default: return State::kData;
  }
}

struct Tokenizer::Impl {
  /// From the machine's static calls to the virtual ones.
  struct Relay {
    static constexpr bool kDataText = true;
    static constexpr bool kComments = true;
    TokenSink* sink;

    bool wantsAttributes(std::string_view) const { return true; }
    State startTag(const TagToken& tag) { return sink->startTag(tag, contentState(tag.name)); }
    void endTag(const TagToken& tag) { sink->endTag(tag); }
    void text(std::string_view text, std::uint64_t offset) { sink->text(text, offset); }
    void comment(std::string_view text, std::uint64_t offset) { sink->comment(text, offset); }
    void doctype(const DoctypeToken& token) { sink->doctype(token); }
    bool allowsCdata() { return sink->allowsCdata(); }
  };

  explicit Impl(TokenSink& sink) : relay{&sink}, machine(relay) {}

  Relay relay;
  internal::TokenizerMachine<Relay> machine;
};

Tokenizer::Tokenizer(TokenSink& sink) : impl_(std::make_unique<Impl>(sink)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

void Tokenizer::feed(std::string_view chunk) { impl_->machine.feed(chunk); }
void Tokenizer::finish() { impl_->machine.finish(); }
void Tokenizer::reset(State state, std::string_view lastStartTag) { impl_->machine.reset(state, lastStartTag); }

}  // namespace weft::html
