// ContentDisposition: is it to be shown or saved, and under which name?
#pragma once

#include <string>
#include <string_view>

namespace weft::http {

/// The value of a Content-Disposition field. RFC 6266, and RFC 8187 for names beyond ASCII.
class ContentDisposition {
 public:
  ContentDisposition() = default;
  /// "attachment" with a file name in UTF-8.
  static ContentDisposition attachment(std::string fileName);

  std::string type;          ///< "attachment", "inline", "form-data"; in lower case. Empty: the field said nothing that can be read
  std::string fileName;      ///< in UTF-8, as the sender gave it: of filename*, else of filename. May be empty
  std::string name;          ///< of a part of a form

  bool isAttachment() const noexcept { return !type.empty() && type != "inline" && type != "form-data"; }
  /// The file name as one that may be made in a folder of ours: its last part, without control characters, characters that a file system takes for its own, leading dots
  /// and trailing spaces and dots; at most 200 bytes, cut between characters. Empty when nothing is left. RFC 6266 section 4.3.
  std::string safeFileName() const;

  /// Never fails: what cannot be read is left empty. A name in Latin-1 becomes UTF-8.
  static ContentDisposition parse(std::string_view text);
  /// With filename for all and filename* where the name is not ASCII. Control characters are left out.
  std::string toString() const;
};

}  // namespace weft::http
