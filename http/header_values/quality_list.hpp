// Quality lists: the fields Accept, Accept-Encoding, Accept-Language, TE.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weft::http {

/// One choice of such a list, and how much it is wanted.
class QualityValue {
 public:
  QualityValue() = default;
  QualityValue(std::string value, int quality = 1000) : value(std::move(value)), quality(quality) {}
  std::string value;         ///< in lower case, with its own parameters: "text/html;level=1"
  int quality = 1000;        ///< in thousandths; 0: not acceptable

  friend bool operator==(const QualityValue&, const QualityValue&) = default;
};

/// The choices of such a field, the most wanted first, equal ones in their order. A quality that is none counts as 0: a choice nobody can read is not made.
/// RFC 9110 sections 12.4.2 and 12.5.
std::vector<QualityValue> parseQualityList(std::string_view text);

/// How much `value` is wanted: of the choice that names it, else of "type/*" or "*", else 0. In any case of the letters. An empty list wants everything.
int qualityOf(const std::vector<QualityValue>& list, std::string_view value) noexcept;

}  // namespace weft::http
