#include <weft/http/text/encoding.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/text/utf8.hpp>

#include <uchardet.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace weft::http {
namespace {

using weft::detail::isLetter, weft::detail::isSpace;
constexpr bool isHttpSpace(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmedSpace(std::string_view text) noexcept {
  while (!text.empty() && isHttpSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && isHttpSpace(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t findIgnoringCase(std::string_view text, std::string_view wanted, std::size_t from = 0) noexcept {
  for (std::size_t i = from; i + wanted.size() <= text.size(); ++i)
    if (equalIgnoringCase(text.substr(i, wanted.size()), wanted)) return i;
  return std::string_view::npos;
}

// ---- Content-Type

// The value up to the comma that ends it: not one in quotes. WHATWG Fetch, "get, decode, and split".
std::string_view takeValue(std::string_view& list) noexcept {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < list.size(); ++i) {
    if (quoted && list[i] == '\\') ++i;
    else if (list[i] == '"') quoted = !quoted;
    else if (list[i] == ',' && !quoted) break;
  }
  i = std::min(i, list.size());
  const std::string_view value = trimmedSpace(list.substr(0, i));
  list.remove_prefix(std::min(list.size(), i + 1));
  return value;
}

struct MediaType {
  std::string_view essence;
  std::string charset;               // the first charset parameter
};

// WHATWG MIME Sniffing section 4.4, "parse a MIME type".
std::optional<MediaType> parseMediaType(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !isToken(text.substr(0, slash))) return std::nullopt;
  std::size_t at = std::min(text.find(';', slash), text.size());
  std::string_view subtype = text.substr(slash + 1, at - slash - 1);
  while (!subtype.empty() && isHttpSpace(subtype.back())) subtype.remove_suffix(1);
  if (!isToken(subtype)) return std::nullopt;
  MediaType type{text.substr(0, slash + 1 + subtype.size()), {}};
  bool found = false;
  while (at < text.size()) {
    ++at;
    while (at < text.size() && isHttpSpace(text[at])) ++at;
    const std::size_t nameEnd = std::min(text.find_first_of(";=", at), text.size());
    const std::string_view name = text.substr(at, nameEnd - at);
    at = nameEnd;
    if (at >= text.size()) break;
    if (text[at] == ';') continue;
    ++at;
    std::string value;
    if (at < text.size() && text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        value += text[at];
      }
      at = std::min(text.find(';', std::min(at, text.size())), text.size());
    } else {
      const std::size_t end = std::min(text.find(';', at), text.size());
      std::string_view bare = text.substr(at, end - at);
      while (!bare.empty() && isHttpSpace(bare.back())) bare.remove_suffix(1);
      value = bare;
      at = end;
      if (value.empty()) continue;
    }
    if (!found && equalIgnoringCase(name, "charset")) {
      found = true;
      type.charset = std::move(value);
    }
  }
  return type;
}

// ---- <meta>

// WHATWG HTML, "extracting a character encoding from a meta element".
std::string_view charsetIn(std::string_view text) noexcept {
  for (std::size_t at = 0; (at = findIgnoringCase(text, "charset", at)) != std::string_view::npos;) {
    at += 7;
    std::size_t i = at;
    while (i < text.size() && isSpace(text[i])) ++i;
    if (i >= text.size() || text[i] != '=') continue;
    ++i;
    while (i < text.size() && isSpace(text[i])) ++i;
    if (i < text.size() && (text[i] == '"' || text[i] == '\'')) {
      const std::size_t end = text.find(text[i], i + 1);
      return end == std::string_view::npos ? std::string_view() : text.substr(i + 1, end - i - 1);
    }
    std::size_t end = i;
    while (end < text.size() && !isSpace(text[end]) && text[end] != ';') ++end;
    return text.substr(i, end - i);
  }
  return {};
}

// What a page may declare of itself: not UTF-16, which it could not have been read in so far.
std::string_view declared(std::string_view label) noexcept {
  const std::string_view name = encodingForLabel(label);
  if (name.starts_with("utf-16")) return "utf-8";
  return name == "x-user-defined" ? "windows-1252" : name;
}

// WHATWG HTML, "prescan a byte stream to determine its encoding".
class Prescan {
 public:
  explicit Prescan(std::string_view text) noexcept : text_(text) {}

  std::string_view run() noexcept {
    if (text_.starts_with("<?xml"))
      if (const auto name = declared(xmlEncoding()); !name.empty()) return name;
    for (; at_ < text_.size(); ++at_) {
      at_ = text_.find('<', at_);
      if (at_ == std::string_view::npos) return {};
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("<!--")) {
        at_ = text_.find("-->", at_ + 2);              // "<!-->" is a whole comment
        if (at_ == std::string_view::npos) return {};
        at_ += 2;
      } else if (equalIgnoringCase(rest.substr(0, 5), "<meta") && rest.size() > 5 && (isSpace(rest[5]) || rest[5] == '/')) {
        at_ += 5;
        if (const auto name = metaElement(); !name.empty()) return name;
      } else if (rest.size() > 1 && (isLetter(rest[1]) || (rest[1] == '/' && rest.size() > 2 && isLetter(rest[2])))) {
        while (at_ < text_.size() && !isSpace(text_[at_]) && text_[at_] != '>') ++at_;
        while (attribute()) {}
      } else if (rest.size() > 1 && (rest[1] == '!' || rest[1] == '/' || rest[1] == '?')) {
        at_ = text_.find('>', at_);
        if (at_ == std::string_view::npos) return {};
      }
    }
    return {};
  }

 private:
  std::string_view xmlEncoding() const noexcept {
    const std::string_view declaration = text_.substr(0, text_.find("?>"));
    const std::size_t name = declaration.find("encoding");
    if (name == std::string_view::npos) return {};
    const std::size_t quote = declaration.find_first_of("\"'", name);
    if (quote == std::string_view::npos) return {};
    const std::size_t end = declaration.find(declaration[quote], quote + 1);
    return end == std::string_view::npos ? std::string_view() : declaration.substr(quote + 1, end - quote - 1);
  }

  std::string_view metaElement() noexcept {
    bool hadPragma = false, hadContent = false, hadHttpEquiv = false, hadCharset = false;
    std::optional<bool> needsPragma;
    std::string_view charset;
    while (attribute()) {
      if (equalIgnoringCase(name_, "http-equiv") && !hadHttpEquiv) {
        hadHttpEquiv = true;
        hadPragma = equalIgnoringCase(value_, "content-type");
      } else if (equalIgnoringCase(name_, "content") && !hadContent) {
        hadContent = true;
        if (const auto name = declared(charsetIn(value_)); !name.empty() && charset.empty() && !needsPragma) {
          charset = name;
          needsPragma = true;
        }
      } else if (equalIgnoringCase(name_, "charset") && !hadCharset) {
        hadCharset = true;
        charset = declared(value_);
        needsPragma = false;
      }
    }
    if (at_ >= text_.size()) return {};                // it is cut: what it says may be cut, too
    return needsPragma && (!*needsPragma || hadPragma) ? charset : std::string_view();
  }

  // "Get an attribute": into name_ and value_. False at the end of the tag, or of the text.
  bool attribute() noexcept {
    const auto end = [this] { return at_ >= text_.size(); };
    while (!end() && (isSpace(text_[at_]) || text_[at_] == '/')) ++at_;
    if (end() || text_[at_] == '>') return false;
    const std::size_t nameAt = at_;
    value_ = {};
    while (!end() && !isSpace(text_[at_]) && text_[at_] != '/' && text_[at_] != '>' && (text_[at_] != '=' || at_ == nameAt)) ++at_;
    name_ = text_.substr(nameAt, at_ - nameAt);
    while (!end() && isSpace(text_[at_])) ++at_;
    if (end()) return false;
    if (text_[at_] != '=') return true;
    ++at_;
    while (!end() && isSpace(text_[at_])) ++at_;
    if (end()) return false;
    if (const char quote = text_[at_]; quote == '"' || quote == '\'') {
      const std::size_t valueAt = ++at_;
      at_ = std::min(text_.find(quote, at_), text_.size());
      if (end()) return false;
      value_ = text_.substr(valueAt, at_ - valueAt);
      ++at_;
      return true;
    }
    const std::size_t valueAt = at_;
    while (!end() && !isSpace(text_[at_]) && text_[at_] != '>') ++at_;
    value_ = text_.substr(valueAt, at_ - valueAt);
    return !end();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view name_, value_;
};

// ---- when nobody said

// What broken markup may mean: "<" and blanks before "meta", a charset anywhere in the tag. Scrapy reads pages so.
std::string_view looselyDeclared(std::string_view text) noexcept {
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string_view::npos; ++at) {
    std::size_t i = at + 1;
    while (i < text.size() && isSpace(text[i])) ++i;
    if (!equalIgnoringCase(text.substr(i, 4), "meta")) continue;
    const std::size_t end = text.find('>', i);
    if (end == std::string_view::npos) return {};
    std::string_view label = charsetIn(text.substr(i, end - i));
    label = label.substr(0, label.find_first_of("\"'/"));
    if (const auto name = declared(label); !name.empty()) return name;
  }
  return {};
}

std::string_view guessedByStatistics(std::string_view body) {
  constexpr std::size_t kLooked = 64 * 1024;
  constexpr std::ptrdiff_t kEnough = 24;               // of fewer letters it has no idea, and says so with confidence
  body = body.substr(0, kLooked);
  if (std::ranges::count_if(body, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }) < kEnough) return {};
  struct Delete {
    void operator()(uchardet_t detector) const noexcept { uchardet_delete(detector); }
  };
  const std::unique_ptr<std::remove_pointer_t<uchardet_t>, Delete> detector(uchardet_new());
  if (!detector || uchardet_handle_data(detector.get(), body.data(), body.size()) != 0) return {};
  uchardet_data_end(detector.get());
  const std::string_view name = encodingForLabel(uchardet_get_charset(detector.get()));
  return name == "utf-8" || name.starts_with("utf-16") ? std::string_view() : name;
}

}  // namespace

