// XML documents: read into the same tree as HTML, so that all queries work on them.
#pragma once

#include <weft/crawler/error.hpp>
#include <weft/crawler/html/document.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::crawler {

/// A text that cannot be read as XML: it is malformed where that is not forgiven, declares entities, or is over a limit
/// of XmlOptions.
class XmlError : public Error {
 public:
  XmlError(std::size_t line, std::size_t column, std::string_view reason);
  std::size_t line, column;  ///< from 1; 0 if there is no one place
  std::string reason;
};

/// How XML is read.
class XmlOptions {
 public:
  bool strict = false;                               ///< malformed XML is an error; otherwise what can be made out is taken, as by lxml's recover
  std::size_t maxBytes = 256 * 1024 * 1024;          ///< of a document that is read whole
  std::size_t maxElementBytes = 16 * 1024 * 1024;    ///< of one element of XmlElements: names, values and text
  XmlOptions& setStrict(bool value) { return strict = value, *this; }
  XmlOptions& setMaxBytes(std::size_t value) { return maxBytes = value, *this; }
  XmlOptions& setMaxElementBytes(std::size_t value) { return maxElementBytes = value, *this; }
};

/// The most attributes an element may have: what checks that none is twice takes time by their square.
inline constexpr std::size_t kMostXmlAttributes = 4096;

/// Reads XML, in UTF-8 whatever its declaration says. A DOCTYPE is passed over; nothing is ever fetched. Entities and
/// default attributes that it declares are refused, as they can make much of little. Names stay as they are written
/// ("media:content"), and xmlns declarations are attributes; processing instructions are left out. Throws XmlError.
html::Document parseXml(std::string_view text, const XmlOptions& options = {});

/// A node as XML. An element brings along the namespaces that are declared around it.
std::string toXml(const html::Document& document, html::NodeId node);

/// A copy without prefixes and declarations of namespaces. The nodes keep their numbers.
html::Document withoutNamespaces(const html::Document& document);

}  // namespace weft::crawler
