#include <weft/http/header_values/quality_list.hpp>

#include <weft/http/internal/field_reader.hpp>

#include <algorithm>

namespace weft::http {
namespace {

// 0, 1, 0.5, 1.000: at most three digits behind the point. RFC 9110 section 12.4.2.
int qualityIn(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.')) return 0;
  int value = (text[0] - '0') * 1000;
  int place = 100;
  for (char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return 0;
    value += (c - '0') * place;
    place /= 10;
  }
  return value > 1000 ? 0 : value;
}

}  // namespace

std::vector<QualityValue> parseQualityList(std::string_view text) {
  std::vector<QualityValue> list;
  detail::FieldReader reader(text);
  for (reader.skipSpaceAndCommas(); !reader.atEnd(); reader.skipSpaceAndCommas()) {
    QualityValue choice(detail::lowered(reader.until(";,")));
    while (reader.skip(';')) {
      reader.skipSpace();
      const std::string name = detail::lowered(reader.until("=;,"));
      std::string value;
      if (reader.skip('=')) {
        reader.skipSpace();
        if (reader.peek() == '"') {
          detail::appendValue(value, reader.quotedString());
          reader.until(";,");
        } else {
          value = detail::lowered(reader.until(";,"));
        }
      }
      if (name == "q")
        choice.quality = qualityIn(value);
      else if (!name.empty())
        choice.value.append(";").append(name).append(value.empty() ? "" : "=").append(value);
    }
    if (!choice.value.empty()) list.push_back(std::move(choice));
  }
  std::stable_sort(list.begin(), list.end(), [](const QualityValue& a, const QualityValue& b) { return a.quality > b.quality; });
  return list;
}

int qualityOf(const std::vector<QualityValue>& list, std::string_view value) noexcept {
  if (list.empty()) return 1000;
  int rank = 0, quality = 0;
  for (const QualityValue& choice : list) {
    const std::string_view text = choice.value;
    int now = 0;
    if (equalIgnoringCase(text, value)) now = 3;
    else if (text.ends_with("/*") && text != "*/*" && value.size() > text.size() - 1 && equalIgnoringCase(value.substr(0, text.size() - 1), text.substr(0, text.size() - 1))) now = 2;
    else if (text == "*" || text == "*/*") now = 1;
    if (now > rank) {
      rank = now;
      quality = choice.quality;
    }
  }
  return quality;
}

}  // namespace weft::http
