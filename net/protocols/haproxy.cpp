#include <weft/net/protocols/haproxy.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/policies/protocol_wrapper.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace weft::net {

namespace {

constexpr std::string_view kLine = "PROXY ";
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixed = 16;                     // of version 2: signature, version and command, family, length

[[noreturn]] void refuse(const std::string& why) { throw HAProxyError("no PROXY header: " + why); }

// ---- version 1: "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n"

Address addressIn(std::string_view host, std::string_view port, Address::Family family) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size()) refuse("a port is a number from 0 to 65535");
  const auto address = Address::parse(host, number);
  if (!address || address->family() != family || address->scope() != 0 || host.starts_with('['))
    refuse(family == Address::Family::IPv4 ? "TCP4 is followed by two IPv4 addresses" : "TCP6 is followed by two IPv6 addresses");
  return *address;
}

std::optional<HAProxyHeader> parseLine(std::string_view data) {
  const std::string_view line = data.substr(0, HAProxyHeader::kMostOfVersion1);
  const std::size_t end = line.find("\r\n");
  if (end == std::string_view::npos) {
    if (line.size() == HAProxyHeader::kMostOfVersion1) refuse("its line is longer than 107 bytes");
    return std::nullopt;
  }
  std::array<std::string_view, 6> words;               // PROXY, family, source, destination, and their ports
  std::size_t count = 0;
  for (std::string_view rest = line.substr(0, end);; ++count) {
    const std::size_t space = rest.find(' ');
    if (count < words.size()) words[count] = rest.substr(0, space);
    if (space == std::string_view::npos) break;
    rest.remove_prefix(space + 1);
  }
  HAProxyHeader header;
  header.size = end + 2;
  if (words[1] == "UNKNOWN") return header;            // whatever follows
  if (words[1] != "TCP4" && words[1] != "TCP6") refuse("TCP4, TCP6 or UNKNOWN was expected");
  if (++count != words.size()) refuse("two addresses and two ports were expected, each after one space");
  const Address::Family family = words[1] == "TCP4" ? Address::Family::IPv4 : Address::Family::IPv6;
  header.source = addressIn(words[2], words[4], family);
  header.destination = addressIn(words[3], words[5], family);
  return header;
}

// ---- version 2

std::uint16_t number16(std::string_view bytes) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]));
}

Address addressIn(std::string_view bytes, std::string_view port, std::size_t size) {
  std::array<std::uint8_t, 16> number{};
  std::memcpy(number.data(), bytes.data(), size);
  return {size == 4 ? Address::Family::IPv4 : Address::Family::IPv6, number, number16(port)};
}

Address unixAddressIn(std::string_view bytes) {
  if (bytes[0] == 0) {                                 // an abstract name, filled up with zeros
    const std::size_t last = bytes.find_last_not_of('\0');
    return Address::unixPath(last == std::string_view::npos ? std::string() : '@' + std::string(bytes.substr(1, last)));
  }
  return Address::unixPath(bytes.substr(0, bytes.find('\0')));
}

void checkExtensions(std::string_view rest) {
  while (!rest.empty()) {
    if (rest.size() < 3 || rest.size() - 3 < number16(rest.substr(1))) refuse("an extension is longer than the header");
    rest.remove_prefix(3 + number16(rest.substr(1)));
  }
}

std::optional<HAProxyHeader> parseBinary(std::string_view data) {
  if (data.size() > 12 && (static_cast<unsigned char>(data[12]) & 0xf0) != 0x20) refuse("it is of no version that there is");
  if (data.size() > 12 && (data[12] & 0x0f) > 1) refuse("its command is neither LOCAL nor PROXY");
  const bool local = data.size() > 12 && (data[12] & 0x0f) == 0;      // then the rest does not count
  const auto kind = data.size() > 13 && !local ? static_cast<unsigned char>(data[13]) : 0;
  const int family = kind >> 4, carrier = kind & 0x0f;
  if (family > 3 || carrier > 2 || (family == 0) != (carrier == 0)) refuse("its address family and transport are none that there are");
  if (data.size() < kFixed) return std::nullopt;
  HAProxyHeader header;
  header.version = 2;
  header.size = kFixed + number16(data.substr(14));
  static constexpr std::array<std::size_t, 4> kAddresses{0, 12, 36, 216};
  const std::size_t least = kAddresses[static_cast<std::size_t>(family)];
  if (header.size < kFixed + least) refuse("it is too short for its addresses");
  if (data.size() < header.size) return std::nullopt;
  const std::string_view body = data.substr(kFixed, header.size - kFixed);
  if (least == 12 || least == 36) {
    const std::size_t size = least == 12 ? 4 : 16;
    header.source = addressIn(body, body.substr(2 * size), size);
    header.destination = addressIn(body.substr(size), body.substr(2 * size + 2), size);
  } else if (least > 0) {
    header.source = unixAddressIn(body.substr(0, 108));
    header.destination = unixAddressIn(body.substr(108, 108));
  }
  if (least > 0) checkExtensions(body.substr(least));
  return header;
}

