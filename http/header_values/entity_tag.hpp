// EntityTag: the fields ETag, If-Match, If-None-Match and If-Range.
#pragma once

#include <weft/http/dates.hpp>
#include <weft/http/headers.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http {

/// A name for one state of a resource. RFC 9110 section 8.8.3. A value.
class EntityTag {
 public:
  EntityTag() = default;
  /// `tag` without its quotes. Throws HeaderError when it has a character that no tag may have.
  explicit EntityTag(std::string_view tag, bool weak = false);

  std::string tag;
  bool weak = false;         ///< W/"…": equal for readers, perhaps not byte by byte

  /// nullopt unless it is a tag in quotes, with or without W/.
  static std::optional<EntityTag> parse(std::string_view text);
  std::string toString() const { return (weak ? "W/\"" : "\"") + tag + "\""; }

  /// Both strong and the same. RFC 9110 section 8.8.3.2.
  bool matchesStrongly(const EntityTag& other) const noexcept { return !weak && !other.weak && tag == other.tag; }
  bool matchesWeakly(const EntityTag& other) const noexcept { return tag == other.tag; }

  friend bool operator==(const EntityTag&, const EntityTag&) = default;
};

/// The value of an If-Match or If-None-Match field: "*", or a list of tags. RFC 9110 sections 13.1.1 and 13.1.2.
class EntityTagList {
 public:
  bool any = false;          ///< "*"
  std::vector<EntityTag> tags;

  /// What is no tag ends the list.
  static EntityTagList parse(std::string_view text);
  bool matchesStrongly(const EntityTag& tag) const noexcept;
  bool matchesWeakly(const EntityTag& tag) const noexcept;
};

/// What a request's conditions say of a resource in its present state.
enum class Precondition : unsigned char {
  Proceed,
  NotModified,               ///< 304 for GET and HEAD
  Failed,                    ///< 412
};

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110 section 13.2.2. A resource may lack a tag or a date; a
/// malformed date is no condition.
Precondition evaluatePreconditions(const Headers& request, std::string_view method, const std::optional<EntityTag>& tag, std::optional<Date> lastModified);
/// Does If-Range allow to send only a range? Also true where there is no such field. RFC 9110 section 13.1.5.
bool rangeApplies(const Headers& request, const std::optional<EntityTag>& tag, std::optional<Date> lastModified);

}  // namespace weft::http
