#include <weft/http/forms/multipart_reader.hpp>

#include <doctest/doctest.h>

#include <weft/http/forms/multipart.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace weft::http;
using Event = MultipartReader::Event;

namespace {

struct Part {
  std::string head, data;
  bool ended = false;
  friend bool operator==(const Part&, const Part&) = default;
};

struct Result {
  std::vector<Part> parts;
  std::string error;
  friend bool operator==(const Result&, const Result&) = default;
};

void take(MultipartReader& reader, std::string_view bytes, Result& result) {
  reader.feed(bytes);
  for (Event event = reader.next(); event != Event::More && event != Event::End; event = reader.next()) {
    if (event == Event::Part) result.parts.push_back({std::string(reader.headers().wire()), {}, false});
    else if (event == Event::Data) result.parts.back().data += reader.data();
    else result.parts.back().ended = true;
  }
}

/// All of it, in pieces of so many bytes.
Result read(std::string_view body, std::size_t piece, MultipartReader::Limits limits = {}) {
  Result result;
  try {
    MultipartReader reader("XX", limits);
    for (std::size_t at = 0; at < body.size(); at += piece) take(reader, body.substr(at, piece), result);
    reader.finish();
  } catch (const StatusError& error) {
    result.error = dynamic_cast<const MalformedForm*>(&error) ? dynamic_cast<const MalformedForm&>(error).reason : error.what();
  }
  return result;
}

/// The same for every size of the pieces.
Result readAnyhow(std::string_view body, MultipartReader::Limits limits = {}) {
  const Result whole = read(body, body.size() + 1, limits);
  for (std::size_t piece = 1; piece <= std::min<std::size_t>(body.size(), 80); ++piece) CHECK(read(body, piece, limits).error == whole.error);
  if (whole.error.empty())
    for (std::size_t piece = 1; piece <= std::min<std::size_t>(body.size(), 80); ++piece) CHECK(read(body, piece, limits) == whole);
  return whole;
}

}  // namespace

TEST_CASE("parts come with their headers and bytes, however the body is cut") {
  const Result result = readAnyhow("--XX\r\nContent-Disposition: form-data; name=\"a\"\r\nX-Y:  z \r\n\r\none\r\n--XX\r\nA: b\r\n\r\n\r\n--XX\r\n\r\nno head\r\n--XX--\r\n");
  CHECK(result.error.empty());
  REQUIRE(result.parts.size() == 3);
  CHECK(result.parts[0] == Part{"Content-Disposition: form-data; name=\"a\"\r\nX-Y: z\r\n", "one", true});
  CHECK(result.parts[1] == Part{"A: b\r\n", "", true});
  CHECK(result.parts[2] == Part{"", "no head", true});
}

TEST_CASE("what looks like a boundary and is none belongs to the part") {
  const std::string inside = "\r\n--X\r\n-XX\r--XX\n--XX\r\r\n--\r\n-- XX\r\n-\r\n--xx";
  const Result result = readAnyhow("--XX\r\nA: b\r\n\r\n" + inside + "\r\n--XX--");
  CHECK(result.error.empty());
  REQUIRE(result.parts.size() == 1);
  CHECK(result.parts[0].data == inside);
}

TEST_CASE("what stands before the first boundary and after the last is passed over; a boundary may be padded") {
  const Result result = readAnyhow("this is ignored\r\nand --XX this\r\n--XX \t \r\nA: b\r\n\r\ndata\r\n--XX--ignored\r\n--XX\r\nA: b\r\n\r\nno part");
  CHECK(result.error.empty());
  REQUIRE(result.parts.size() == 1);
  CHECK(result.parts[0].data == "data");
  CHECK(readAnyhow("--XX--").parts.empty());
  CHECK(readAnyhow("--XX--").error.empty());
  CHECK(readAnyhow("\r\n--XX--\r\n").error.empty());
}

