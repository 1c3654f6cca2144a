#include <weft/http/file_error.hpp>

#include <system_error>
#include <utility>

namespace weft::http {

FileError::FileError(std::string_view doing, std::string path, int systemError)
    : Error(std::string(doing) + " the file " + path + ": " + std::generic_category().message(systemError)),
      path(std::move(path)),
      systemError(systemError) {}

}  // namespace weft::http
