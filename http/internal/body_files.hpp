// PartFile: the file that a body is saved to. onFileThread(): where their system calls happen.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/defer/async_generator.hpp>
#include <weft/defer/threads.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace weft::http::detail {

/// Calls `f` on a thread of the running reactor's pool. Without a reactor (a simulation in virtual time) it is called here: nobody else waits then.
template <class F> auto onFileThread(F f) {
  if (Reactor* const reactor = Reactor::current()) return deferToThread(*reactor, std::move(f));
  return maybeDeferred(std::move(f));
}

/// A new file beside the one that it is to become, under a name of its own. It has all the bytes or it never was: the destructor removes what was not finished.
/// Where there is a device or a pipe, the bytes go there as they come. Blocks; throws FileErrors that name `path`. One thread at a time.
class PartFile {
 public:
  explicit PartFile(std::string path);
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  ~PartFile();

  void write(std::string_view bytes);
  /// It takes the place of whatever is at `path`.
  void finish();

 private:
  const std::string path_;
  std::string place_;                                  // what it replaces: path_, or what this links to
  std::string partPath_;                               // empty: no file
  int file_ = -1;
};

/// Writes all chunks to a PartFile, and fires with how many bytes that were. See Body::saveTo().
Deferred<std::uint64_t> saveChunks(AsyncGenerator<std::string> chunks, std::string path);

}  // namespace weft::http::detail
