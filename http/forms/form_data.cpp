#include <weft/http/forms/form_data.hpp>

#include <weft/http/forms/internal/upload_file.hpp>
#include <weft/http/forms/multipart_reader.hpp>
#include <weft/http/header_values/content_disposition.hpp>
#include <weft/http/header_values/media_type.hpp>
#include <weft/http/internal/body_files.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace weft::http {
namespace {

constexpr std::size_t kWritten = 64 * 1024;            // collected for each trip to a thread

/// The part that comes now.
struct OpenPart {
  std::string name;
  std::string value;                                   // of a field; of a file: what is not written yet
  std::optional<UploadedFile> upload;
  std::shared_ptr<detail::UploadFile> file;
};

// What the HTML standard escapes in names (section 4.10.22.8), as every browser does.
std::string unescaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('%', at)) != std::string::npos; ++at) {
    const std::string_view code = std::string_view(text).substr(at, 3);
    if (code == "%22") text.replace(at, 3, "\"");
    else if (code == "%0D") text.replace(at, 3, "\r");
    else if (code == "%0A") text.replace(at, 3, "\n");
  }
  return text;
}

std::optional<std::uint64_t> lengthOf(const Headers& headers) {
  const std::string_view text = headers.get("Content-Length", "");
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() ? std::optional(length) : std::nullopt;
}

OpenPart beginPart(const MultipartReader& reader, const FormOptions& options) {
  const Headers& headers = reader.headers();
  const auto disposition = ContentDisposition::parse(headers.get("Content-Disposition", ""));
  if (disposition.type != "form-data") throw MalformedForm("a part has no Content-Disposition of form-data", reader.offset());
  const std::string_view coding = headers.get("Content-Transfer-Encoding", "binary");      // RFC 7578 section 4.7 deprecates it
  for (const char* plain : {"binary", "8bit", "7bit"})
    if (equalIgnoringCase(coding, plain)) {
      OpenPart part;
      part.name = unescaped(disposition.name);
      if (!disposition.fileName.empty()) {
        part.upload.emplace();
        part.upload->name = part.name;
        part.upload->fileName = unescaped(disposition.fileName);
        part.upload->contentType = headers.get("Content-Type", "");
        part.file = std::make_shared<detail::UploadFile>(options.folder);
      }
      return part;
    }
  throw MalformedForm("a part has a Content-Transfer-Encoding, which forms do not have", reader.offset());
}

Deferred<> flush(std::shared_ptr<detail::UploadFile> file, std::string bytes) {
  return detail::onFileThread([file = std::move(file), bytes = std::move(bytes)] { file->write(bytes); });
}

// Reads the parts of what `chunks` gives.
Deferred<FormData> readParts(AsyncGenerator<std::string> chunks, std::optional<std::uint64_t> total, std::string boundary, FormOptions options) {
  MultipartReader::Limits limits;
  limits.maxParts = options.maxParts;
  limits.maxHeadBytes = options.maxHeadBytes;
  MultipartReader reader(boundary, limits);
  FormData form;
  OpenPart part;
  std::uint64_t received = 0;
  std::size_t inFields = 0;
  while (auto chunk = co_await chunks.next()) {
    received += chunk->size();
    if (received > options.maxBytes) throw FormTooLarge("bytes", options.maxBytes);
    if (options.onProgress) options.onProgress(received, total);
    reader.feed(*chunk);
    for (auto event = reader.next(); event != MultipartReader::Event::More && event != MultipartReader::Event::End; event = reader.next()) {
      switch (event) {
        case MultipartReader::Event::Part:
          part = beginPart(reader, options);
          inFields += part.name.size() + (part.upload ? part.upload->fileName.size() + part.upload->contentType.size() : 0);
          if (inFields > options.maxFieldsBytes) throw FormTooLarge("bytes in its fields", options.maxFieldsBytes);
          break;
        case MultipartReader::Event::Data:
          part.value.append(reader.data());
          if (part.upload) {
            part.upload->size += reader.data().size();
            if (part.upload->size > options.maxFileBytes) throw FormTooLarge("bytes of the file \"" + part.upload->fileName + "\"", options.maxFileBytes);
            if (part.value.size() >= kWritten) {
              auto writing = flush(part.file, std::exchange(part.value, {}));
              co_await writing;
            }
          } else {
            inFields += reader.data().size();
            if (part.value.size() > options.maxFieldBytes) throw FormTooLarge("bytes in the field \"" + part.name + "\"", options.maxFieldBytes);
            if (inFields > options.maxFieldsBytes) throw FormTooLarge("bytes in its fields", options.maxFieldsBytes);
          }
          break;
        case MultipartReader::Event::PartEnd:
          if (part.upload) {
            if (!part.value.empty()) {
              auto writing = flush(part.file, std::exchange(part.value, {}));
              co_await writing;
            }
            part.upload->setFile(std::move(part.file));
            form.files.push_back(std::move(*part.upload));
          } else {
            form.fields.add(std::move(part.name), std::move(part.value));
          }
          part = OpenPart();
          break;
        case MultipartReader::Event::More:
        case MultipartReader::Event::End: break;
      }
    }
  }
  reader.finish();
  co_return form;
}

