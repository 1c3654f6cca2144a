#include <weft/http/forms/form.hpp>

#include <weft/http/internal/url_host.hpp>
#include <weft/http/percent_encoding.hpp>

#include <algorithm>

namespace weft::http {
namespace {

void appendEncoded(std::string& out, std::string_view text) {
  for (;;) {
    const std::size_t space = text.find(' ');
    appendPercentEncoded(out, text.substr(0, space), PercentEncodeSet::Form);
    if (space == std::string_view::npos) return;
    out += '+';
    text.remove_prefix(space + 1);
  }
}

std::string decoded(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  std::string bytes = percentDecode(spaced);
  if (auto repaired = detail::repairedUtf8(bytes)) return std::move(*repaired);
  return bytes;
}

}  // namespace

Form& Form::set(std::string_view name, std::string value) {
  const std::string kept(name);                          // it may be a name of ours
  const auto same = [&kept](const Pair& pair) { return pair.first == kept; };
  const auto first = std::find_if(pairs_.begin(), pairs_.end(), same);
  if (first == pairs_.end()) return add(kept, std::move(value));
  first->second = std::move(value);
  pairs_.erase(std::remove_if(first + 1, pairs_.end(), same), pairs_.end());
  return *this;
}

std::size_t Form::remove(std::string_view name) {
  return std::erase_if(pairs_, [kept = std::string(name)](const Pair& pair) { return pair.first == kept; });
}

std::optional<std::string_view> Form::get(std::string_view name) const noexcept {
  for (const auto& [key, value] : pairs_)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string_view> Form::getAll(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : pairs_)
    if (key == name) values.push_back(value);
  return values;
}

std::string Form::toString() const {
  std::string text;
  for (const auto& [name, value] : pairs_) {
    if (!text.empty()) text += '&';
    appendEncoded(text, name);
    text += '=';
    appendEncoded(text, value);
  }
  return text;
}

Form Form::parse(std::string_view text, std::size_t maxPairs) {
  Form form;
  while (!text.empty() && form.size() < maxPairs) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    form.add(decoded(pair.substr(0, equals)), equals == std::string_view::npos ? std::string() : decoded(pair.substr(equals + 1)));
  }
  return form;
}

}  // namespace weft::http
