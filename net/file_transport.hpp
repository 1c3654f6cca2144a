// FileTransport: what transports can do that send files by themselves.
#pragma once

#include <weft/net/error.hpp>
#include <weft/net/file_descriptor.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace weft::net {

/// A file that FileTransport::sendFile() was sending has become shorter, or cannot be read: the peer was promised more than there is, so the connection was aborted.
class SendFileFailed : public ConnectionAborted {
 public:
  SendFileFailed(std::uint64_t missing, int systemError = 0);
  std::uint64_t missing;                               ///< bytes of it that were not sent
  int systemError;                                     ///< errno; 0: the file ends too soon
};

/// A transport that sends files without reading them into this program (sendfile): one over TCP is. Ask a Transport for it by dynamic_cast, and where there is none (TLS, pipes, wrappers, in memory) read the
/// file on another thread and write what was read.
///
///     auto* const files = dynamic_cast<FileTransport*>(&transport());
///     if (files && files->sendsFiles()) files->sendFile(file, 0, size, head);
class FileTransport {
 public:
  /// False for one that could have been it, and is not: a UNIX socket.
  virtual bool sendsFiles() const noexcept = 0;
  /// Sends `length` bytes of a regular file from `offset` on, behind what was written before. `before` goes first, in the same packet where it fits. The file is held until its bytes are sent, and its own
  /// offset does not count. Dropped, as writes are, when the connection has ended.
  ///
  /// These bytes count for buffered(), drained() and producers, but take no memory and so have no limit. The system reads the file in here and in the loop: what is not in its memory is waited
  /// for, so send a large file in parts, and see to it that each has been read before. A file that turns out to be shorter, or cannot be read, aborts the connection with SendFileFailed. Makes the
  /// process ignore SIGPIPE. Throws Error where files cannot be sent.
  virtual void sendFile(std::shared_ptr<const FileDescriptor> file, std::uint64_t offset, std::uint64_t length, std::string_view before = {}) = 0;

 protected:
  ~FileTransport() = default;
};

}  // namespace weft::net
