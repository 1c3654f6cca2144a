#include <weft/http/body_source.hpp>

#include <weft/http/client/errors.hpp>
#include <weft/http/error.hpp>
#include <weft/http/internal/body_files.hpp>
#include <weft/http/internal/file_parts.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace weft::http {
namespace {

constexpr std::size_t kPiece = 64 * 1024;

class FileBody final : public BodySource, public std::enable_shared_from_this<FileBody> {
 public:
  explicit FileBody(std::string path) : path_(std::move(path)) {}
  Deferred<Length> open() override {
    return detail::onFileThread([path = path_] { return detail::FileParts::whole(path); }).addCallback([self = shared_from_this()](std::shared_ptr<detail::FileParts> parts) {
      self->parts_ = std::move(parts);
      return Length(self->parts_->length());
    });
  }
  AsyncGenerator<std::string> chunks() override { return parts_->chunks(); }
  bool isRepeatable() const noexcept override { return true; }
  const std::shared_ptr<detail::FileParts>& parts() const noexcept { return parts_; }

 private:
  const std::string path_;
  std::shared_ptr<detail::FileParts> parts_;
};

class GeneratedOnce final : public BodySource {
 public:
  GeneratedOnce(AsyncGenerator<std::string> chunks, Length length) : chunks_(std::move(chunks)), length_(length) {}
  Deferred<Length> open() override { return succeed(length_); }
  AsyncGenerator<std::string> chunks() override {
    if (!chunks_) throw Error("the generator of a body can be used once only: give a function that makes one");
    AsyncGenerator<std::string> chunks(std::move(*chunks_));
    chunks_.reset();
    return chunks;
  }
  bool isRepeatable() const noexcept override { return chunks_.has_value(); }

 private:
  std::optional<AsyncGenerator<std::string>> chunks_;
  const Length length_;
};

class GeneratedAnew final : public BodySource {
 public:
  GeneratedAnew(std::function<AsyncGenerator<std::string>()> make, Length length) : make_(std::move(make)), length_(length) {}
  Deferred<Length> open() override { return succeed(length_); }
  AsyncGenerator<std::string> chunks() override { return make_(); }
  bool isRepeatable() const noexcept override { return true; }

 private:
  const std::function<AsyncGenerator<std::string>()> make_;
  const Length length_;
};

AsyncGenerator<std::string> piecesOfBytes(std::shared_ptr<const std::string> bytes) {
  for (std::size_t at = 0; at < bytes->size(); at += kPiece) {
    std::string piece = bytes->substr(at, kPiece);
    co_yield std::move(piece);
  }
}

class BytesBody final : public BodySource {
 public:
  explicit BytesBody(std::string bytes) : bytes_(std::make_shared<const std::string>(std::move(bytes))) {}
  Deferred<Length> open() override { return succeed(Length(bytes_->size())); }
  AsyncGenerator<std::string> chunks() override { return piecesOfBytes(bytes_); }
  bool isRepeatable() const noexcept override { return true; }

 private:
  const std::shared_ptr<const std::string> bytes_;
};

Deferred<std::string> collect(AsyncGenerator<std::string> chunks, std::size_t limit) {
  std::string all;
  while (auto chunk = co_await chunks.next()) {
    if (chunk->size() > limit - all.size()) throw BodyTooLarge("the message", limit, 0);
    if (all.empty()) all = std::move(*chunk);
    else all.append(*chunk);
  }
  co_return all;
}

}  // namespace

Deferred<std::string> BodySource::bytes(std::size_t limit) {
  return open().addCallback([this, limit](Length) { return collect(chunks(), limit); });
}

std::shared_ptr<const detail::FileParts> detail::filePartsOf(const std::shared_ptr<BodySource>& source) {
  if (const auto* const file = dynamic_cast<const FileBody*>(source.get())) return file->parts();
  return std::dynamic_pointer_cast<const FileParts>(source);
}

std::shared_ptr<BodySource> fileBody(std::string path) { return std::make_shared<FileBody>(std::move(path)); }

std::shared_ptr<BodySource> generatedBody(AsyncGenerator<std::string> chunks, BodySource::Length length) {
  return std::make_shared<GeneratedOnce>(std::move(chunks), length);
}

std::shared_ptr<BodySource> generatedBody(std::function<AsyncGenerator<std::string>()> make, BodySource::Length length) {
  return std::make_shared<GeneratedAnew>(std::move(make), length);
}

std::shared_ptr<BodySource> bytesBody(std::string bytes) { return std::make_shared<BytesBody>(std::move(bytes)); }

}  // namespace weft::http
