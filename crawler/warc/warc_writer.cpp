#include <weft/crawler/warc/warc_writer.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/core/thread_pool.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/crawler/warc/warc_reader.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::crawler {

namespace {

std::size_t sizeOf(const WarcExchange& exchange) noexcept { return exchange.request.size() + exchange.responseHead.size() + exchange.body.size() + exchange.url.size() + 1024; }

// The first file is `path` itself.
std::string numbered(const std::string& path, unsigned number) {
  if (number == 1) return path;
  std::size_t dot = path.size();
  for (const std::string_view ending : {".warc.gz", ".warc", ".gz"})
    if (path.ends_with(ending)) {
      dot = path.size() - ending.size();
      break;
    }
  char text[16];
  std::snprintf(text, sizeof text, "-%05u", number);
  return path.substr(0, dot) + text + path.substr(dot);
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

}  // namespace

struct WarcWriter::State {
  State(std::string given, WarcOptions how, Reactor* reactor) : path(std::move(given)), options(std::move(how)), reactor(reactor) {
    if (path.ends_with(".gz")) packer = makePacker("gz");
    while (exists(numbered(path, number + 1))) ++number;
    open(true);
    if (!reactor) return;
    pool = std::make_unique<ThreadPool>(0, 1, "weft-warc");
    pool->start();
  }
  ~State() {
    if (pool) pool->stop();
    if (descriptor >= 0) ::close(descriptor);
  }

  // ---- on the thread, or in place of it

  [[noreturn]] void fail(const std::string& doing, int code) const { throw WarcError(doing + ' ' + current + ": " + std::strerror(code), code); }

  void open(bool mayGoOn) {
    current = numbered(path, number);
    do {
      descriptor = ::open(current.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND | (mayGoOn ? 0 : O_EXCL), 0666);
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0) fail("cannot write to", errno);
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) fail("cannot write to", errno);
    size = 0;
    if (S_ISREG(status.st_mode) && status.st_size > 0) goOn(static_cast<std::uint64_t>(status.st_size));
    if (size == 0) begin();
  }

  // Cuts off what a crash has left of a record.
  void goOn(std::uint64_t there) {
    WarcReader reader(current);
    while (reader.next()) {}
    size = reader.wholeUntil();
    if (size < there) {
      kWarcLog.warning("the last record of ", current, " was not written in full; its ", there - size, " bytes are cut off");
      if (::ftruncate(descriptor, static_cast<off_t>(size)) != 0) fail("cannot cut back", errno);
    }
    if (packer || size == 0) return;
    char end[4] = {};
    if (size < 4 || ::pread(descriptor, end, 4, static_cast<off_t>(size - 4)) != 4 || std::string_view(end, 4) != "\r\n\r\n") append("\r\n\r\n");
  }

  void begin() {
    WarcRecord info;
    info.add("WARC-Type", "warcinfo").add("WARC-Record-ID", infoId = warcRecordId()).add("WARC-Date", warcDate(std::chrono::system_clock::now()));
    info.add("WARC-Filename", current.substr(current.rfind('/') + 1)).add("Content-Type", "application/warc-fields");
    info.block = "software: " + options.software + "\r\nformat: WARC File Format 1.1\r\nconformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n";
    append(packed(info));
  }

  std::string packed(const WarcRecord& record) const {
    std::string text = record.text();
    if (packer) packer(text);
    return text;
  }

