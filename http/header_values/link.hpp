// Link: the targets of a Link field.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

/// One link of a Link field: <page2>; rel="next". RFC 8288 section 3.
///
///     if (const Link* next = findLink(links, "next")) url = Url::parse(next->target, response.url);
class Link {
 public:
  std::string target;                    ///< as it stands between < and >: a reference, to be resolved against the message's URL
  std::vector<std::pair<std::string, std::string>> parameters;   ///< names in lower case, in order; `rel`, `anchor` and the like only the first time

  /// The first parameter of this name (in lower case).
  std::optional<std::string_view> parameter(std::string_view name) const noexcept;
  /// Has it this relation type, in any case, among those of `rel`?
  bool hasRelation(std::string_view relation) const noexcept;
};

/// All links of a Link field; of several fields after Headers::getCombined(). What is malformed ends the list; what came before counts. RFC 8288 appendix B.2.
std::vector<Link> parseLinks(std::string_view text);
/// The first link with this relation; nullptr if there is none. Points into `links`.
const Link* findLink(const std::vector<Link>& links, std::string_view relation) noexcept;

}  // namespace weft::http
