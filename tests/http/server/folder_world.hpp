// A folder that is served, without a network: requests go straight to StaticFiles.
#pragma once

#include "support/temporary_folder.hpp"

#include <weft/defer/testing.hpp>
#include <weft/http/server/static_files.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace weft::http {

inline std::string numbered(std::size_t bytes) {
  std::string text;
  for (int line = 0; text.size() < bytes; ++line) text += std::to_string(line) + '\n';
  text.resize(bytes);
  return text;
}

/// All that the response would send, from memory or a source.
inline std::string bodyOf(Response response) {
  auto source = response.body.takeSource();
  if (!source) return response.body.take();
  const auto length = successResultOf(source->open());
  std::string all;
  auto chunks = source->chunks();
  while (auto piece = successResultOf(chunks.nextDeferred())) all += *piece;
  REQUIRE(length);
  CHECK(*length == all.size());
  return all;
}

struct FolderWorld {
  test::TemporaryFolder folder;
  std::string root = folder / "public";

  FolderWorld() { std::filesystem::create_directory(root); }
  void write(const std::string& name, std::string_view content) {
    const std::filesystem::path path = root + '/' + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }

  Response ask(std::string_view method, const std::string& path, std::initializer_list<HeaderField> headers = {}, StaticFilesOptions options = StaticFilesOptions()) {
    StaticFiles files(root, std::move(options));
    Request request(method, "http://a" + path);
    request.headers = Headers(headers);
    return successResultOf(files(std::move(request)));
  }
  Response get(const std::string& path, std::initializer_list<HeaderField> headers = {}, StaticFilesOptions options = StaticFilesOptions()) {
    return ask("GET", path, headers, std::move(options));
  }
  int status(const std::string& path, StaticFilesOptions options = StaticFilesOptions()) { return get(path, {}, std::move(options)).status; }
};

inline std::string field(const Response& response, std::string_view name) { return std::string(response.headers.get(name, "")); }

}  // namespace weft::http
