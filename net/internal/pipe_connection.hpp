// A connection over one or two pipes. For the .cpp files of net: includes Asio.
#pragma once

#include <weft/net/internal/connection.hpp>
#include <weft/net/internal/pipe.hpp>

#include <memory>
#include <string>

namespace weft::net::detail {

/// Reads from one descriptor and writes to another: standard input and output, a process's pipes. Either may be missing: then nothing comes, and what is written is
/// dropped.
class PipeConnection final : public Connection, private PipeUser {
 public:
  struct End {
    FileDescriptor descriptor;                         // does not block, where it can be watched
    std::shared_ptr<void> keep;                        // let go once it was closed
  };
  enum class WhenUnread : std::uint8_t { End, ReadOn };          // what to do when nobody reads what we write any more

  /// Throws std::system_error.
  static std::shared_ptr<PipeConnection> make(SocketLoop& loop, End in, End out, WhenUnread whenUnread);
  explicit PipeConnection(SocketLoop& loop) noexcept;
  ~PipeConnection() override;

  /// Called once, when an abort ends it: kills a child.
  void onAbort(UniqueFunction<void()> function) noexcept { onAbort_ = std::move(function); }

  void write(std::string_view data) override;
  void writeOwned(std::string data) override;
  using Transport::writeSequence;
  void writeSequence(std::span<const std::string_view> parts) override;
  std::size_t buffered() const noexcept override { return writer_ ? writer_->size() : 0; }
  Address getHost() const override { return {}; }
  Address getPeer() const override { return {}; }
  Clock& clock() const noexcept override { return clock_; }

 private:
  // Connection
  void startReading() override;
  void flush() override;
  void endWriting() noexcept override;
  void endCarrier(bool abort) noexcept override;
  void finishAgain() override;

  // PipeUser
  bool pipeWanted(int) const noexcept override { return wantsData(); }
  void pipeData(int, std::string_view data) noexcept override { received(data); }
  void pipeReadEnded(int, int error) noexcept override;
  void pipeWrote(int) noexcept override;
  void pipeWriteEnded(int, int error, std::size_t lost) noexcept override;
  void pipeLoopEnds() noexcept override;

  bool mayWrite(std::size_t size);
  void wrote();
  void closeWriter() noexcept;
  void closeReader() noexcept;
  void over() noexcept;

  Clock& clock_;
  PipeReader* reader_ = nullptr;
  PipeWriter* writer_ = nullptr;
  std::shared_ptr<void> keepIn_, keepOut_;
  UniqueFunction<void()> onAbort_;
  WhenUnread whenUnread_ = WhenUnread::End;
  bool ended_ = false;                                 // the input is at its end, and was told or has none
  bool loopEnds_ = false;
  int brokenBy_ = 0;                                   // why bytes were lost that were written
};

}  // namespace weft::net::detail
