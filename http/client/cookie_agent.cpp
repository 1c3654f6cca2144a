#include <weft/http/client/cookie_agent.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace weft::http {
namespace {

// Takes the next pair off a Cookie field.
std::string_view takePair(std::string_view& field) noexcept {
  const std::size_t end = field.find(';');
  const std::string_view pair = trimmed(field.substr(0, end));
  field = end == std::string_view::npos ? std::string_view() : field.substr(end + 1);
  return pair;
}

std::string_view nameOf(std::string_view pair) noexcept {
  const std::size_t equals = pair.find('=');
  return equals == std::string_view::npos ? std::string_view() : pair.substr(0, equals);
}

bool hasCookie(std::string_view field, std::string_view name) noexcept {
  while (!field.empty())
    if (const auto pair = takePair(field); !pair.empty() && nameOf(pair) == name) return true;
  return false;
}

void addCookies(Request& request, CookieJar& jar) {
  const std::string kept = jar.cookieHeader(request.url);
  if (kept.empty()) return;
  if (!request.headers.has("Cookie")) {
    request.headers.add("Cookie", kept);
    return;
  }
  std::string own;
  for (const std::string_view field : request.headers.getAll("Cookie")) {
    if (!own.empty()) own += "; ";
    own += field;
  }
  std::string all = own;
  for (std::string_view rest = kept; !rest.empty();) {
    const std::string_view pair = takePair(rest);
    if (pair.empty() || hasCookie(own, nameOf(pair))) continue;
    if (!all.empty()) all += "; ";
    all += pair;
  }
  request.headers.set("Cookie", all);
}

}  // namespace

Deferred<Response> CookieAgent::request(Request request) {
  if (jar_ && !request.cookieJar.empty())
    return fail<Response>(CookieError("requesting " + request.url.withCredentialsRemoved().href() + " with the cookie jar \"" + request.cookieJar +
                                      "\": this CookieAgent has a single jar; give it CookieJars"));
  return maybeDeferred([&]() -> Deferred<Response> {
    addCookies(request, jars_ ? jars_->jar(request.cookieJar) : *jar_);
    std::string name = request.cookieJar;
    return agent_.request(std::move(request)).addCallback([jar = jar_, jars = jars_, name = std::move(name)](Response response) {
      if (response.headers.has("Set-Cookie")) (jars ? jars->jar(name) : *jar).extractCookies(response.headers, response.url);
      return response;
    });
  });
}

}  // namespace weft::http
