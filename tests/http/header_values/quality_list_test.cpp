#include <weft/http/header_values/quality_list.hpp>

#include <doctest/doctest.h>

using namespace weft::http;

TEST_CASE("choices come in the order in which they are wanted") {
  CHECK(parseQualityList("text/*;q=0.3, text/html;Level=1, */*;q=0.5, text/html") ==
        std::vector<QualityValue>{{"text/html;level=1"}, {"text/html"}, {"*/*", 500}, {"text/*", 300}});
  CHECK(parseQualityList("gzip;q=1.0, identity; q=0.5, *;Q=0") == std::vector<QualityValue>{{"gzip"}, {"identity", 500}, {"*", 0}});
  CHECK(parseQualityList(" ,, ").empty());
}

TEST_CASE("a quality that is none counts as 0") {
  for (const char* bad : {"a;q=", "a;q=2", "a;q=1.5", "a;q=-1", "a;q=0.1234", "a;q=x", "a;q=1.", "a;q=\"open"})
    CHECK_MESSAGE(parseQualityList(bad)[0].quality == (std::string_view(bad) == "a;q=1." ? 1000 : 0), bad);
  CHECK(parseQualityList("a;q=0.001")[0].quality == 1);
}

TEST_CASE("the most specific choice says how much something is wanted") {
  const auto list = parseQualityList("text/html;q=0.7, text/*;q=0.3, */*;q=0.1");
  CHECK(qualityOf(list, "text/html") == 700);
  CHECK(qualityOf(list, "TEXT/plain") == 300);
  CHECK(qualityOf(list, "image/png") == 100);
  CHECK(qualityOf(parseQualityList("gzip"), "br") == 0);
  CHECK(qualityOf(parseQualityList("*, br;q=0"), "br") == 0);
  CHECK(qualityOf({}, "br") == 1000);
}
