// XmlReader: libxml2's parser as events, with what is dangerous about it turned off.
#pragma once

#include <weft/crawler/xml/xml_document.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler::internal {

struct XmlAttribute {
  std::string name, value;  // the name as it is written
};

/// Hears what is in the document. May throw: the parser then stops, and the caller of feed() gets it.
class XmlEvents {
 public:
  virtual ~XmlEvents() = default;
  virtual void startElement(const std::string& name, std::span<const XmlAttribute> attributes) = 0;
  virtual void endElement() = 0;
  virtual void text(std::string_view text) = 0;
  virtual void comment(std::string_view text) = 0;
};

/// Takes the document in pieces. Nothing is kept but the names of the open elements.
class XmlReader {
 public:
  /// `isUtf8`: whatever the declaration says. Otherwise the encoding is looked for as the XML standard says.
  XmlReader(XmlEvents& events, const XmlOptions& options, bool isUtf8);
  ~XmlReader();
  XmlReader(const XmlReader&) = delete;
  XmlReader& operator=(const XmlReader&) = delete;

  /// Throws XmlError, and what the events throw; then it is done with.
  void feed(std::string_view piece);
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::crawler::internal
