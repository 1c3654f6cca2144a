#include <weft/net/file_descriptor.hpp>

#include "support/open_descriptors.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>

#include <system_error>
#include <utility>

using weft::net::FileDescriptor;
using weft::test::openDescriptors;

TEST_CASE("a descriptor is closed once, by its last owner, unless it was given away") {
  const int before = openDescriptors();
  {
    FileDescriptor one(::open("/dev/null", O_RDONLY));
    REQUIRE(bool(one));
    FileDescriptor other = FileDescriptor::copyOf(one.get());
    CHECK(openDescriptors() == before + 2);
    CHECK((::fcntl(other.get(), F_GETFD) & FD_CLOEXEC) != 0);
    other = std::move(one);
    CHECK(!one);
    CHECK(openDescriptors() == before + 1);
    FileDescriptor& same = other;
    other = std::move(same);
    CHECK(bool(other));
    const FileDescriptor third(other.release());
    CHECK(!other);
    other.close();
    CHECK(openDescriptors() == before + 1);
  }
  CHECK(openDescriptors() == before);
  CHECK_THROWS_AS(static_cast<void>(FileDescriptor::copyOf(-1)), std::system_error);
}