std::string_view encodingOfByteOrderMark(std::string_view body) noexcept {
  if (body.starts_with("\xEF\xBB\xBF")) return "utf-8";
  if (body.starts_with("\xFE\xFF")) return "utf-16be";
  if (body.starts_with("\xFF\xFE")) return "utf-16le";
  return {};
}

std::string_view encodingOfContentType(std::string_view contentType) noexcept {
  std::string_view essence;
  std::string charset;
  for (std::string_view list = contentType; !list.empty();) {
    const auto type = parseMediaType(takeValue(list));
    if (!type || type->essence == "*/*") continue;
    if (!equalIgnoringCase(type->essence, essence)) {
      essence = type->essence;
      charset = type->charset;
    } else if (!type->charset.empty()) {
      charset = type->charset;
    }
  }
  return encodingForLabel(charset);
}

std::string_view declaredEncoding(std::string_view body, std::size_t limit) noexcept { return Prescan(body.substr(0, limit)).run(); }

DetectedEncoding detectEncoding(std::string_view body, std::string_view contentType) {
  if (const auto name = encodingOfByteOrderMark(body); !name.empty()) return {name, EncodingSource::ByteOrderMark};
  if (const auto name = encodingOfContentType(contentType); !name.empty()) return {name, EncodingSource::Header};
  if (const auto name = declaredEncoding(body); !name.empty()) return {name, EncodingSource::Declaration};
  if (isUtf8(body)) return {"utf-8", EncodingSource::Utf8};
  const std::string_view head = body.substr(0, 64 * 1024);
  auto name = declaredEncoding(head, head.size());
  if (name.empty()) name = looselyDeclared(head);
  if (!name.empty()) return {name, EncodingSource::Declaration};
  if (name = guessedByStatistics(body); !name.empty()) return {name, EncodingSource::Guess};
  return {"windows-1252", EncodingSource::Guess};
}

}  // namespace weft::http
