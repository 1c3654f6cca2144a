// What re() needs: regular expressions, and text without character references.
#include <weft/crawler/selector.hpp>

#include <weft/crawler/html/named_references.hpp>
#include <weft/crawler/html/utf8.hpp>
#include <weft/crawler/internal/compiled_cache.hpp>
#include <weft/crawler/internal/page.hpp>

#include <re2/re2.h>

namespace weft::crawler {
namespace {

std::shared_ptr<const re2::RE2> compiledPattern(std::string_view pattern) {
  thread_local internal::CompiledCache<re2::RE2> cache;
  return cache.get(pattern, [](std::string_view text) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto made = std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
    if (!made->ok()) throw PatternError(text, made->error());
    return made;
  });
}

}  // namespace

PatternError::PatternError(std::string_view pattern, std::string_view reason)
    : Error("the regular expression '" + std::string(pattern) + "': " + std::string(reason)),
      pattern(pattern),
      reason(reason) {}

std::string internal::withoutReferences(std::string_view html) {
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t ampersand = html.find('&', at);
    out += html.substr(at, ampersand - at);
    if (ampersand == std::string_view::npos) return out;
    const std::string_view rest = html.substr(ampersand + 1);
    const html::NamedReference* row = html::findNamedReference(rest);
    if (!row || row->first == U'<' || row->first == U'&') {  // what Document writes has no numeric ones
      out += '&';
      at = ampersand + 1;
      continue;
    }
    html::appendUtf8(out, row->first);
    if (row->second) html::appendUtf8(out, row->second);
    at = ampersand + 1 + row->name.size();
  }
}

void internal::findAll(std::string_view written, const std::string& text, std::vector<std::string>& out, std::size_t most) {
  const auto compiled = compiledPattern(written);
  const re2::RE2& pattern = *compiled;
  const int groups = pattern.NumberOfCapturingGroups();
  const auto& names = pattern.NamedCapturingGroups();
  const auto extract = names.find("extract");
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(groups) + 1);
  const re2::StringPiece all(text);
  for (std::size_t at = 0; at <= text.size() && out.size() < most;) {
    if (!pattern.Match(all, at, text.size(), re2::RE2::UNANCHORED, found.data(), groups + 1)) return;
    const auto take = [&](int group) {
      const re2::StringPiece& piece = found[static_cast<std::size_t>(group)];
      out.emplace_back(piece.data() ? std::string(piece.data(), piece.size()) : std::string());
    };
    if (extract != names.end())
      take(extract->second);
    else if (groups == 0)
      take(0);
    else
      for (int group = 1; group <= groups; ++group) take(group);
    const std::size_t end = static_cast<std::size_t>(found[0].data() - text.data()) + found[0].size();
    at = found[0].empty() ? end + 1 : end;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;  // not within a character
  }
}

}  // namespace weft::crawler
