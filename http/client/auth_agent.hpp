// AuthAgent: answers servers that ask who is there.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/http/auth/authenticator.hpp>
#include <weft/http/auth/credentials.hpp>
#include <weft/http/client/agent.hpp>

#include <memory>

namespace weft::http {

/// An agent that answers 401 with credentials, by the Digest scheme (RFC 7616) or Basic (RFC 7617), whichever is the strongest that the server offers, and sends the request
/// once more. What it has learned serves the origin's later requests at once: a nonce counts on until the server says that it has grown old. A second 401 is
/// given out as the response: the credentials are wrong. So is the first, to a request whose body cannot be sent again.
///
///     AuthAgent client(agent, clock);
///     client.add(Credentials("https://api.example.com", "me", "secret"));
///     client.get("https://me:secret@example.com/");                        // works as well
///
/// Credentials go to their own origin and nowhere else: not to another host, port or scheme, wherever a redirect leads. User name and password of a URL are credentials for its
/// origin, unless some were added for it; they answer challenges, too, and are not sent before. A request with an Authorization field of its own passes unchanged.
///
/// Errors: those of the inner agent; AuthError for a URL with a control character in its user name or password.
///
/// The inner agent and the clock must outlive its requests; the AuthAgent itself need not.
class AuthAgent final : public AnyAgent {
 public:
  AuthAgent(AnyAgent& agent, Clock& clock);

  /// Replaces credentials for the same origin and realm. Throws AuthError: a name with ':' that is to be sent by Basic at once.
  AuthAgent& add(Credentials credentials);

  Deferred<Response> request(Request request) override;

 private:
  struct State;
  AnyAgent& agent_;
  Clock& clock_;
  std::shared_ptr<State> state_;         // shared with what is under way
};

}  // namespace weft::http
