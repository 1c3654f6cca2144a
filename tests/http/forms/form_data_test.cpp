#include <weft/http/forms/form_data.hpp>

#include <doctest/doctest.h>

#include "support/file_size_limit.hpp"
#include "support/open_descriptors.hpp"
#include "support/temporary_folder.hpp"

#include <weft/defer/testing.hpp>
#include <weft/http/file_error.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <sys/mount.h>
#include <unistd.h>

using namespace weft;
using namespace weft::http;

namespace {

Request requestOf(const Multipart& form) {
  Request request("POST", "http://a/");
  request.setMultipart(form);
  return request;
}

Request requestOf(std::string contentType, std::string body) {
  Request request("POST", "http://a/");
  request.setBody(std::move(body), contentType);
  return request;
}

AsyncGenerator<std::string> pieces(std::string bytes, std::size_t size) {
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    std::string piece = bytes.substr(at, size);
    co_yield std::move(piece);
  }
}

FormData read(Request request, FormOptions options = FormOptions()) { return successResultOf(readForm(std::move(request), std::move(options))); }

template <class E> E errorOf(Request request, FormOptions options = FormOptions()) {
  const Failure failure = failureResultOf(readForm(std::move(request), std::move(options)));
  REQUIRE_MESSAGE(failure.check<E>(), failure.what());
  return *failure.as<E>();
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> namesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

}  // namespace

