// clientFromString(), serverFromString(): endpoints as a user writes them in a command line or a configuration file.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/net/address.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/error.hpp>
#include <weft/net/network.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net {

/// A string that says no endpoint. what() names the problem, and shows the string with a mark under the wrong part:
///
///     an endpoint of type tcp has no argument "prot"; did you mean port?
///       tcp:example.com:prot=80
///                       ^
class EndpointStringError : public Error {
 public:
  EndpointStringError(std::string_view text, std::size_t position, const std::string& problem);
  std::string text;
  std::size_t position;                                // in bytes, of the wrong part
};

class EndpointTypes;

/// What stands behind the type in an endpoint's string, for the function that makes such an endpoint. Each look-up throws EndpointStringError, pointing at the place, for what is
/// missing or makes no sense.
class EndpointArguments {
 public:
  const std::string& type() const noexcept { return type_; }
  bool has(std::string_view name) const noexcept { return find(name) != nullptr; }

  /// The value of an argument; without `otherwise` it must be there.
  std::string text(std::string_view name) const;
  std::string text(std::string_view name, std::string otherwise) const;
  /// A whole number from `least` to `most`.
  long number(std::string_view name, long least, long most) const;
  long number(std::string_view name, long least, long most, long otherwise) const;
  Delay seconds(std::string_view name, Delay otherwise) const;
  /// A numeric address.
  std::optional<Address> address(std::string_view name, std::uint16_t port = 0) const;
  /// All values of a last argument that was declared as "name...".
  std::vector<std::string> rest(std::string_view name) const;
  /// The endpoint that stands behind this one's type, where that was declared as ":".
  std::shared_ptr<ClientEndpoint> wrappedClient(Network& network) const;
  std::shared_ptr<ServerEndpoint> wrappedServer(Network& network) const;

  /// Throws EndpointStringError that points at this argument, or at the whole where it is not there.
  [[noreturn]] void fail(std::string_view name, const std::string& problem) const;

 private:
  friend EndpointTypes;
  struct Argument {
    std::string name;                                  // as declared; empty: not yet known
    std::string value;
    std::size_t at = 0;                                // of the value, in the whole text
    std::size_t nameAt = 0;
  };
  EndpointArguments(std::string_view text, std::size_t begin);
  void readAll();
  void assign(const std::vector<std::string>& declared);
  const Argument* find(std::string_view name) const noexcept;
  const Argument& get(std::string_view name) const;
  [[noreturn]] void failAt(std::size_t position, const std::string& problem) const;

  std::string_view text_;
  std::size_t begin_;                                  // of the type
  std::size_t behind_ = 0;                             // the type and its colon
  std::string type_;
  std::vector<Argument> arguments_;
  const EndpointTypes* types_ = nullptr;
};

/// The types of endpoints that strings can name. A value: one that is made has the types below, and takes more.
///
///     EndpointTypes types;
///     types.addClient("lan", {"name", "port"}, [](Network& network, const EndpointArguments& arguments) { … });
///     auto endpoint = clientFromString(network, "lan:printer:9100", types);
///
/// For clients:
///
///     tcp:host=example.com:port=80:timeout=5:bindAddress=127.0.0.1      or by position, tcp:example.com:80
///     tcp6:[::1]:80
///     tls:example.com:443:trustRoots=ca.pem:certificate=me.pem:privateKey=me.key      each of the files may be left out
///     unix:/run/x.sock:timeout=5
///     process:/bin/cat:-n                                                             a new process for each connection
///     ssl:example.com:443:caCertsDir=certificates:certKey=me.pem:privateKey=me.key    the same in Twisted's older words
///
/// TLS verifies the server's chain and its name, with the system's authorities unless others are named (a file of PEM, or a folder of such files). For servers:
///
///     tcp:8080:interface=127.0.0.1:backlog=50
///     tcp6:8080:interface=[::1]
///     unix:/run/x.sock:mode=660:backlog=50:lockfile=0                                 lockfile=1 unless given
///     systemd:domain=INET:index=0, systemd:name=web                                   a socket that systemd has opened
///     stdio:
///     haproxy:tcp:8080                                                                any other behind it: its connections begin with a PROXY header
///     tls:443:certificate=cert.pem:privateKey=key.pem:interface=…:backlog=…           a certificate and its chain; privateKey may be in the same file
///     ssl:443:privateKey=key.pem:certKey=cert.pem:extraCertChain=chain.pem            the same in Twisted's older words
///
/// Files are read, and refused, when the string is. unix, systemd, stdio and process need the Reactor of a TcpNetwork.
///
/// Arguments stand between colons, by position or as name=value. A backslash takes the next character as it is: `\:`, `\\`, and `\=` in front of the first `=`. What stands in brackets is
/// taken as it is too, so that IPv6 addresses need no backslashes.
class EndpointTypes {
 public:
  using MakeClient = std::function<std::shared_ptr<ClientEndpoint>(Network&, const EndpointArguments&)>;
  using MakeServer = std::function<std::shared_ptr<ServerEndpoint>(Network&, const EndpointArguments&)>;

  /// With the types above.
  EndpointTypes();
  /// The same, made once: what the functions below use unless told otherwise.
  static const EndpointTypes& standard();

  /// `arguments`: their names, in the order of their positions. A last "name..." takes all positions that are left; {":"} alone leaves what follows to another endpoint's string. A type that is
  /// there already is replaced.
  EndpointTypes& addClient(const std::string& type, std::vector<std::string> arguments, MakeClient make);
  EndpointTypes& addServer(const std::string& type, std::vector<std::string> arguments, MakeServer make);

  /// See clientFromString(), serverFromString().
  std::shared_ptr<ClientEndpoint> client(Network& network, std::string_view text) const;
  std::shared_ptr<ServerEndpoint> server(Network& network, std::string_view text) const;

 private:
  friend EndpointArguments;
  template <class Make> struct Type {
    std::vector<std::string> arguments;
    Make make;
  };
  template <class Make> using Types = std::map<std::string, Type<Make>, std::less<>>;
  template <class Make> auto make(const Types<Make>& types, std::string_view kind, std::string_view other, Network& network, std::string_view text, std::size_t begin) const;
  std::shared_ptr<ClientEndpoint> client(Network& network, std::string_view text, std::size_t begin) const;
  std::shared_ptr<ServerEndpoint> server(Network& network, std::string_view text, std::size_t begin) const;

  Types<MakeClient> clients_;
  Types<MakeServer> servers_;
};

/// The endpoint that `text` says, of the types described at EndpointTypes. Nothing is looked up or opened before it is asked to connect. `network` must outlive it. Throws
/// EndpointStringError.
///
///     auto endpoint = clientFromString(network, "tcp:example.com:80:timeout=5");
std::shared_ptr<ClientEndpoint> clientFromString(Network& network, std::string_view text, const EndpointTypes& types = EndpointTypes::standard());
std::shared_ptr<ServerEndpoint> serverFromString(Network& network, std::string_view text, const EndpointTypes& types = EndpointTypes::standard());

}  // namespace weft::net
