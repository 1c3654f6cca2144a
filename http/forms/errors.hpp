// What can go wrong with a form that a client sends.
#pragma once

#include <weft/http/server/errors.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

/// The body is no form of the type that it says: 400.
class MalformedForm : public StatusError {
 public:
  MalformedForm(std::string_view reason, std::uint64_t offset);
  std::string reason;
  std::uint64_t offset;                ///< of the body, where it was noticed
};

/// A form has more of something than its reader takes: 413.
class FormTooLarge : public StatusError {
 public:
  FormTooLarge(std::string_view what, std::uint64_t limit);
  std::string subject;                 ///< "bytes of the file \"picture\"", "parts"
  std::uint64_t limit;
};

}  // namespace weft::http