/// The connection as the header tells it.
class ProxiedConnection final : public ProtocolWrapper {
 public:
  ProxiedConnection(std::shared_ptr<Protocol> protocol, const HAProxyHeader& header)
      : ProtocolWrapper(std::move(protocol)), source_(header.source), destination_(header.destination) {}
  Address getPeer() const override { return source_ ? source_ : ProtocolWrapper::getPeer(); }
  Address getHost() const override { return destination_ ? destination_ : ProtocolWrapper::getHost(); }

 private:
  Address source_, destination_;
};

}  // namespace

std::optional<HAProxyHeader> HAProxyHeader::parse(std::string_view data) {
  const auto mayBe = [data](std::string_view beginning) { return data.substr(0, beginning.size()) == beginning.substr(0, data.size()); };
  if (mayBe(kLine)) return data.size() < kLine.size() ? std::nullopt : parseLine(data);
  if (mayBe(kSignature)) return data.size() < kSignature.size() ? std::nullopt : parseBinary(data);
  refuse("the connection begins with something else");
}

bool HAProxyOptions::trusts(const Address& peer) const noexcept {
  if (trusted_.empty() || peer.family() == Address::Family::Unix) return true;
  return std::any_of(trusted_.begin(), trusted_.end(), [&](const AddressRange& range) { return range.contains(peer); });
}

struct HAProxyWrappingFactory::Shared {
  /// A connection before its header has come.
  class Waiting final : public Protocol {
   public:
    explicit Waiting(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    ~Waiting() override { stop(); }
    void connectionMade() override {
      timer_ = transport().clock().callLater(shared_->options.timeout(), [this] { refused("it has not come in time"); });
    }
    void dataReceived(std::string_view data) override {
      received_ += data;
      try {
        const auto header = HAProxyHeader::parse(received_);
        if ((header ? header->size : received_.size()) > shared_->options.most()) refuse("it is longer than allowed");
        if (header) goOn(*header);
      } catch (const HAProxyError& error) {
        refused(error.what());
      }
    }
    void readConnectionLost() override { refused("the connection has ended before it"); }
    void connectionLost(const Failure&) override { stop(); }

   private:
    void goOn(const HAProxyHeader& header) {
      stop();
      const std::shared_ptr<Transport> connection = transport().shared_from_this();
      const std::shared_ptr<Shared> shared = shared_;
      const std::string rest = received_.substr(header.size);
      std::shared_ptr<Protocol> protocol;
      try {
        protocol = shared->wrapped->buildProtocol(header.source ? header.source : connection->getPeer());
      } catch (...) {
        kHaproxyLog.failure(Failure(), "buildProtocol() threw; refusing the connection from ", connection->getPeer());
      }
      if (!protocol) return connection->loseConnection();
      connection->unread(rest);
      connection->setProtocol(std::make_shared<ProxiedConnection>(std::move(protocol), header));
    }
    void refused(std::string_view why) {
      stop();
      const Address peer = transport().getPeer();
      kHaproxyLog.info("refusing the connection from ", peer, ": ", why);
      transport().abortConnection(HAProxyError("the connection from " + peer.toString() + ": " + std::string(why)));
    }
    void stop() noexcept {
      if (timer_.active()) timer_.cancel();
    }

    std::shared_ptr<Shared> shared_;
    std::string received_;
    DelayedCall timer_;
  };

  Shared(std::shared_ptr<Factory> wrapped, HAProxyOptions options) : wrapped(std::move(wrapped)), options(std::move(options)) {}
  std::shared_ptr<Factory> wrapped;
  HAProxyOptions options;
  std::optional<detail::FactoryUse> use;
};

HAProxyWrappingFactory::HAProxyWrappingFactory(std::shared_ptr<Factory> wrapped, HAProxyOptions options)
    : shared_(std::make_shared<Shared>(std::move(wrapped), std::move(options))) {}
HAProxyWrappingFactory::~HAProxyWrappingFactory() = default;

std::shared_ptr<Protocol> HAProxyWrappingFactory::buildProtocol(const Address& peer) {
  if (shared_->options.trusts(peer)) return std::make_shared<Shared::Waiting>(shared_);
  kHaproxyLog.info("refusing the connection from ", peer, ", which is none of the trusted proxies");
  return nullptr;
}
void HAProxyWrappingFactory::doStart() { shared_->use.emplace(shared_->wrapped); }
void HAProxyWrappingFactory::doStop() { shared_->use.reset(); }

std::shared_ptr<ServerEndpoint> proxyEndpoint(std::shared_ptr<ServerEndpoint> endpoint, HAProxyOptions options) {
  class ProxyEndpoint final : public ServerEndpoint {
   public:
    ProxyEndpoint(std::shared_ptr<ServerEndpoint> inner, HAProxyOptions options) : inner_(std::move(inner)), options_(std::move(options)) {}
    Deferred<std::unique_ptr<Port>> listen(std::shared_ptr<Factory> factory) override {
      return inner_->listen(std::make_shared<HAProxyWrappingFactory>(std::move(factory), options_));
    }

   private:
    std::shared_ptr<ServerEndpoint> inner_;
    HAProxyOptions options_;
  };
  return std::make_shared<ProxyEndpoint>(std::move(endpoint), std::move(options));
}

}  // namespace weft::net
