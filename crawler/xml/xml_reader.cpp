#include <weft/crawler/xml/internal/xml_reader.hpp>

#include <weft/crawler/html/internal/scan.hpp>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>

namespace weft::crawler::internal {
namespace {

constexpr std::size_t kParsedPiece = 16 * 1024;  // at most so much goes to libxml2 at once

std::string_view plain(const xmlChar* text) noexcept {
  return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

std::string written(const xmlChar* prefix, const xmlChar* local) {
  std::string out(plain(prefix));
  if (prefix) out += ':';
  return out += plain(local);
}

/// Counts the attributes of each tag before libxml2 sees them: what is quoted in a tag, but not in CDATA, comments,
/// instructions and declarations.
class AttributeCounter {
 public:
  /// True once a tag has too many.
  bool tooMany(std::string_view piece) noexcept {
    for (const char c : piece) {
      if (c == '\0') continue;  // half of a character of UTF-16
      switch (state_) {
        case State::kText:
          if (c == '<') state_ = State::kOpened;
          break;
        case State::kOpened: opened(c); break;
        case State::kMarkup: markup(c); break;
        case State::kTag:
        case State::kDeclaration:
          if (c == '>') {
            state_ = State::kText;
          } else if (c == '"' || c == '\'') {
            quote_ = c;
            inTag_ = state_ == State::kTag;
            state_ = State::kValue;
            if (inTag_ && ++count_ > kMostXmlAttributes) return true;
          } else if (c == '<' && state_ == State::kDeclaration) {
            state_ = State::kOpened;  // one within a DOCTYPE
          }
          break;
        case State::kValue:
          if (c == quote_) state_ = inTag_ ? State::kTag : State::kDeclaration;
          break;
        case State::kUntil:
          if (c == '>' && run_ >= least_) state_ = State::kText;
          run_ = c == sign_ ? run_ + 1 : 0;
          break;
      }
    }
    return false;
  }

 private:
  enum class State { kText, kOpened, kMarkup, kTag, kDeclaration, kValue, kUntil };

  void opened(char c) noexcept {
    count_ = matched_ = 0;
    state_ = c == '!' ? State::kMarkup : State::kTag;
    if (c == '?') until('?', 1);
  }
  /// Behind "<!": a comment, CDATA, or a declaration.
  void markup(char c) noexcept {
    constexpr std::string_view kCdata = "[CDATA[", kComment = "--";
    const std::string_view wanted = matched_ == 0 ? (c == '[' ? kCdata : kComment) : wanted_;
    wanted_ = wanted;
    if (c == wanted[matched_]) {
      if (++matched_ < wanted.size()) return;
      return wanted == kComment ? until('-', 2) : until(']', 2);
    }
    state_ = c == '>' ? State::kText : State::kDeclaration;
  }
  void until(char sign, int least) noexcept {
    sign_ = sign;
    least_ = least;
    run_ = 0;
    state_ = State::kUntil;
  }

  State state_ = State::kText;
  bool inTag_ = false;
  char quote_ = 0, sign_ = 0;
  int run_ = 0, least_ = 0;
  std::size_t count_ = 0, matched_ = 0;
  std::string_view wanted_;
};

}  // namespace

struct XmlReader::Impl {
  Impl(XmlEvents& events, const XmlOptions& options, bool isUtf8) : events(events), options(options), isUtf8(isUtf8) {
    xmlInitParser();
    sax.initialized = XML_SAX2_MAGIC;
    sax.startElementNs = [](void* self, const xmlChar* local, const xmlChar* prefix, const xmlChar*, int namespaces,
                            const xmlChar** declared, int attributes, int, const xmlChar** values) {
      of(self).guarded([&](Impl& impl) { impl.start(written(prefix, local), namespaces, declared, attributes, values); });
    };
    sax.endElementNs = [](void* self, const xmlChar*, const xmlChar*, const xmlChar*) {
      of(self).guarded([](Impl& impl) { impl.events.endElement(); });
    };
    sax.characters = sax.cdataBlock = sax.ignorableWhitespace = [](void* self, const xmlChar* text, int size) {
      of(self).guarded([&](Impl& impl) {
        impl.events.text({reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)});
      });
    };
    sax.comment = [](void* self, const xmlChar* text) {
      of(self).guarded([&](Impl& impl) { impl.events.comment(plain(text)); });
    };
    sax.entityDecl = [](void* self, const xmlChar* name, int, const xmlChar*, const xmlChar*, xmlChar*) {
      of(self).refuse("declares the entity '" + std::string(plain(name)) + "': documents that do are refused");
    };
    sax.attributeDecl = [](void* self, const xmlChar* element, const xmlChar*, int, int, const xmlChar*,
                           xmlEnumeration* tree) {
      xmlFreeEnumeration(tree);
      of(self).refuse("declares attributes of '" + std::string(plain(element)) + "': documents that do are refused");
    };
    if (!options.strict) sax.getEntity = [](void* self, const xmlChar*) { return of(self).undeclared(); };
    sax.serror = [](void* self, xmlError* error) { of(self).note(*error); };
  }
  ~Impl() {
    if (context) {
      if (context->myDoc) xmlFreeDoc(context->myDoc);
      xmlFreeParserCtxt(context);
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  static Impl& of(void* self) noexcept { return *static_cast<Impl*>(self); }

  /// For an entity that nobody declared, when that is no error: an empty one, of the kind that is read where it stands.
  xmlEntity* undeclared() noexcept {
    static const xmlChar kEmpty[] = "";
    empty = {};
    empty.type = XML_ENTITY_DECL;
    empty.name = empty.content = empty.orig = const_cast<xmlChar*>(kEmpty);
    empty.etype =
        context->instate == XML_PARSER_ATTRIBUTE_VALUE ? XML_INTERNAL_GENERAL_ENTITY : XML_INTERNAL_PREDEFINED_ENTITY;
    return &empty;
  }

  /// No exception may pass through libxml2. After an error it would drop every &amp; to come, so each event makes it
  /// believe in the document again, as long as one does not have to be well-formed.
  template <class Act>
  void guarded(Act&& act) noexcept {
    if (thrown) return;
    if (!options.strict && context) context->wellFormed = 1;
    try {
      act(*this);
    } catch (...) {
      thrown = std::current_exception();
      xmlStopParser(context);
    }
  }
  void refuse(const std::string& reason) noexcept {
    guarded([&](Impl&) {
      throw XmlError(static_cast<std::size_t>(xmlSAX2GetLineNumber(context)),
                     static_cast<std::size_t>(xmlSAX2GetColumnNumber(context)), reason);
    });
  }
  void note(const xmlError& error) noexcept {
    if (firstError || error.level < XML_ERR_ERROR) return;
    guarded([&](Impl&) {
      std::string reason(error.message ? error.message : "malformed");
      while (!reason.empty() && html::internal::isSpace(reason.back())) reason.pop_back();
      firstError.emplace(static_cast<std::size_t>(std::max(error.line, 0)), static_cast<std::size_t>(std::max(error.int2, 0)), reason);
    });
  }

  void start(const std::string& name, int namespaces, const xmlChar** declared, int count, const xmlChar** values) {
    attributes.clear();
    for (int i = 0; i < namespaces; ++i, declared += 2)
      attributes.push_back({declared[0] ? "xmlns:" + std::string(plain(declared[0])) : "xmlns", std::string(plain(declared[1]))});
    for (int i = 0; i < count; ++i, values += 5)
      attributes.push_back({written(values[1], values[0]),
                            {reinterpret_cast<const char*>(values[3]), static_cast<std::size_t>(values[4] - values[3])}});
    events.startElement(name, attributes);
  }

  void open(std::string_view first) {
    context = xmlCreatePushParserCtxt(&sax, this, nullptr, 0, nullptr);
    if (!context) throw std::bad_alloc();
    // NOENT: so that &amp; in a value comes as one character. There are no entities but XML's own five.
    int flags = XML_PARSE_NOENT | XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOWARNING;
    if (!options.strict) flags |= XML_PARSE_RECOVER;
    if (isUtf8) flags |= XML_PARSE_IGNORE_ENC;
    xmlCtxtUseOptions(context, flags);
    if (isUtf8) xmlSwitchEncoding(context, XML_CHAR_ENCODING_UTF8);
    else if (first.size() >= 4)
      xmlSwitchEncoding(context, xmlDetectCharEncoding(reinterpret_cast<const xmlChar*>(first.data()), 4));
  }

  void parse(std::string_view piece, bool last) {
    if (!context) open(piece);
    if (counter.tooMany(piece))
      throw XmlError(static_cast<std::size_t>(xmlSAX2GetLineNumber(context)), 0,
                     "an element has more than " + std::to_string(kMostXmlAttributes) + " attributes");
    xmlParseChunk(context, piece.data(), static_cast<int>(piece.size()), last);
    if (thrown) std::rethrow_exception(thrown);
    if (options.strict && (firstError || (last && !context->wellFormed)))
      throw firstError ? *firstError : XmlError(0, 0, "malformed");
  }

  XmlEvents& events;
  const XmlOptions options;
  const bool isUtf8;
  xmlSAXHandler sax{};
  xmlParserCtxt* context = nullptr;
  xmlEntity empty{};
  AttributeCounter counter;
  std::vector<XmlAttribute> attributes;
  std::exception_ptr thrown;
  std::optional<XmlError> firstError;
};

XmlReader::XmlReader(XmlEvents& events, const XmlOptions& options, bool isUtf8)
    : impl_(std::make_unique<Impl>(events, options, isUtf8)) {}
XmlReader::~XmlReader() = default;

void XmlReader::feed(std::string_view piece) {
  for (; !piece.empty(); piece.remove_prefix(std::min(piece.size(), kParsedPiece))) impl_->parse(piece.substr(0, kParsedPiece), false);
}

void XmlReader::finish() { impl_->parse({}, true); }

}  // namespace weft::crawler::internal