  // All or nothing.
  void append(std::string_view bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count = ::write(descriptor, bytes.data() + done, bytes.size() - done);
      if (count >= 0) {
        done += static_cast<std::size_t>(count);
      } else if (errno != EINTR) {
        const int code = errno;
        if (done > 0 && ::ftruncate(descriptor, static_cast<off_t>(size)) != 0) kWarcLog.error("cannot cut back ", current, ": ", std::strerror(errno), "; its last record is not whole");
        fail("cannot write to", code);
      }
    }
    size += bytes.size();
  }

  void write(const WarcExchange& exchange) {
    if (options.maxBytes && size >= options.maxBytes) {
      finish();
      ++number;
      open(false);
    }
    const std::string requestId = warcRecordId(), responseId = warcRecordId(), date = warcDate(exchange.begun);
    const auto start = [&](const char* type, const std::string& id, const std::string& other) {
      WarcRecord record;
      record.add("WARC-Type", type).add("WARC-Record-ID", id).add("WARC-Date", date).add("WARC-Target-URI", exchange.url).add("WARC-Concurrent-To", other);
      if (!infoId.empty()) record.add("WARC-Warcinfo-ID", infoId);
      if (!exchange.address.empty()) record.add("WARC-IP-Address", exchange.address);
      if (!exchange.protocol.empty()) record.add("WARC-Protocol", exchange.protocol);
      return record;
    };
    WarcRecord request = start("request", requestId, responseId);
    request.add("Content-Type", "application/http;msgtype=request").add("WARC-Block-Digest", warcDigest(exchange.request));
    request.block = exchange.request;
    const bool isRevisit = exchange.status == 304;
    WarcRecord response = start(isRevisit ? "revisit" : "response", responseId, requestId);
    response.add("Content-Type", "application/http;msgtype=response");
    if (isRevisit) response.add("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/server-not-modified");
    if (!exchange.truncated.empty()) response.add("WARC-Truncated", exchange.truncated);
    response.block = exchange.responseHead + exchange.body;
    response.add("WARC-Block-Digest", warcDigest(response.block));
    if (!isRevisit) response.add("WARC-Payload-Digest", warcDigest(exchange.body));
    append(packed(request) + packed(response));
    written.fetch_add(1, std::memory_order_relaxed);
  }

  void finish() {
    if (descriptor < 0) return;
    const int closing = std::exchange(descriptor, -1);
    if (::close(closing) != 0 && errno != EINTR) fail("cannot finish writing to", errno);
  }

  void attempt(const WarcExchange& exchange) noexcept {
    if (failed.load(std::memory_order_acquire)) {
      lost.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    try {
      write(exchange);
    } catch (const WarcError& problem) {
      note(problem);
    } catch (const std::exception& problem) {          // no memory
      note(WarcError("cannot write to " + current + ": " + problem.what()));
    }
  }
  void note(const WarcError& problem) noexcept {
    lost.fetch_add(1, std::memory_order_relaxed);
    {
      const std::lock_guard lock(mutex);
      error.emplace(problem);
    }
    failed.store(true, std::memory_order_release);
  }

  // ---- on the reactor's

  void done(std::size_t bytes) {
    waiting -= bytes;
    tell();
    if (waiting > options.maxWaiting && !failed.load(std::memory_order_acquire)) return;
    for (Trigger<>& one : std::exchange(waiters, {})) one.callback();
  }
  void tell() {
    if (!failed.load(std::memory_order_acquire) || !callback) return;
    const auto told = std::exchange(callback, nullptr);
    told(*error);
  }

  const std::string path;
  const WarcOptions options;
  Reactor* const reactor;
  Packer packer;
  unsigned number = 1;
  std::string current, infoId;                         // the file that is written, and its warcinfo record's
  int descriptor = -1;
  std::uint64_t size = 0;
  std::size_t waiting = 0;                             // bytes
  std::vector<Trigger<>> waiters;
  std::function<void(const WarcError&)> callback;
  std::atomic<std::uint64_t> written = 0, lost = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex;
  std::optional<WarcError> error;                      // set once, before `failed`
  bool closed = false;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  std::unique_ptr<ThreadPool> pool;
};

WarcWriter::WarcWriter(std::string path, WarcOptions options, Reactor* reactor) : state_(std::make_unique<State>(std::move(path), std::move(options), reactor)) {}

WarcWriter::~WarcWriter() {
  *state_->alive = false;
  try {
    close();
  } catch (const WarcError&) {
  }
}

void WarcWriter::put(WarcExchange exchange) noexcept {
  State& state = *state_;
  if (state.closed) {
    ++state.lost;
    return;
  }
  if (!state.pool) {
    state.attempt(exchange);
    return state.tell();
  }
  const std::size_t bytes = sizeOf(exchange);
  state.waiting += bytes;
  try {
    state.pool->callInThread([&state, bytes, exchange = std::move(exchange), alive = state.alive]() mutable {
      state.attempt(exchange);
      state.reactor->callFromThread([&state, bytes, alive = std::move(alive)] {
        if (*alive) state.done(bytes);
      });
    });
  } catch (const std::exception& problem) {
    state.waiting -= bytes;
    state.note(WarcError("cannot write to " + state.path + ": " + problem.what()));
    state.tell();
  }
}

Deferred<> WarcWriter::room() {
  State& state = *state_;
  if (state.waiting <= state.options.maxWaiting || state.failed.load(std::memory_order_acquire)) return succeed();
  Deferred<> room;
  state.waiters.push_back(room.takeTrigger());
  return room;
}

void WarcWriter::onError(std::function<void(const WarcError&)> callback) {
  state_->callback = std::move(callback);
  state_->tell();
}

void WarcWriter::close() {
  State& state = *state_;
  if (!std::exchange(state.closed, true)) {
    if (state.pool) state.pool->stop();                // it writes what it was given
    for (Trigger<>& one : std::exchange(state.waiters, {})) one.callback();
    try {
      state.finish();
    } catch (const WarcError& problem) {
      if (!state.failed) state.note(problem);
    }
  }
  if (state.failed) throw WarcError(*state.error);
}

const WarcOptions& WarcWriter::options() const noexcept { return state_->options; }
std::uint64_t WarcWriter::written() const noexcept { return state_->written; }
std::uint64_t WarcWriter::lost() const noexcept { return state_->lost; }

}  // namespace weft::crawler
