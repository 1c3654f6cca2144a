#include <weft/http/server/media_types.hpp>

#include <doctest/doctest.h>

#include <weft/http/header_values/media_type.hpp>
#include <weft/http/headers.hpp>

#include <string>

using namespace weft::http;

TEST_CASE("a file's type is that of its extension, in any case") {
  const MediaTypes types;
  CHECK(types.of("index.html") == "text/html; charset=utf-8");
  CHECK(types.of("a/b.c/PHOTO.JPeG") == "image/jpeg");
  CHECK(types.of("7z.7z") == "application/x-7z-compressed");
  CHECK(types.of("x.zst") == "application/zstd");
  CHECK(types.of("a.tar.gz") == "application/gzip");
  CHECK(types.of("lib.wasm") == "application/wasm");
  for (const char* unknown : {"", "README", "a.html/README", "x.", "x.unknown", "x.averyveryverylongextension", "html"}) CHECK(types.of(unknown) == MediaTypes::kUnknown);
}

TEST_CASE("types can be added and replaced; the longest extension counts") {
  MediaTypes types;
  types.add(".GMI", "text/gemini").add("html", "text/plain").add("tar.gz", "application/x-gtar");
  CHECK(types.of("a.gmi") == "text/gemini");
  CHECK(types.of("a.html") == "text/plain");
  CHECK(types.of("a.b.TAR.GZ") == "application/x-gtar");
  CHECK(types.of("a.gz") == "application/gzip");
  CHECK_THROWS_AS(types.add("x", "text/html\r\nSet-Cookie: a"), HeaderError);
}

TEST_CASE("every type of the table is a media type") {
  const MediaTypes types;
  int known = 0;
  for (char a = '0'; a <= 'z'; ++a) {
    for (char b = '0'; b <= 'z'; ++b) {
      const std::string_view type = types.of(std::string("x.") + a + b);
      if (type == MediaTypes::kUnknown) continue;
      ++known;
      const auto parsed = MediaType::parse(type);
      REQUIRE(parsed);
      CHECK(parsed->essence() == type.substr(0, type.find(';')));
    }
  }
  CHECK(known > 10);
}
