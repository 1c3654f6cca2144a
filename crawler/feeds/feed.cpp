#include <weft/crawler/feeds/feed.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/json.hpp>
#include <weft/crawler/settings.hpp>

#include <algorithm>
#include <array>

namespace weft::crawler {

namespace {

constexpr std::array<std::string_view, 3> kJsonLines{"jsonlines", "jsonl", "jl"};

bool isJsonLines(std::string_view format) { return std::find(kJsonLines.begin(), kJsonLines.end(), format) != kJsonLines.end(); }

std::string_view extensionOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot + 1);
}

}  // namespace

void JsonLinesFeed::write(const Item& item) {
  JsonWriter json(file_.buffer());
  item.visit(json);
  file_.buffer() += '\n';
  file_.lineAdded();
}

std::string_view feedFile(std::string_view target) noexcept {
  const std::size_t colon = target.rfind(':');
  return colon != std::string_view::npos && target.find('/', colon) == std::string_view::npos ? target.substr(0, colon) : target;
}

std::unique_ptr<Feed> openFeed(std::string_view target, OutputFile::Mode mode) {
  const std::string_view path = feedFile(target);
  std::string_view format;
  if (path.size() < target.size()) {
    format = target.substr(path.size() + 1);
  } else {
    format = extensionOf(path);
    if (format.empty()) format = kJsonLines.front();
  }
  if (path.empty()) throw SettingError("the output \"" + std::string(target) + "\" names no file");
  if (!isJsonLines(format)) {
    throw SettingError("cannot write " + std::string(target) + ": there is no feed format \"" + std::string(format) + "\"" +
                       suggestion(format, kJsonLines) + "; there is: jsonlines (.jsonl, .jl); name it as FILE:jsonlines");
  }
  return std::make_unique<JsonLinesFeed>(std::string(path), mode);
}

}  // namespace weft::crawler
