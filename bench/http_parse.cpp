// What reading HTTP/1 costs: Parser, which fills Headers and checks what RFC 9112 asks for, beside llhttp alone with views into the input. Then the other last miles of a body: UTF-8
// told from other bytes, text decoded, content codings undone.
#include "harness.hpp"

#include <weft/http/content_coding/content_decoder.hpp>
#include <weft/http/parser.hpp>
#include <weft/http/text/text_decoder.hpp>
#include <weft/http/text/utf8.hpp>

#include <llhttp.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace weft::http;

// A response's head as a site behind a content delivery network sends it: 18 fields, 1.1 KB.
const std::string kHead =
    "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: nginx\r\nContent-Type: text/html; charset=utf-8\r\nConnection: keep-alive\r\n"
    "Vary: Accept-Encoding, Cookie\r\nX-Powered-By: PHP/8.2\r\nExpires: Thu, 19 Nov 1981 08:52:00 GMT\r\nCache-Control: no-store, no-cache, must-revalidate\r\n"
    "Pragma: no-cache\r\nSet-Cookie: session=0123456789abcdef0123456789abcdef; path=/; secure; HttpOnly; SameSite=Lax\r\n"
    "Set-Cookie: lang=en; expires=Fri, 01 Jan 2027 00:00:00 GMT; Max-Age=31536000; path=/\r\nStrict-Transport-Security: max-age=63072000; includeSubDomains; preload\r\n"
    "X-Frame-Options: SAMEORIGIN\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: strict-origin-when-cross-origin\r\nX-Request-Id: 8c0ffee123456789\r\n"
    "Alt-Svc: h3=\":443\"; ma=86400\r\n";

std::string text(std::size_t size) {
  std::string out;
  while (out.size() < size) out += "<p>The quick brown fox jumps over the lazy dog, again and again.</p>\n";
  out.resize(size);
  return out;
}

std::string withLength(std::size_t size) { return kHead + "Content-Length: " + std::to_string(size) + "\r\n\r\n" + text(size); }

std::string chunked(std::size_t size, std::size_t chunk) {
  std::string out = kHead + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string body = text(size);
  for (std::size_t i = 0; i < size; i += chunk) {
    const std::string piece = body.substr(i, chunk);
    char line[32];
    std::snprintf(line, sizeof line, "%zx\r\n", piece.size());
    out.append(line).append(piece).append("\r\n");
  }
  return out + "0\r\n\r\n";
}

struct Sink final : MessageSink {
  void headReceived() override {}
  void bodyReceived(std::string_view piece) override { body += piece.size(); }
  void messageReceived() override {}
  std::size_t body = 0;
};

// llhttp by itself: names and values as views into the input, which must be whole and stay where it is.
struct Views {
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  std::size_t body = 0;
  bool done = false;
};

const llhttp_settings_t& viewSettings() {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
      static_cast<Views*>(p->data)->fields.emplace_back(std::string_view(at, n), std::string_view());
      return 0;
    };
    s.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
      static_cast<Views*>(p->data)->fields.back().second = {at, n};
      return 0;
    };
    s.on_body = [](llhttp_t* p, const char*, std::size_t n) {
      static_cast<Views*>(p->data)->body += n;
      return 0;
    };
    s.on_message_complete = [](llhttp_t* p) {
      static_cast<Views*>(p->data)->done = true;
      return 0;
    };
    return s;
  }();
  return settings;
}

