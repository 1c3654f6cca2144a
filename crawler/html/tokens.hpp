// What the HTML tokenizer says, and the states it knows (HTML standard, section 13.2.5).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace weft::html {

/// The tokenizer's states, named and ordered as in the standard. Six of its eighty are not here: the ambiguous
/// ampersand state and the comment less-than sign states exist there only to report parse errors, and the numeric end
/// state takes no input.
enum class State : std::uint8_t {
  kData,
  kRcdata,
  kRawtext,
  kScriptData,
  kPlaintext,
  kTagOpen,
  kEndTagOpen,
  kTagName,
  kRcdataLessThanSign,
  kRcdataEndTagOpen,
  kRcdataEndTagName,
  kRawtextLessThanSign,
  kRawtextEndTagOpen,
  kRawtextEndTagName,
  kScriptDataLessThanSign,
  kScriptDataEndTagOpen,
  kScriptDataEndTagName,
  kScriptDataEscapeStart,
  kScriptDataEscapeStartDash,
  kScriptDataEscaped,
  kScriptDataEscapedDash,
  kScriptDataEscapedDashDash,
  kScriptDataEscapedLessThanSign,
  kScriptDataEscapedEndTagOpen,
  kScriptDataEscapedEndTagName,
  kScriptDataDoubleEscapeStart,
  kScriptDataDoubleEscaped,
  kScriptDataDoubleEscapedDash,
  kScriptDataDoubleEscapedDashDash,
  kScriptDataDoubleEscapedLessThanSign,
  kScriptDataDoubleEscapeEnd,
  kBeforeAttributeName,
  kAttributeName,
  kAfterAttributeName,
  kBeforeAttributeValue,
  kAttributeValueDoubleQuoted,
  kAttributeValueSingleQuoted,
  kAttributeValueUnquoted,
  kAfterAttributeValueQuoted,
  kSelfClosingStartTag,
  kBogusComment,
  kMarkupDeclarationOpen,
  kCommentStart,
  kCommentStartDash,
  kComment,
  kCommentEndDash,
  kCommentEnd,
  kCommentEndBang,
  kDoctype,
  kBeforeDoctypeName,
  kDoctypeName,
  kAfterDoctypeName,
  kAfterDoctypePublicKeyword,
  kBeforeDoctypePublicIdentifier,
  kDoctypePublicIdentifierDoubleQuoted,
  kDoctypePublicIdentifierSingleQuoted,
  kAfterDoctypePublicIdentifier,
  kBetweenDoctypePublicAndSystemIdentifiers,
  kAfterDoctypeSystemKeyword,
  kBeforeDoctypeSystemIdentifier,
  kDoctypeSystemIdentifierDoubleQuoted,
  kDoctypeSystemIdentifierSingleQuoted,
  kAfterDoctypeSystemIdentifier,
  kBogusDoctype,
  kCdataSection,
  kCdataSectionBracket,
  kCdataSectionEnd,
  kCharacterReference,
  kNamedCharacterReference,
  kNumericCharacterReference,
  kHexadecimalCharacterReferenceStart,
  kDecimalCharacterReferenceStart,
  kHexadecimalCharacterReference,
  kDecimalCharacterReference,
};

/// A name and a value, both decoded. The views live as long as the call that hands them over.
struct Attribute {
  std::string_view name, value;
};

/// A start or an end tag. The name is in lower case; attributes come in source order, each name once (the first one
/// counts). `begin` and `end` are offsets in the input: of the `<`, and past the `>`. All views die when the call that
/// hands the token over returns.
struct TagToken {
  std::string_view name;
  std::span<const Attribute> attributes;
  bool selfClosing = false;
  std::uint64_t begin = 0, end = 0;

  /// The value of the attribute `wanted` (in lower case), or null when the tag has none.
  const std::string_view* find(std::string_view wanted) const noexcept {
    for (const Attribute& attribute : attributes)
      if (attribute.name == wanted) return &attribute.value;
    return nullptr;
  }
};

/// A DOCTYPE: which of its parts were there, and whether the document is to be read in quirks mode whatever they say.
struct DoctypeToken {
  std::string_view name, publicId, systemId;
  bool hasName = false, hasPublicId = false, hasSystemId = false, forceQuirks = false;
};

}  // namespace weft::html
