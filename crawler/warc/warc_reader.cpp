#include <weft/crawler/warc/warc_reader.hpp>

#include <weft/http/headers.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace weft::crawler {

namespace {

constexpr std::size_t kReadPiece = 64 * 1024;

struct Truncated {};                                   // the input ended within a record

}  // namespace

struct WarcReader::State {
  State(std::string name, Source source, WarcLimits limits) : name(std::move(name)), source(std::move(source)), limits(limits) {
    if (inflateInit2(&stream, 15 + 16) != Z_OK) throw std::bad_alloc();              // 16: gzip
  }
  State(const State&) = delete;
  ~State() {
    inflateEnd(&stream);
    if (descriptor >= 0) ::close(descriptor);
  }

  [[noreturn]] void fail(const std::string& what) const { throw WarcError(name + ", record at byte " + std::to_string(begin) + ": " + what); }

  // ---- bytes of the file

  // False at the end.
  bool more() {
    if (at < raw.size()) return true;
    rawBase += raw.size();
    at = 0;
    raw.resize(kReadPiece);
    raw.resize(source(raw.data(), kReadPiece));
    return !raw.empty();
  }
  std::uint64_t position() const noexcept { return rawBase + at; }

  // ---- bytes of the record, whether it is compressed or not

  // Some of them, kReadPiece at most; empty at the end of a gzip member. Of a plain file they are taken off as they are used: see used().
  std::string_view piece() {
    if (!gzip) {
      if (!more()) throw Truncated();
      return std::string_view(raw).substr(at);
    }
    while (decodedAt == decoded.size()) {
      if (memberEnded) return {};
      if (!damage.empty()) fail(damage);               // behind the bytes that were good
      if (!more()) throw Truncated();
      decoded.resize(kReadPiece);
      decodedAt = 0;
      stream.next_in = reinterpret_cast<Bytef*>(raw.data() + at);
      stream.avail_in = static_cast<uInt>(raw.size() - at);
      stream.next_out = reinterpret_cast<Bytef*>(decoded.data());
      stream.avail_out = static_cast<uInt>(kReadPiece);
      const int result = inflate(&stream, Z_NO_FLUSH);
      at = raw.size() - stream.avail_in;
      decoded.resize(kReadPiece - stream.avail_out);
      if (result == Z_STREAM_END) memberEnded = true;
      else if (result != Z_OK && result != Z_BUF_ERROR) damage = std::string("its gzip member is damaged") + (stream.msg ? std::string(" (") + stream.msg + ")" : std::string());
    }
    return std::string_view(decoded).substr(decodedAt);
  }
  void used(std::size_t count) noexcept { (gzip ? decodedAt : at) += count; }

  // A line without its end.
  std::string line(std::size_t& room) {
    std::string text;
    for (;;) {
      const std::string_view bytes = piece();
      if (bytes.empty()) fail("its heading does not end");
      const std::size_t end = bytes.find('\n');
      const std::size_t count = std::min(end, bytes.size());
      if (count > room) fail("its heading is longer than " + std::to_string(limits.maxHeading) + " bytes");
      room -= count;
      text.append(bytes.substr(0, count));
      used(end == std::string_view::npos ? count : count + 1);
      if (end == std::string_view::npos) continue;
      if (text.ends_with('\r')) text.pop_back();
      return text;
    }
  }

  std::uint64_t heading(WarcRecord& record) {
    std::size_t room = limits.maxHeading;
    const std::string version = line(room);
    if (!version.starts_with("WARC/")) fail("there is no WARC record, which begins with \"WARC/\"");
    for (;;) {
      std::string text = line(room);
      if (text.empty()) break;
      if (text.front() == ' ' || text.front() == '\t') {
        if (record.fields.empty()) fail("a line begins with a blank and continues none");
        std::string& value = record.fields.back().second;
        const std::string_view rest = http::trimmed(text);
        if (!value.empty() && !rest.empty()) value += ' ';
        value += rest;
        continue;
      }
      const std::size_t colon = text.find(':');
      if (colon == std::string::npos || colon == 0) fail("a line of its heading is no \"Name: value\"");
      if (record.fields.size() >= limits.maxFields) fail("it has more than " + std::to_string(limits.maxFields) + " fields");
      record.add(http::trimmed(std::string_view(text).substr(0, colon)), http::trimmed(std::string_view(text).substr(colon + 1)));
      if (room < 2) fail("its heading is longer than " + std::to_string(limits.maxHeading) + " bytes");
      room -= 2;
    }
    const std::string_view length = record.field("Content-Length");
    std::uint64_t size = 0;
    const auto [end, problem] = std::from_chars(length.data(), length.data() + length.size(), size);
    if (length.empty() || problem != std::errc() || end != length.data() + length.size()) fail("its Content-Length is no number");
    std::erase_if(record.fields, [](const auto& field) { return http::equalIgnoringCase(field.first, "Content-Length"); });
    return size;
  }

