#include <weft/core/bytes.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <string>

using weft::Bytes;
using weft::BytesView;

TEST_CASE("bytes come in at the end and go at the front") {
  Bytes buffer;
  CHECK(buffer.empty());
  buffer.append("GET / ");
  buffer.append("HTTP/1.1\r\nHost: a\r\n");
  CHECK(buffer.text() == "GET / HTTP/1.1\r\nHost: a\r\n");
  CHECK(buffer.find("\r\n") == 14);
  buffer.consume(16);
  CHECK(buffer.text() == "Host: a\r\n");
  CHECK(buffer.take(4) == "Host");
  CHECK(buffer.take() == ": a\r\n");
  CHECK(buffer.empty());
  buffer.consume(100);                                 // more than there is
  CHECK(buffer.size() == 0);
}

TEST_CASE("prepare() and commit() fill it without a copy") {
  Bytes buffer;
  const auto room = buffer.prepare(10);
  CHECK(room.size() >= 10);
  std::memcpy(room.data(), "hello", 5);
  CHECK(buffer.empty());
  buffer.commit(5);
  CHECK(buffer.text() == "hello");
  buffer.commit(1'000'000);                            // never more than the room
  CHECK(buffer.size() == buffer.capacity());
}

TEST_CASE("a steady stream does not make it grow") {
  Bytes buffer;
  const std::string piece(1000, 'x');
  buffer.append(piece);
  for (int i = 0; i < 10'000; ++i) {
    buffer.append(piece);
    buffer.consume(1000);
  }
  CHECK(buffer.size() == 1000);
  CHECK(buffer.capacity() <= 8000);
}

TEST_CASE("a buffer may be appended to itself") {
  Bytes buffer(BytesView("0123456789"));
  buffer.consume(3);
  for (int i = 0; i < 6; ++i) buffer.append(buffer);
  CHECK(buffer.size() == 7 * 64);
  CHECK(buffer.text().substr(0, 14) == "34567893456789");
  CHECK(buffer.text().substr(7 * 63) == "3456789");
}

TEST_CASE("moving empties the source; clear() keeps the memory, release() gives it back") {
  Bytes a(BytesView("abc"));
  Bytes b = std::move(a);
  CHECK(a.empty());
  CHECK(a.capacity() == 0);
  CHECK(b.text() == "abc");
  a = std::move(b);
  CHECK(a.text() == "abc");
  a.clear();
  CHECK(a.capacity() > 0);
  a.append("again");
  CHECK(a.text() == "again");
  a.release();
  CHECK(a.capacity() == 0);
  a.append("once more");
  CHECK(a.text() == "once more");
}

TEST_CASE("any order of operations gives what a string gives") {
  std::mt19937 random(3);
  Bytes buffer;
  std::string model;
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t count = random() % 200;
    switch (random() % 3) {
      case 0: {
        const std::string piece(count, static_cast<char>('a' + random() % 26));
        buffer.append(piece);
        model += piece;
        break;
      }
      case 1: {
        const auto room = buffer.prepare(count);
        REQUIRE(room.size() >= count);
        std::memset(room.data(), 'p', count);
        buffer.commit(count);
        model.append(count, 'p');
        break;
      }
      default:
        buffer.consume(count * 2);
        model.erase(0, count * 2);
    }
    REQUIRE(buffer.text() == model);
  }
}

TEST_CASE("a view is made of anything that holds bytes, and gives text or a span") {
  const std::string text = "text";
  const BytesView view(text);
  CHECK(view == BytesView("text"));
  CHECK(view.span().size() == 4);
  CHECK(view[1] == std::byte{'e'});
  CHECK(view.first(2).text() == "te");
  CHECK(view.first(9).text() == "text");
  CHECK(view.from(2).text() == "xt");
  CHECK(view.from(9).empty());
  CHECK(view.find('x') == 2);
  CHECK(view.find("tt") == BytesView::npos);
  CHECK(BytesView().empty());
  const std::string_view back = view;
  CHECK(back.data() == text.data());
}