TEST_CASE("fields and files of a form with files") {
  test::TemporaryFolder folder;
  const std::string large(300'000, 'x');
  Multipart form;
  form.add("title", "My \"cat\"\r\n").addFile("picture", "cat \"one\".png", large, "image/png").add("title", "again").addFile("empty", "empty.txt", "");
  FormData data = read(requestOf(form), FormOptions().setFolder(folder / "."));
  CHECK(data.fields.getAll("title") == std::vector<std::string_view>{"My \"cat\"\r\n", "again"});
  CHECK(data.fields.size() == 2);
  REQUIRE(data.files.size() == 2);
  UploadedFile* const picture = data.file("picture");
  REQUIRE(picture);
  CHECK(picture->fileName == "cat \"one\".png");
  CHECK(picture->contentType == "image/png");
  CHECK(picture->size == large.size());
  CHECK(successResultOf(picture->bytes()) == large);
  CHECK(failureResultOf(picture->bytes(1000)).check<FormTooLarge>());
  CHECK(successResultOf(data.file("empty")->bytes()) == "");
  CHECK(data.file("title") == nullptr);
  CHECK(namesIn(folder / ".").empty());                // it has no name yet
}

TEST_CASE("any division of the body gives the same form") {
  Multipart form;
  form.add("a", "b").addFile("f", "f.bin", "\r\n--\r\n" + std::string(1000, '-')).add("c", "");
  for (std::size_t size = 1; size < 90; size += 3) {
    Request request = requestOf("multipart/form-data; boundary=\"" + form.boundary() + "\"", "");
    request.setBodyChunks(pieces(form.toString(), size));
    FormData data = read(std::move(request));
    CHECK(data.fields == Form{{"a", "b"}, {"c", ""}});
    REQUIRE(data.files.size() == 1);
    CHECK(successResultOf(data.files[0].bytes()) == "\r\n--\r\n" + std::string(1000, '-'));
  }
}

TEST_CASE("a form of pairs") {
  FormData data = read(requestOf("application/x-www-form-urlencoded; charset=utf-8", "a=1&b=two+words%21&a=2"));
  CHECK(data.fields == Form{{"a", "1"}, {"b", "two words!"}, {"a", "2"}});
  CHECK(data.files.empty());
  CHECK(read(requestOf("application/x-www-form-urlencoded", "")).fields.empty());
  CHECK(errorOf<FormTooLarge>(requestOf("application/x-www-form-urlencoded", "a=1&b=2&c=3"), FormOptions().setMaxParts(2)).status == 413);
  CHECK(errorOf<FormTooLarge>(requestOf("application/x-www-form-urlencoded", "a=1&b=234"), FormOptions().setMaxFieldBytes(2)).limit == 2);
  CHECK(errorOf<FormTooLarge>(requestOf("application/x-www-form-urlencoded", "a=12345"), FormOptions().setMaxFieldsBytes(6)).limit == 6);
}

TEST_CASE("what is no form is refused with the status for it") {
  CHECK(errorOf<UnsupportedMediaType>(requestOf("application/json", "{}")).status == 415);
  CHECK(errorOf<UnsupportedMediaType>(Request("POST", "http://a/")).status == 415);
  CHECK(errorOf<MalformedForm>(requestOf("multipart/form-data", "")).status == 400);
  CHECK(errorOf<MalformedForm>(requestOf("multipart/form-data; boundary=a", "--a\r\nX: y\r\n\r\n\r\n--a--")).reason == "a part has no Content-Disposition of form-data");
  CHECK(errorOf<MalformedForm>(requestOf("multipart/form-data; boundary=a", "--a\r\nContent-Disposition: attachment; name=x\r\n\r\n\r\n--a--")).status == 400);
  CHECK(errorOf<MalformedForm>(requestOf("multipart/form-data; boundary=a",
                                         "--a\r\nContent-Disposition: form-data; name=x\r\nContent-Transfer-Encoding: base64\r\n\r\n\r\n--a--"))
            .status == 400);
  CHECK(errorOf<MalformedForm>(requestOf("multipart/form-data; boundary=a", "--a\r\nContent-Disposition: form-data; name=x\r\n\r\nvalue")).status == 400);
}

TEST_CASE("names of files are read in all their forms, and are never paths") {
  const auto nameOf = [](const std::string& parameters) {
    FormData data = read(requestOf("multipart/form-data; boundary=a", "--a\r\nContent-Disposition: form-data; name=f; " + parameters + "\r\n\r\nx\r\n--a--"));
    return data.files.size() == 1 ? std::pair(data.files[0].fileName, data.files[0].safeFileName()) : std::pair(std::string("no file"), std::string());
  };
  CHECK(nameOf("filename=plain.txt").first == "plain.txt");
  CHECK(nameOf("filename=\"a \\\"b\\\" c.txt\"").first == "a \"b\" c.txt");
  CHECK(nameOf("filename=\"x\"; filename*=UTF-8''%e2%82%ac%20rates.txt").first == "\xE2\x82\xAC rates.txt");
  CHECK(nameOf("filename=\"../../etc/passwd\"").second == "passwd");
  CHECK(nameOf("filename=\"C:\\\\Users\\\\me\\\\cat.png\"").second == "cat.png");
  CHECK(nameOf("filename=\"..\"").second.empty());
  CHECK(nameOf("filename=\".bashrc\"").second == "bashrc");
  CHECK(nameOf("filename=\"\"").first == "no file");    // an empty control
}

TEST_CASE("each limit of a form is an error that names what was too large") {
  Multipart form;
  form.add("a", std::string(100, 'x')).add("b", std::string(100, 'x')).addFile("f", "f.bin", std::string(1000, 'x'));
  const auto error = [&](FormOptions options) { return std::string(errorOf<FormTooLarge>(requestOf(form), std::move(options)).what()); };
  CHECK(error(FormOptions().setMaxParts(2)) == "the form has too many parts: more than 2");
  CHECK(error(FormOptions().setMaxFieldBytes(99)) == "the form has too many bytes in the field \"a\": more than 99");
  CHECK(error(FormOptions().setMaxFieldsBytes(150)) == "the form has too many bytes in its fields: more than 150");
  CHECK(error(FormOptions().setMaxFileBytes(999)) == "the form has too many bytes of the file \"f.bin\": more than 999");
  CHECK(error(FormOptions().setMaxHeadBytes(20)) == "the form has too many bytes in the head of one part: more than 20");
  CHECK(error(FormOptions().setMaxBytes(1000)) == "the form has too many bytes: more than 1000");
  Request chunked = requestOf(form.contentType(), "");
  chunked.setBodyChunks(pieces(form.toString(), 100));
  CHECK(errorOf<FormTooLarge>(std::move(chunked), FormOptions().setMaxBytes(1000)).limit == 1000);
  CHECK(read(requestOf(form), FormOptions().setMaxParts(3).setMaxFieldBytes(100).setMaxFieldsBytes(232).setMaxFileBytes(1000)).files.size() == 1);
}

TEST_CASE("an uploaded file gets a name when it is saved, in place of what was there, as often as wanted") {
  test::TemporaryFolder folder;
  Multipart form;
  form.addFile("f", "f.bin", "content").addFile("empty", "e", "");
  FormData data = read(requestOf(form), FormOptions().setFolder(folder / "."));
  std::ofstream(folder / "saved") << "old";
  successResultOf(data.files[0].saveTo(folder / "saved"));
  CHECK(content(folder / "saved") == "content");
  std::filesystem::remove(folder / "saved");
  successResultOf(data.files[0].saveTo(folder / "again"));           // it has no name left that could be linked to
  CHECK(content(folder / "again") == "content");
  successResultOf(data.files[1].saveTo(folder / "empty"));
  CHECK(std::filesystem::file_size(folder / "empty") == 0);
  CHECK(namesIn(folder / ".").size() == 2);
  CHECK(failureResultOf(data.files[0].saveTo(folder / "missing/x")).check<FileError>());
  CHECK(failureResultOf(data.files[0].saveTo(folder / ".")).check<FileError>());
  CHECK(namesIn(folder / ".").size() == 2);
}

TEST_CASE("an uploaded file is copied to another file system") {
  if (!std::filesystem::is_directory("/dev/shm")) return;
  test::TemporaryFolder folder;
  Multipart form;
  form.addFile("f", "f.bin", std::string(200'000, 'y'));
  FormData data = read(requestOf(form), FormOptions().setFolder("/dev/shm"));
  successResultOf(data.files[0].saveTo(folder / "saved"));
  CHECK(content(folder / "saved") == std::string(200'000, 'y'));
  CHECK(namesIn(folder / ".").size() == 1);
}

TEST_CASE("progress is told, and what it throws ends the reading") {
  Multipart form;
  form.add("a", std::string(1000, 'x'));
  std::vector<std::uint64_t> seen;
  Request request = requestOf(form.contentType(), "");
  request.setBodyChunks(pieces(form.toString(), 500));
  read(std::move(request), FormOptions().setOnProgress([&](std::uint64_t bytes, std::optional<std::uint64_t>) { seen.push_back(bytes); }));
  CHECK(seen == std::vector<std::uint64_t>{500, 1000, form.toString().size()});
  const Failure failure = failureResultOf(readForm(requestOf(form), FormOptions().setOnProgress([](std::uint64_t, std::optional<std::uint64_t>) { throw std::runtime_error("enough"); })));
  CHECK(std::string(failure.what()) == "enough");
}

// ---- bad days

TEST_CASE("a disk that is full is a FileError, and nothing stays behind") {
  test::TemporaryFolder folder;
  Multipart form;
  form.add("a", "b").addFile("f", "f.bin", std::string(300'000, 'x'));
  const int before = test::openDescriptors();
  {
    test::FileSizeLimit full(100'000);
    const auto error = errorOf<FileError>(requestOf(form), FormOptions().setFolder(folder / "."));
    CHECK(error.systemError == EFBIG);
  }
  CHECK(namesIn(folder / ".").empty());
  CHECK(test::openDescriptors() == before);
  CHECK(errorOf<FileError>(requestOf(form), FormOptions().setFolder(folder / "missing")).systemError == ENOENT);
}

TEST_CASE("a file system without room is a FileError that says so") {
  test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "small");
  if (::mount("tmpfs", (folder / "small").c_str(), "tmpfs", 0, "size=256k") != 0) return;      // needs rights
  Multipart form;
  form.addFile("f", "f.bin", std::string(600'000, 'x'));
  const auto error = errorOf<FileError>(requestOf(form), FormOptions().setFolder(folder / "small"));
  CHECK(error.systemError == ENOSPC);
  CHECK(std::string(error.what()).find("small/(upload): No space left on device") != std::string::npos);
  Multipart fits;
  fits.addFile("f", "f.bin", std::string(100'000, 'x'));
  CHECK(read(requestOf(fits), FormOptions().setFolder(folder / "small")).files.size() == 1);      // what the other one took is free again
  CHECK(::umount((folder / "small").c_str()) == 0);
}

TEST_CASE("a client that goes away in the middle of a file leaves nothing behind") {
  test::TemporaryFolder folder;
  Multipart form;
  form.addFile("f", "f.bin", std::string(300'000, 'x'));
  const int before = test::openDescriptors();
  bool closed = false;
  Deferred<> never;
  {
    auto body = [](std::string bytes, Deferred<>& wait, bool& closed) -> AsyncGenerator<std::string> {
      struct Closed {
        bool& flag;
        ~Closed() { flag = true; }
      } guard{closed};
      co_yield std::move(bytes);
      co_await wait;
    };
    Request request = requestOf(form.contentType(), "");
    request.setBodyChunks(body(form.toString().substr(0, 200'000), never, closed));
    auto reading = readForm(std::move(request), FormOptions().setFolder(folder / "."));
    CHECK_FALSE(reading.called());
    CHECK(test::openDescriptors() == before + 1);
    reading.cancel();
    CHECK(failureResultOf(reading).check<CancelledError>());
  }
  CHECK(closed);
  CHECK(test::openDescriptors() == before);
  CHECK(namesIn(folder / ".").empty());
}
