#include <weft/net/endpoints/endpoint_string.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/core/log.hpp>
#include <weft/net/internal/standard_endpoints.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace weft::net {

namespace {

std::string quoted(std::string_view word) {
  std::string text = "\"";
  weft::detail::appendEscaped(text, word);
  return text + '"';
}

// One column for each character, so that the mark stands under the right one.
std::string pointed(std::string_view text, std::size_t position) {
  std::string line, mark;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    line += byte < 0x20 || byte == 0x7f ? '?' : text[i];
    if (i < position && (byte & 0xc0) != 0x80) mark += ' ';
  }
  return "\n  " + line + "\n  " + mark + '^';
}

std::string listOf(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

bool isRest(std::string_view declared) { return declared.ends_with("..."); }

bool named(std::string_view declared, std::string_view name) { return isRest(declared) ? declared.substr(0, declared.size() - 3) == name : declared == name; }

}  // namespace

EndpointStringError::EndpointStringError(std::string_view text, std::size_t position, const std::string& problem)
    : Error(problem + pointed(text, position)), text(text), position(position) {}

// ---- EndpointArguments

EndpointArguments::EndpointArguments(std::string_view text, std::size_t begin) : text_(text), begin_(begin) {
  const std::size_t colon = std::min(text.find(':', begin), text.size());
  type_ = text.substr(begin, colon - begin);
  behind_ = std::min(colon + 1, text.size());
}

// Splits what is behind the type at its colons.
void EndpointArguments::readAll() {
  if (behind_ == text_.size()) return;                 // "stdio:"
  Argument argument;
  argument.at = argument.nameAt = behind_;
  bool hasName = false;
  for (std::size_t i = behind_; i <= text_.size(); ++i) {
    if (i == text_.size() || text_[i] == ':') {
      arguments_.push_back(std::exchange(argument, {}));
      argument.at = argument.nameAt = i + 1;
      hasName = false;
    } else if (text_[i] == '\\') {
      if (++i == text_.size()) failAt(i - 1, "a backslash takes the next character as it is, but here the endpoint ends");
      argument.value += text_[i];
    } else if (text_[i] == '=' && !hasName) {
      argument.name = std::exchange(argument.value, {});
      if (argument.name.empty()) failAt(i, "the name of an argument is missing in front of \"=\"");
      argument.at = i + 1;
      hasName = true;
    } else if (text_[i] == '[' && i == argument.at) {
      const std::size_t end = text_.find(']', i);
      if (end == std::string_view::npos) failAt(i, "\"[\" is not closed");
      argument.value = text_.substr(i + 1, end - i - 1);
      i = end;
    } else {
      argument.value += text_[i];
    }
  }
}

// Gives each argument the name that was declared for it.
void EndpointArguments::assign(const std::vector<std::string>& declared) {
  if (declared.size() == 1 && declared[0] == ":") return;
  readAll();
  std::size_t position = 0;
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    Argument& argument = arguments_[i];
    if (argument.name.empty()) {
      if (position == declared.size()) {
        failAt(argument.at, declared.empty() ? "an endpoint of type " + type_ + " takes no arguments"
                                             : "an endpoint of type " + type_ + " has no more arguments than " + listOf({declared.begin(), declared.end()}));
      }
      argument.name = isRest(declared[position]) ? declared[position].substr(0, declared[position].size() - 3) : declared[position];
      if (!isRest(declared[position])) ++position;
      else continue;
    } else if (std::none_of(declared.begin(), declared.end(), [&](const std::string& name) { return named(name, argument.name); })) {
      const std::vector<std::string_view> known(declared.begin(), declared.end());
      std::string problem = "an endpoint of type " + type_ + " has no argument " + quoted(argument.name) + suggestion(argument.name, known);
      if (nearestWord(argument.name, known).empty()) problem += declared.empty() ? "; it takes none" : "; it takes " + listOf(known);
      failAt(argument.nameAt, problem);
    }
    for (std::size_t before = 0; before < i; ++before)
      if (arguments_[before].name == argument.name) failAt(argument.nameAt, "the argument " + argument.name + " is given twice");
  }
}

const EndpointArguments::Argument* EndpointArguments::find(std::string_view name) const noexcept {
  const auto found = std::find_if(arguments_.begin(), arguments_.end(), [&](const Argument& argument) { return argument.name == name; });
  return found == arguments_.end() ? nullptr : &*found;
}

const EndpointArguments::Argument& EndpointArguments::get(std::string_view name) const {
  if (const Argument* found = find(name)) return *found;
  failAt(text_.size(), "an endpoint of type " + type_ + " needs the argument " + std::string(name));
}

void EndpointArguments::failAt(std::size_t position, const std::string& problem) const { throw EndpointStringError(text_, position, problem); }

void EndpointArguments::fail(std::string_view name, const std::string& problem) const {
  const Argument* found = find(name);
  failAt(found ? found->at : begin_, problem);
}

std::string EndpointArguments::text(std::string_view name) const {
  const Argument& found = get(name);
  if (found.value.empty()) failAt(found.at, std::string(name) + " is empty");
  return found.value;
}

