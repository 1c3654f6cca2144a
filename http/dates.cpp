#include <weft/http/dates.hpp>

#include <weft/core/internal/text.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace weft::http {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

using weft::detail::isDigit, weft::detail::isLetter, weft::detail::lower;

// 1 to 12 of a text that begins with a month's first three letters, else 0.
unsigned monthOf(std::string_view text) noexcept {
  if (text.size() < 3) return 0;
  const char letters[] = {lower(text[0]), lower(text[1]), lower(text[2])};
  for (std::size_t i = 0; i < kMonths.size(); ++i)
    if (kMonths[i] == std::string_view(letters, 3)) return static_cast<unsigned>(i + 1);
  return 0;
}

std::optional<Date> makeDate(int year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second) noexcept {
  const year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return Date(sys_days(date)) + hours(hour) + minutes(minute) + seconds(second);
}

// Reads a text of HTTP from left to right; every step says whether the text went along.
struct Reader {
  std::string_view rest;

  bool skip(std::string_view text) noexcept {
    if (!rest.starts_with(text)) return false;
    rest.remove_prefix(text.size());
    return true;
  }
  bool number(std::size_t digits, unsigned& value) noexcept {
    if (rest.size() < digits) return false;
    value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!isDigit(rest[i])) return false;
      value = value * 10 + static_cast<unsigned>(rest[i] - '0');
    }
    rest.remove_prefix(digits);
    return true;
  }
  bool month(unsigned& value) noexcept {
    value = monthOf(rest);
    if (value == 0) return false;
    rest.remove_prefix(3);
    return true;
  }
  bool time(unsigned& hour, unsigned& minute, unsigned& second) noexcept {
    return number(2, hour) && skip(":") && number(2, minute) && skip(":") && number(2, second);
  }
  bool zone() noexcept { return rest == " GMT" || rest == " UTC" || rest == " gmt"; }
};

}  // namespace

std::string formatDate(Date time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  time = std::clamp(time, Date(seconds(-62167219200)), Date(seconds(253402300799)));
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT", kDays[weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                                 kNames[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()), static_cast<int>(clock.hours().count()),
                                 static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return std::string(text, static_cast<std::size_t>(size));
}

std::optional<Date> parseDate(std::string_view text, Date now) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  Reader reader{text};
  std::size_t letters = 0;                             // the day's name
  while (letters < text.size() && isLetter(text[letters])) ++letters;
  if (letters < 3 || letters > 9) return std::nullopt;
  reader.rest.remove_prefix(letters);
  unsigned day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0;
  bool good = false;
  if (reader.skip(", ")) {
    good = reader.number(2, day);
    if (good && reader.skip("-")) {                    // Sunday, 06-Nov-94 08:49:37 GMT
      good = reader.month(month) && reader.skip("-") && reader.number(2, year) && reader.skip(" ") && reader.time(hour, minute, second) && reader.zone();
      const int thisYear = static_cast<int>(year_month_day(floor<days>(now)).year());
      int full = thisYear - thisYear % 100 + static_cast<int>(year);
      if (full > thisYear + 50) full -= 100;
      else if (full <= thisYear - 50) full += 100;
      year = static_cast<unsigned>(std::max(full, 0));
    } else {                                           // Sun, 06 Nov 1994 08:49:37 GMT
      good = good && reader.skip(" ") && reader.month(month) && reader.skip(" ") && reader.number(4, year) && reader.skip(" ") && reader.time(hour, minute, second) && reader.zone();
    }
  } else if (reader.skip(" ")) {                       // Sun Nov  6 08:49:37 1994
    good = reader.month(month) && reader.skip(" ") && (reader.skip(" ") ? reader.number(1, day) : reader.number(2, day)) && reader.skip(" ") &&
           reader.time(hour, minute, second) && reader.skip(" ") && reader.number(4, year) && reader.rest.empty();
  }
  if (!good) return std::nullopt;
  return makeDate(static_cast<int>(year), month, day, hour, minute, std::min(second, second == 60 ? 59U : 60U));
}

std::optional<Date> parseCookieDate(std::string_view text) noexcept {
  const auto isDelimiter = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x09 || (byte >= 0x20 && byte <= 0x2F) || (byte >= 0x3B && byte <= 0x40) || (byte >= 0x5B && byte <= 0x60) || (byte >= 0x7B && byte <= 0x7E);
  };
  // At most `most` digits and at least `least`, then no digit.
  const auto leadingNumber = [](std::string_view& from, std::size_t least, std::size_t most, unsigned& value) {
    std::size_t digits = 0;
    value = 0;
    while (digits < from.size() && isDigit(from[digits]) && digits <= most) value = value * 10 + static_cast<unsigned>(from[digits++] - '0');
    if (digits < least || digits > most) return false;
    from.remove_prefix(digits);
    return true;
  };
  bool foundTime = false, foundDay = false, foundMonth = false, foundYear = false;
  unsigned hour = 0, minute = 0, second = 0, day = 0, month = 0, year = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (isDelimiter(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !isDelimiter(text[end])) ++end;
    const std::string_view token = text.substr(at, end - at);
    at = end;
    std::string_view rest = token;
    unsigned h = 0, m = 0, s = 0, value = 0;
    if (!foundTime && leadingNumber(rest, 1, 2, h) && rest.starts_with(':') && (rest.remove_prefix(1), leadingNumber(rest, 1, 2, m)) && rest.starts_with(':') &&
        (rest.remove_prefix(1), leadingNumber(rest, 1, 2, s))) {
      foundTime = true;
      hour = h, minute = m, second = s;
      continue;
    }
    rest = token;
    if (!foundDay && leadingNumber(rest, 1, 2, value)) {
      foundDay = true;
      day = value;
      continue;
    }
    if (!foundMonth && (value = monthOf(token)) != 0) {
      foundMonth = true;
      month = value;
      continue;
    }
    rest = token;
    if (!foundYear && leadingNumber(rest, 2, 4, value)) {
      foundYear = true;
      year = value;
    }
  }
  if (!foundTime || !foundDay || !foundMonth || !foundYear) return std::nullopt;
  if (year >= 70 && year <= 99) year += 1900;
  if (year <= 69) year += 2000;
  if (year < 1601) return std::nullopt;
  return makeDate(static_cast<int>(year), month, day, hour, minute, second);
}

}  // namespace weft::http