Deferred<FormData> readPairs(AsyncGenerator<std::string> chunks, std::optional<std::uint64_t> total, FormOptions options) {
  const std::uint64_t limit = std::min<std::uint64_t>(options.maxFieldsBytes, options.maxBytes);
  std::string text;
  while (auto chunk = co_await chunks.next()) {
    if (text.size() + chunk->size() > limit) throw FormTooLarge("bytes", limit);
    text += *chunk;
    if (options.onProgress) options.onProgress(text.size(), total);
  }
  if (static_cast<std::size_t>(std::count(text.begin(), text.end(), '&')) >= options.maxParts) throw FormTooLarge("parts", options.maxParts);
  FormData form;
  form.fields = Form::parse(text, options.maxParts);
  for (const auto& [name, value] : form.fields)
    if (value.size() > options.maxFieldBytes) throw FormTooLarge("bytes in the field \"" + name + "\"", options.maxFieldBytes);
  co_return form;
}

}  // namespace

std::string UploadedFile::safeFileName() const {
  ContentDisposition disposition;
  disposition.fileName = fileName;
  return disposition.safeFileName();
}

Deferred<> UploadedFile::saveTo(std::string path) {
  auto file = file_ ? file_ : std::make_shared<detail::UploadFile>(std::string());
  return detail::onFileThread([file = std::move(file), path = std::move(path)] { file->saveTo(path); });
}

Deferred<std::string> UploadedFile::bytes(std::size_t limit) const {
  if (size > limit) return fail<std::string>(FormTooLarge("bytes of the file \"" + fileName + "\"", limit));
  if (!file_) return succeed(std::string());
  return detail::onFileThread([file = file_] { return file->read(); });
}

UploadedFile* FormData::file(std::string_view name) noexcept {
  const auto found = std::find_if(files.begin(), files.end(), [name](const UploadedFile& file) { return file.name == name; });
  return found == files.end() ? nullptr : &*found;
}

Deferred<FormData> readForm(Request request, FormOptions options) {
  const std::string contentType(request.headers.get("Content-Type", ""));
  const auto type = MediaType::parse(contentType);
  const bool multipart = type && type->type == "multipart" && type->subtype == "form-data";
  const bool pairs = type && type->type == "application" && type->subtype == "x-www-form-urlencoded";
  if (!multipart && !pairs) throw UnsupportedMediaType(contentType, "application/x-www-form-urlencoded or multipart/form-data");
  const auto total = lengthOf(request.headers);
  if (total && *total > options.maxBytes) throw FormTooLarge("bytes", options.maxBytes);
  AsyncGenerator<std::string> chunks = request.chunks();
  Deferred<FormData> reading(nullptr);
  if (multipart) reading = readParts(std::move(chunks), total, std::string(type->parameter("boundary").value_or("")), std::move(options));
  else reading = readPairs(std::move(chunks), total, std::move(options));
  FormData form = co_await reading;
  co_return form;
}

}  // namespace weft::http