TEST_CASE("a body that is cut, or is none, is malformed") {
  for (const char* body : {"", "-", "--XX", "--XX\r\n", "--XX\r\nA: b", "--XX\r\nA: b\r\n\r\n", "--XX\r\nA: b\r\n\r\ndata", "--XX\r\nA: b\r\n\r\ndata\r\n--X", "--XX\r\nA: b\r\n\r\ndata\r\n--XX", "--XX\r\nA: b\r\n\r\ndata\r\n--XX-"})
    CHECK_MESSAGE(readAnyhow(body).error == "it ends before its last boundary", body);
  CHECK(readAnyhow("--XXY\r\n\r\n").error == "a boundary is followed by something else than a line's end");
  CHECK(readAnyhow("--XX\r\nA: b\r\n\r\ndata\r\n--XXdata\r\n--XX--").error == "a boundary is followed by something else than a line's end");
  CHECK(readAnyhow("--XX\n\n").error == "a boundary is followed by something else than a line's end");
  CHECK(readAnyhow("--XX --\r\n").error == "a boundary is followed by something else than a line's end");
  CHECK(readAnyhow(std::string(20'000, 'a')).error == "it does not begin with its boundary");
}

TEST_CASE("a part's head that is no head is malformed") {
  const auto error = [](const std::string& head) { return readAnyhow("--XX\r\n" + head + "\r\n\r\ndata\r\n--XX--").error; };
  CHECK(error("A b") == "a header line of a part has no colon");
  CHECK(error("A: b\r\n folded") == "a header line of a part begins with a space");
  CHECK(error("A b: c").find("\"A b\"") != std::string::npos);
  CHECK(error(": c") != "");
  CHECK(error("A: b\nC: d") != "");
  CHECK(error(std::string("A: b\0", 5)) != "");
}

TEST_CASE("parts, lines and bytes of heads have their limits, at the same byte however the body is cut") {
  MultipartReader::Limits limits;
  limits.maxParts = 2;
  limits.maxHeaders = 2;
  limits.maxHeadBytes = 40;
  const std::string part = "--XX\r\nA: b\r\n\r\ndata\r\n";
  CHECK(readAnyhow(part + part + "--XX--", limits).error.empty());
  CHECK(readAnyhow(part + part + part + "--XX--", limits).error.find("too many parts: more than 2") != std::string::npos);
  CHECK(readAnyhow("--XX\r\nA: b\r\nA: b\r\n\r\n\r\n--XX--", limits).error.empty());
  CHECK(readAnyhow("--XX\r\nA: b\r\nA: b\r\nA: b\r\n\r\n\r\n--XX--", limits).error.find("header lines in one part") != std::string::npos);
  for (std::size_t size = 30; size < 50; ++size) {
    const bool fits = readAnyhow("--XX\r\nA: " + std::string(size, 'b') + "\r\n\r\n\r\n--XX--", limits).error.empty();
    CHECK(fits == (size + 5 <= 40));                   // with the line's end before it
    readAnyhow(std::string(size, 'p') + "\r\n--XX--", limits);
    readAnyhow("--XX" + std::string(size, ' ') + "\r\n\r\n\r\n--XX--", limits);
  }
  CHECK(readAnyhow("--XX" + std::string(41, ' ') + "\r\n\r\n\r\n--XX--", limits).error == "too many spaces follow a boundary");
}

TEST_CASE("a boundary that may be none is refused") {
  for (const char* bad : {"", "a\r\nb", "a ", "a\"b", "a;b", "\xC3\xA9"}) CHECK_THROWS_AS(MultipartReader{std::string_view(bad)}, MalformedForm);
  CHECK_THROWS_AS(MultipartReader(std::string(71, 'a')), MalformedForm);
  CHECK_NOTHROW(MultipartReader(std::string(70, 'a')));
  CHECK_NOTHROW(MultipartReader("a b'()+_,-./:=?"));
}

TEST_CASE("what Multipart writes is read") {
  Multipart form;
  const std::string content = "\r\n--" + form.boundary().substr(0, 10) + "\r\n";
  form.add("a", "b").addFile("file", "c.txt", content, "text/plain");
  MultipartReader reader(form.boundary());
  Result result;
  take(reader, form.toString(), result);
  reader.finish();
  REQUIRE(result.parts.size() == 2);
  CHECK(reader.parts() == 2);
  CHECK(reader.offset() == form.toString().size());
  CHECK(result.parts[0].data == "b");
  CHECK(result.parts[1].data == content);
}

TEST_CASE("a body that nearly is a boundary all the time takes no more than linear steps and no memory") {
  const std::string boundary(70, 'a');
  MultipartReader reader(boundary);
  reader.feed("--" + boundary + "\r\n\r\n");
  CHECK(reader.next() == Event::Part);
  std::size_t bytes = 0, fed = 0;
  const std::string near = "\r\n--" + std::string(69, 'a');
  std::string piece;
  while (piece.size() < 64 * 1024) piece += near;
  for (int i = 0; i < 100; ++i) {
    reader.feed(piece);
    fed += piece.size();
    for (Event event = reader.next(); event != Event::More; event = reader.next()) bytes += reader.data().size();
  }
  CHECK(fed - bytes < 74);
}
