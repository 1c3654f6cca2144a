#include <weft/net/digest.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace weft::net;

TEST_CASE("digests are those of the RFCs' test vectors") {
  CHECK(hexDigest(DigestKind::Md5, "") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(hexDigest(DigestKind::Md5, "message digest") == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(hexDigest(DigestKind::Sha1, "abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(hexDigest(DigestKind::Sha256, "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest(DigestKind::Md5, "x").size() == 16);
  CHECK(digest(DigestKind::Sha1, "x").size() == 20);
  CHECK(digest(DigestKind::Sha256, std::string(100'000, 'x')).size() == 32);
}

TEST_CASE("a digest of pieces is that of the whole, wherever it is cut") {
  const std::string text(1000, 'q');
  for (const DigestKind kind : {DigestKind::Md5, DigestKind::Sha1, DigestKind::Sha256}) {
    for (std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{999}, std::size_t{1000}}) {
      RunningDigest digest(kind);
      digest.update(text.substr(0, cut));
      RunningDigest moved = std::move(digest);
      moved.update(text.substr(cut));
      CHECK(moved.hex() == hexDigest(kind, text));
    }
    CHECK(RunningDigest(kind).hex() == hexDigest(kind, ""));
  }
}

TEST_CASE("random bytes are as many as asked for, and others each time") {
  CHECK(randomBytes(0).empty());
  CHECK(randomBytes(16).size() == 16);
  CHECK(randomBytes(16) != randomBytes(16));
  CHECK(toHex(std::string("\x00\xFF\x0a", 3)) == "00ff0a");
}
