// FormData: a form that a client has sent, with its files. readForm() reads it.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/http/forms/errors.hpp>
#include <weft/http/forms/form.hpp>
#include <weft/http/request.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

namespace detail {
class UploadFile;
}

/// A file of a form, in a temporary file that has no name: with the last of these objects, or the process, it is gone, unless it was saved. Move-only; thread: the reactor's.
class UploadedFile {
 public:
  std::string name;          ///< of the form's control
  std::string fileName;      ///< as the client gave it: text to show, never a path to open; see safeFileName()
  std::string contentType;   ///< as the client says; may be empty
  std::uint64_t size = 0;

  /// The last part of fileName, as one that may be made in a folder: see ContentDisposition::safeFileName(). Empty when nothing is left of it.
  std::string safeFileName() const;
  /// Makes it the file at `path`, in one step, in place of what was there. Where the temporary file is on the same file system no byte is copied. On a thread of the reactor's pool. Errors: FileError.
  Deferred<> saveTo(std::string path);
  /// All of it, in memory. Errors: FormTooLarge when it is larger than `limit`, FileError.
  Deferred<std::string> bytes(std::size_t limit = 16 * 1024 * 1024) const;

  UploadedFile() = default;
  UploadedFile(UploadedFile&&) = default;
  UploadedFile& operator=(UploadedFile&&) = default;

  void setFile(std::shared_ptr<detail::UploadFile> file) noexcept { file_ = std::move(file); }      // the library's own

 private:
  std::shared_ptr<detail::UploadFile> file_;           // null: an empty one
};

/// The fields and files of a form, each in their order.
class FormData {
 public:
  Form fields;
  std::vector<UploadedFile> files;

  /// The first file of that control; null for none.
  UploadedFile* file(std::string_view name) noexcept;
};

/// How much of a form readForm() takes.
class FormOptions {
 public:
  std::string folder;                                  ///< for temporary files, on the file system where they are to stay, best; empty: the system's
  std::size_t maxParts = 1000;                         ///< fields and files
  std::size_t maxHeadBytes = 16 * 1024;                ///< of the head of one part
  std::size_t maxFieldBytes = 1024 * 1024;             ///< of one field
  std::size_t maxFieldsBytes = 8 * 1024 * 1024;        ///< of all fields, and of all names: what is held in memory
  std::uint64_t maxFileBytes = 256 * 1024 * 1024;      ///< of one file
  std::uint64_t maxBytes = 1024 * 1024 * 1024;         ///< of the body; a site's own limit comes first
  /// Gets how many bytes of the body have come, and of all where the client has said it, each time that some have. What it throws ends the reading.
  using Progress = std::function<void(std::uint64_t bytes, std::optional<std::uint64_t> total)>;
  Progress onProgress;

  FormOptions& setFolder(std::string path) { return folder = std::move(path), *this; }
  FormOptions& setMaxParts(std::size_t value) { return maxParts = value, *this; }
  FormOptions& setMaxHeadBytes(std::size_t value) { return maxHeadBytes = value, *this; }
  FormOptions& setMaxFieldBytes(std::size_t value) { return maxFieldBytes = value, *this; }
  FormOptions& setMaxFieldsBytes(std::size_t value) { return maxFieldsBytes = value, *this; }
  FormOptions& setMaxFileBytes(std::uint64_t value) { return maxFileBytes = value, *this; }
  FormOptions& setMaxBytes(std::uint64_t value) { return maxBytes = value, *this; }
  FormOptions& setOnProgress(Progress callback) { return onProgress = std::move(callback), *this; }
};

/// Reads a request's body as a form, of either type: application/x-www-form-urlencoded (WHATWG URL section 5.1) and multipart/form-data (RFC 7578). Files go to the disk as they come, on
/// threads of the reactor's pool; the client waits when the disk is slower. A part is a file if it has a file name that is not empty.
///
///     FormData form = co_await readForm(std::move(request));
///     if (UploadedFile* picture = form.file("picture")) co_await picture->saveTo("pictures/" + picture->safeFileName());
///
/// Errors, the first three with the status that a handler which lets them pass is answered with: UnsupportedMediaType, MalformedForm, FormTooLarge; FileError (the disk is full: systemError is
/// ENOSPC, answered with 507); those of the body, among them BodyTooLarge: a form with files mostly needs a larger Request::maxBody than the site's. Whatever goes wrong, and on cancel, nothing stays on the disk.
Deferred<FormData> readForm(Request request, FormOptions options = FormOptions());

}  // namespace weft::http