  WarcRecord record() {
    WarcRecord record;
    record.offset = begin;
    std::uint64_t left = heading(record);
    record.cut = left > limits.maxBlock;
    while (left > 0) {
      const std::string_view bytes = piece();
      if (bytes.empty()) fail("its block is shorter than its Content-Length");
      const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size()));
      if (!record.cut) record.block.append(bytes.substr(0, count));
      used(count);
      left -= count;
    }
    // Of a plain record the empty lines are read with the next one: that they are missing is no loss.
    while (gzip) {
      const std::string_view bytes = piece();
      if (bytes.empty()) break;
      if (bytes.find_first_not_of("\r\n") != std::string_view::npos)
        fail("there is more behind it in its gzip member: a file that was compressed as a whole cannot be used; zcat it to a file that ends in .warc");
      used(bytes.size());
    }
    return record;
  }

  std::optional<WarcRecord> next() {
    if (ended) return std::nullopt;
    for (;;) {                                         // what stands between records
      if (!more()) {
        ended = true;
        whole = position();
        return std::nullopt;
      }
      if (raw[at] != '\r' && raw[at] != '\n') break;
      ++at;
    }
    begin = position();
    whole = begin;
    gzip = static_cast<unsigned char>(raw[at]) == 0x1F;
    if (gzip) {
      inflateReset(&stream);
      memberEnded = false;
      damage.clear();
      decoded.clear();
      decodedAt = 0;
    }
    try {
      WarcRecord found = record();
      whole = position();
      return found;
    } catch (const Truncated&) {
      ended = truncated = true;
      return std::nullopt;
    }
  }

  const std::string name;
  Source source;
  const WarcLimits limits;
  int descriptor = -1;
  std::string raw;                                     // of the file, from rawBase on; read up to `at`
  std::uint64_t rawBase = 0;
  std::size_t at = 0;
  z_stream stream{};
  bool gzip = false, memberEnded = false;
  std::string damage;                                  // of the gzip member, found behind what is decoded
  std::string decoded;                                 // of the gzip member; read up to decodedAt
  std::size_t decodedAt = 0;
  std::uint64_t begin = 0, whole = 0;
  bool ended = false, truncated = false;
};

WarcReader::WarcReader(std::string path, WarcLimits limits) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw WarcError("cannot read " + path + ": " + std::strerror(errno), errno);
  const auto read = [descriptor, path](char* to, std::size_t size) {
    for (;;) {
      const ssize_t count = ::read(descriptor, to, size);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) throw WarcError("cannot read " + path + ": " + std::strerror(errno), errno);
    }
  };
  try {
    state_ = std::make_unique<State>(path, read, limits);
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  state_->descriptor = descriptor;
}

WarcReader::WarcReader(std::string name, Source source, WarcLimits limits) : state_(std::make_unique<State>(std::move(name), std::move(source), limits)) {}
WarcReader::~WarcReader() = default;

std::optional<WarcRecord> WarcReader::next() { return state_->next(); }

void WarcReader::seek(std::uint64_t offset) {
  State& state = *state_;
  if (state.descriptor < 0 || ::lseek(state.descriptor, static_cast<off_t>(offset), SEEK_SET) < 0) throw WarcError(state.name + " cannot be read from another place: it is no regular file");
  state.raw.clear();
  state.at = 0;
  state.rawBase = offset;
  state.ended = state.truncated = false;
}

bool WarcReader::truncated() const noexcept { return state_->truncated; }
std::uint64_t WarcReader::wholeUntil() const noexcept { return state_->whole; }

}  // namespace weft::crawler