std::string EndpointArguments::text(std::string_view name, std::string otherwise) const { return has(name) ? text(name) : std::move(otherwise); }

long EndpointArguments::number(std::string_view name, long least, long most) const {
  const Argument& found = get(name);
  long value = 0;
  const char* const end = found.value.data() + found.value.size();
  const auto [read, error] = std::from_chars(found.value.data(), end, value);
  if (error != std::errc() || read != end || value < least || value > most)
    failAt(found.at, std::string(name) + " is a number from " + std::to_string(least) + " to " + std::to_string(most) + ", not " + quoted(found.value));
  return value;
}

long EndpointArguments::number(std::string_view name, long least, long most, long otherwise) const { return has(name) ? number(name, least, most) : otherwise; }

Delay EndpointArguments::seconds(std::string_view name, Delay otherwise) const {
  const Argument* const found = find(name);
  if (!found) return otherwise;
  double value = 0;
  const char* const end = found->value.data() + found->value.size();
  const auto [read, error] = std::from_chars(found->value.data(), end, value);
  if (error != std::errc() || read != end || !(value >= 0)) failAt(found->at, std::string(name) + " is a number of seconds, not " + quoted(found->value));
  return value;
}

std::optional<Address> EndpointArguments::address(std::string_view name, std::uint16_t port) const {
  const Argument* const found = find(name);
  if (!found) return std::nullopt;
  const auto address = Address::parse(found->value, port);
  if (!address) failAt(found->at, std::string(name) + " is a numeric address such as 127.0.0.1 or [::1], not " + quoted(found->value));
  return address;
}

std::vector<std::string> EndpointArguments::rest(std::string_view name) const {
  std::vector<std::string> values;
  for (const Argument& argument : arguments_)
    if (argument.name == name) values.push_back(argument.value);
  return values;
}

std::shared_ptr<ClientEndpoint> EndpointArguments::wrappedClient(Network& network) const { return types_->client(network, text_, behind_); }
std::shared_ptr<ServerEndpoint> EndpointArguments::wrappedServer(Network& network) const { return types_->server(network, text_, behind_); }

// ---- EndpointTypes

EndpointTypes::EndpointTypes() { detail::addStandardEndpoints(*this); }

const EndpointTypes& EndpointTypes::standard() {
  static const EndpointTypes types;
  return types;
}

EndpointTypes& EndpointTypes::addClient(const std::string& type, std::vector<std::string> arguments, MakeClient make) {
  clients_.insert_or_assign(type, Type<MakeClient>{std::move(arguments), std::move(make)});
  return *this;
}

EndpointTypes& EndpointTypes::addServer(const std::string& type, std::vector<std::string> arguments, MakeServer make) {
  servers_.insert_or_assign(type, Type<MakeServer>{std::move(arguments), std::move(make)});
  return *this;
}

template <class Make>
auto EndpointTypes::make(const Types<Make>& types, std::string_view kind, std::string_view other, Network& network, std::string_view text, std::size_t begin) const {
  EndpointArguments arguments(text, begin);
  const auto found = types.find(arguments.type_);
  if (found == types.end()) {
    std::vector<std::string_view> known;
    for (const auto& [name, type] : types) known.push_back(name);
    std::string problem;
    if (arguments.type_.empty()) problem = "an endpoint begins with its type and a colon";
    else if (!other.empty()) problem = "endpoints of type " + arguments.type_ + " are for " + std::string(other) + " only";
    else problem = "there is no type of " + std::string(kind) + " endpoints called " + quoted(arguments.type_) + suggestion(arguments.type_, known);
    if (nearestWord(arguments.type_, known).empty()) problem += "; there is " + listOf(known);
    arguments.failAt(begin, problem);
  }
  arguments.types_ = this;
  arguments.assign(found->second.arguments);
  return found->second.make(network, arguments);
}

std::shared_ptr<ClientEndpoint> EndpointTypes::client(Network& network, std::string_view text, std::size_t begin) const {
  const std::string_view type = text.substr(begin, text.find(':', begin) - begin);
  return make(clients_, "client", servers_.contains(type) ? "servers" : "", network, text, begin);
}

std::shared_ptr<ServerEndpoint> EndpointTypes::server(Network& network, std::string_view text, std::size_t begin) const {
  const std::string_view type = text.substr(begin, text.find(':', begin) - begin);
  return make(servers_, "server", clients_.contains(type) ? "clients" : "", network, text, begin);
}

std::shared_ptr<ClientEndpoint> EndpointTypes::client(Network& network, std::string_view text) const { return client(network, text, 0); }
std::shared_ptr<ServerEndpoint> EndpointTypes::server(Network& network, std::string_view text) const { return server(network, text, 0); }

std::shared_ptr<ClientEndpoint> clientFromString(Network& network, std::string_view text, const EndpointTypes& types) { return types.client(network, text); }
std::shared_ptr<ServerEndpoint> serverFromString(Network& network, std::string_view text, const EndpointTypes& types) { return types.server(network, text); }

}  // namespace weft::net
