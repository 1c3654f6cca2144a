#include <weft/http/forms/multipart.hpp>

#include <doctest/doctest.h>

#include <weft/http/header_values/media_type.hpp>
#include <weft/http/headers.hpp>

#include <string>

using namespace weft::http;

TEST_CASE("a form with a file is written part by part") {
  Multipart form("xx");
  form.add("title", "My cat").addFile("pic\"\r\n", "c\u00E4t.png", std::string_view("\0\xFF", 2), "image/png");
  CHECK(form.toString() == std::string("--xx\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nMy cat\r\n"
                                       "--xx\r\nContent-Disposition: form-data; name=\"pic%22%0D%0A\"; filename=\"c\u00E4t.png\"\r\nContent-Type: image/png\r\n\r\n") +
                               std::string("\0\xFF", 2) + "\r\n--xx--\r\n");
  CHECK(form.contentType() == "multipart/form-data; boundary=xx");
  CHECK(Multipart("xx").toString() == "--xx--\r\n");
}

TEST_CASE("boundaries are random, or checked") {
  CHECK(Multipart().boundary() != Multipart().boundary());
  CHECK(MediaType::parse(Multipart().contentType())->parameter("boundary")->size() >= 30);
  CHECK(Multipart("a b?c").contentType() == "multipart/form-data; boundary=\"a b?c\"");
  for (const char* bad : {"", "a\r\n", "a\"", "a ", "1234567890123456789012345678901234567890123456789012345678901234567890x"}) CHECK_THROWS_AS(Multipart{bad}, HeaderError);
  CHECK_THROWS_AS(Multipart("x").addFile("a", "b", "c", "text/plain\r\nX: y"), HeaderError);
}