void parseCase(bench::Suite& suite, const std::string& name, const std::string& input, double bar, bool lenient) {
  constexpr int kRounds = 20000;
  const int rounds = input.size() > 4000 ? kRounds / 10 : kRounds;
  auto parse = [&input, lenient, rounds] {
    Sink sink;
    Parser parser(Parser::Kind::Response, sink, ParserOptions().setLenient(lenient));
    for (int i = 0; i < rounds; ++i) {
      if (parser.feed(input) != input.size() || !parser.complete()) std::abort();
      const Headers taken = std::move(parser.head().headers);  // as the Agent does
      bench::keep(taken.size());
      parser.next();
    }
  };
  auto views = [&input, rounds] {
    Views all;
    all.fields.reserve(64);
    for (int i = 0; i < rounds; ++i) {
      all.fields.clear();
      all.done = false;
      llhttp_t llhttp;
      llhttp_init(&llhttp, HTTP_RESPONSE, &viewSettings());
      llhttp.data = &all;
      if (llhttp_execute(&llhttp, input.data(), input.size()) != HPE_OK || !all.done) std::abort();
      bench::keep(all.fields.size());
    }
  };
  suite.time(name, rounds, parse, bench::Limit(views, bar));
}

std::string russian(std::size_t size) {
  std::string out;
  while (out.size() < size) out += "\xD0\xA1\xD1\x8A\xD0\xB5\xD1\x88\xD1\x8C \xD0\xB5\xD1\x89\xD1\x91 \xD1\x8D\xD1\x82\xD0\xB8\xD1\x85 \xD0\xBC\xD1\x8F\xD0\xB3\xD0\xBA\xD0\xB8\xD1\x85. ";
  return out;
}

std::string gzipped(const std::string& input) {
  z_stream z{};
  if (deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  std::string out(deflateBound(&z, input.size()), '\0');
  z.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(input.data()));
  z.avail_in = static_cast<uInt>(input.size());
  z.next_out = reinterpret_cast<unsigned char*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) std::abort();
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Suite suite("http_parse", "What reading HTTP/1 costs, beside llhttp alone; and what a body costs to decode.");
  const std::string head = withLength(0), whole = withLength(16384), kilobytes = chunked(16384, 1024), small = chunked(16384, 64);
  suite.section("a response, beside llhttp with views into the input");
  parseCase(suite, "head", head, 1.4, false);
  parseCase(suite, "head, lenient", head, 1.4, true);
  parseCase(suite, "16 KiB by length", whole, 1.4, false);
  parseCase(suite, "16 KiB in chunks of 1 KiB", kilobytes, 1.4, false);
  parseCase(suite, "16 KiB in chunks of 64 bytes", small, 1.3, false);

  suite.section("a body of 1 MB, per byte");
  const std::string ascii = text(1 << 20), letters = russian(1 << 20);
  std::string koi;
  for (std::size_t i = 0; i < (1 << 20); ++i) koi += static_cast<char>(i % 7 == 6 ? ' ' : 0xC0 + i % 53);
  suite.time("isUtf8, ASCII", 1 << 20, [&] { bench::keep(isUtf8(ascii)); });
  suite.time("isUtf8, Russian", 1 << 20, [&] { bench::keep(isUtf8(letters)); });
  suite.time("text from koi8-r", 1 << 20, [&] {
    std::string out;
    appendDecoded(out, koi, "koi8-r");
    bench::keep(out.size());
  });
  const std::string page = text(20000), packed = gzipped(page);
  suite.section("a page of 20 KB");
  suite.time("gzip undone, beside zlib alone", 200, [&] {
    for (int i = 0; i < 200; ++i) {
      ContentDecoder decoder("gzip");
      std::string out;
      decoder.feed(packed, out);
      decoder.finish();
      bench::keep(out.size());
    }
  }, bench::Limit([&] {
    z_stream z{};
    if (inflateInit2(&z, 31) != Z_OK) std::abort();
    std::string out(32768, '\0');
    for (int i = 0; i < 200; ++i) {
      inflateReset(&z);
      z.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(packed.data()));
      z.avail_in = static_cast<uInt>(packed.size());
      z.next_out = reinterpret_cast<unsigned char*>(out.data());
      z.avail_out = static_cast<uInt>(out.size());
      if (inflate(&z, Z_FINISH) != Z_STREAM_END) std::abort();
      bench::keep(z.total_out);
    }
    inflateEnd(&z);
  }));
  return suite.run(argc, argv);
}
