#include <weft/crawler/xml/xml_elements.hpp>

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using weft::crawler::XmlElements;
using weft::crawler::XmlError;
using weft::crawler::XmlOptions;
using Strings = std::vector<std::string>;

namespace {

/// The elements as text, fed in pieces of `piece` bytes.
Strings elements(std::string_view feed, std::string_view name, std::size_t piece, const XmlOptions& options = {}) {
  XmlElements reader(name, options);
  Strings out;
  const auto drain = [&] {
    while (auto element = reader.next()) out.push_back(element->get());
  };
  for (; !feed.empty(); feed.remove_prefix(std::min(piece, feed.size()))) {
    reader.feed(feed.substr(0, piece));
    drain();
  }
  reader.finish();
  drain();
  return out;
}

const char* const kFeed =
    "<?xml version='1.0' encoding='ISO-8859-1'?><feed xmlns='urn:f' xmlns:m='urn:m'><head><item>h</item></head>"
    "<item n='1'>caf\xE9<item>inner</item></item>text<m:item xmlns:m='urn:other'/><!-- <item/> --><other/></feed>";

}  // namespace

TEST_CASE("elements come out of a feed however it is cut") {
  const Strings expected = {
      "<item xmlns=\"urn:f\" xmlns:m=\"urn:m\">h</item>",
      "<item xmlns=\"urn:f\" xmlns:m=\"urn:m\" n=\"1\">caf\xC3\xA9<item>inner</item></item>",
      "<m:item xmlns:m=\"urn:other\" xmlns=\"urn:f\"/>"};
  for (std::size_t piece : {1, 2, 7, 64, 100000}) {
    CAPTURE(piece);
    Strings found = elements(kFeed, "item", piece);
    for (std::string& one : found)  // declarations from outside have no order of their own
      if (const auto at = one.find("xmlns:m=\"urn:m\" xmlns=\"urn:f\""); at != std::string::npos) one.replace(at, 29, "xmlns=\"urn:f\" xmlns:m=\"urn:m\"");
    CHECK(found == expected);
    CHECK(elements(kFeed, "m:item", piece).size() == 1);
    CHECK(elements(kFeed, "nothing", piece).empty());
  }
}

TEST_CASE("a feed is read as it is asked for, and keeps no more than what was fed last") {
  XmlElements reader("item");
  reader.feed("<feed>");
  std::size_t count = 0;
  for (int i = 0; i < 20'000; ++i) {
    reader.feed("<item><name>" + std::to_string(i) + "</name></item>");
    while (auto item = reader.next()) CHECK_MESSAGE(item->xpath("name/text()").get() == std::to_string(count++), count);
  }
  CHECK(count == 20'000);
}

TEST_CASE("an element over the limit, entities, and a feed that is cut off are errors") {
  std::string large = "<f><item>";
  large.append(5000, 'x');
  CHECK_THROWS_WITH_AS(elements(large, "item", 100, XmlOptions().setMaxElementBytes(1000)),
                       "XML: an element <item> of more than 1000 bytes (XmlOptions::maxElementBytes)", XmlError);
  CHECK(elements("<f>" + std::string(5000, 'x') + "<item/></f>", "item", 100, XmlOptions().setMaxElementBytes(1000)).size() == 1);
  CHECK_THROWS_WITH_AS(elements("<f><item><a/>", "item", 100), "XML: the feed ends within an element <item>", XmlError);
  CHECK_THROWS_AS(elements("<!DOCTYPE f [<!ENTITY a 'x'>]><f><item>&a;</item></f>", "item", 5), XmlError);
  CHECK_THROWS_AS(elements("<f><item/></g>", "item", 5, XmlOptions().setStrict(true)), XmlError);
}
