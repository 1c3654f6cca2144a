#include <weft/http/header_values/content_disposition.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft::http;

static std::string nameIn(std::string_view text) { return ContentDisposition::parse(text).fileName; }

TEST_CASE("the file name is found in all its forms") {  // RFC 6266 section 5
  CHECK(nameIn("Attachment; filename=example.html") == "example.html");
  CHECK(nameIn("INLINE; FILENAME= \"an example.html\"") == "an example.html");
  CHECK(nameIn("attachment; filename*=UTF-8''%e2%82%ac%20rates") == "\u20AC rates");
  CHECK(nameIn("attachment; filename=\"EURO rates\"; filename*=utf-8'en'%e2%82%ac%20rates") == "\u20AC rates");
  CHECK(nameIn("attachment; filename*=iso-8859-1''%A3.txt; filename=x") == "\u00A3.txt");
  CHECK(nameIn("attachment; filename*=utf-8''%ff; filename=x") == "x");
  CHECK(nameIn("attachment; filename*=x; filename=y") == "y");
  CHECK(nameIn("attachment; filename=\"a\\\"b;c\"; x=y") == "a\"b;c");
  CHECK(nameIn("attachment; filename=a b.txt") == "a b.txt");          // not allowed, and seen every day
  CHECK(nameIn("attachment; filename=\"na\xEFve\"") == "na\u00EFve");
  CHECK(nameIn("attachment; filename=a; filename=b") == "a");
  CHECK(nameIn("attachment") == "");
  CHECK(nameIn("") == "");
  CHECK(nameIn("attachment; filename=\"open") == "open");
  CHECK(ContentDisposition::parse("form-data; name=\"a b\"; filename=c").name == "a b");
  CHECK(ContentDisposition::parse("attachment;;;").isAttachment());
  CHECK(ContentDisposition::parse("anything").isAttachment());
  CHECK(!ContentDisposition::parse("inline; filename=x").isAttachment());
  CHECK(!ContentDisposition::parse("=;").isAttachment());
}

TEST_CASE("a safe file name stays in its folder") {
  const auto safe = [](std::string name) { return ContentDisposition::attachment(std::move(name)).safeFileName(); };
  CHECK(safe("../../etc/passwd") == "passwd");
  CHECK(safe("C:\\Windows\\system.ini") == "system.ini");
  CHECK(safe("..") == "");
  CHECK(safe("/") == "");
  CHECK(safe("") == "");
  CHECK(safe(".bashrc") == "bashrc");
  CHECK(safe(std::string("a\0b\n.txt", 8)) == "ab.txt");
  CHECK(safe("a:b|c?.txt. .") == "a_b_c_.txt");
  CHECK(safe(std::string(198, 'a') + "\u20AC\u20AC") == std::string(198, 'a'));
  CHECK(safe("\u20ACuro.txt") == "\u20ACuro.txt");
}

TEST_CASE("what is written is read again, and stays in its line") {
  CHECK(ContentDisposition::attachment("a b.txt").toString() == "attachment; filename=\"a b.txt\"");
  CHECK(ContentDisposition::attachment("\u20AC*.txt").toString() == "attachment; filename=\"___*.txt\"; filename*=UTF-8''%E2%82%AC%2A.txt");
  CHECK(nameIn(ContentDisposition::attachment("\u20AC*'.txt").toString()) == "\u20AC*'.txt");
  CHECK(nameIn(ContentDisposition::attachment("q\"\\.txt").toString()) == "q\"\\.txt");
  CHECK(ContentDisposition::attachment("a\r\nX: y").toString() == "attachment; filename=\"aX: y\"");
}
