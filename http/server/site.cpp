#include <weft/http/server/site.hpp>

#include <weft/core/clock.hpp>
#include <weft/core/log.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/dates.hpp>
#include <weft/http/file_error.hpp>
#include <weft/http/internal/loggers.hpp>
#include <weft/http/server/errors.hpp>
#include <weft/http/server/internal/channel.hpp>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace weft::http {
namespace {

// For so many requests at once no parser is made anew.
constexpr std::size_t kParsersKept = 16;

}  // namespace

Site::Site(Handler handler, SiteOptions options) : handler_(handler), inner_(std::move(handler)), options_(std::move(options)) { parsers_.reserve(kParsersKept); }

Site::Site(std::shared_ptr<Resource> root, SiteOptions options)
    : Site(
          [root = std::move(root)](Request request) {
            auto resource = findResource(root, request);
            return resource ? resource->render(std::move(request)) : fail<Response>(StatusError(404));
          },
          std::move(options)) {}

Site::~Site() {
  if (graceTimer_.active()) graceTimer_.cancel();
}

Site& Site::use(Layer layer) {
  layers_.push_back(std::move(layer));
  handler_ = inner_;
  for (auto each = layers_.rbegin(); each != layers_.rend(); ++each) handler_ = layered(*each, std::move(handler_));
  return *this;
}

// ---- connections

std::shared_ptr<net::Protocol> Site::buildProtocol(const net::Address& peer) {
  if (closing_ || channels_.size() >= options_.maxConnections) return nullptr;
  if (options_.maxConnectionsPerAddress > 0) {
    std::size_t& count = perAddress_[peer.withPort(0)];
    if (count >= options_.maxConnectionsPerAddress) return nullptr;
    ++count;
  }
  auto channel = std::make_shared<detail::Channel>(shared_from_this(), peer);
  channels_.insert(channel.get());
  return channel;
}

void Site::passOn(detail::SiteConnection& from, detail::SiteConnection& to) {
  channels_.erase(&from);
  channels_.insert(&to);
}

void Site::left(detail::SiteConnection& channel) {
  if (channels_.erase(&channel) == 0) return;
  if (options_.maxConnectionsPerAddress > 0) {
    const auto found = perAddress_.find(channel.peer().withPort(0));
    if (found != perAddress_.end() && --found->second == 0) perAddress_.erase(found);
  }
  if (!closing_ || !channels_.empty()) return;
  if (graceTimer_.active()) graceTimer_.cancel();
  if (gone_) std::exchange(gone_, Trigger<>()).callback();
}

std::unique_ptr<Parser> Site::takeParser(MessageSink& sink) {
  if (parsers_.empty()) return std::make_unique<Parser>(Parser::Kind::Request, sink, options_.parser);
  auto parser = std::move(parsers_.back());
  parsers_.pop_back();
  parser->attach(sink);
  return parser;
}

void Site::giveParser(std::unique_ptr<Parser> parser) noexcept {
  if (parsers_.size() >= kParsersKept) return;
  parser->next();
  parsers_.push_back(std::move(parser));
}

Deferred<> Site::close(Delay grace) {
  closing_ = true;
  if (channels_.empty()) return succeed();
  std::vector<std::shared_ptr<detail::SiteConnection>> all;
  for (detail::SiteConnection* channel : channels_) all.push_back(channel->shared_from_this());
  Clock& clock = all.front()->clock();
  Deferred<> gone;
  gone_ = gone.takeTrigger();
  graceTimer_ = clock.callLater(grace, [this] {
    std::vector<std::shared_ptr<detail::SiteConnection>> left;
    for (detail::SiteConnection* channel : channels_) left.push_back(channel->shared_from_this());
    for (const auto& channel : left) channel->closeNow();
  });
  for (const auto& channel : all) channel->closeSoon();
  return gone;
}

// ---- requests

Deferred<Response> Site::respond(Request&& request) noexcept {
  try {
    return handler_(std::move(request));
  } catch (...) {
    return fail<Response>(Failure());
  }
}

const Url* Site::originOf(std::string_view host, bool tls) {
  if (host == originHost_ && tls == originTls_ && !origin_.empty()) return &origin_;
  originHost_ = host;
  originTls_ = tls;
  return origin_.assign(std::string(tls ? "https://" : "http://").append(host)) ? &origin_ : nullptr;
}

Response Site::responseFor(const Failure& failure, std::string_view request) {
  if (const auto* known = failure.as<StatusError>()) {
    Response response = errorPage(known->status, &failure);
    for (const HeaderField field : known->headers) response.headers.remove(field.name);
    for (const HeaderField field : known->headers) response.headers.add(field.name, field.value);
    return response;
  }
  if (failure.check<BodyTooLarge>()) return errorPage(413, &failure);
  if (failure.check<ParseError, JsonError>()) return errorPage(400, &failure);
  if (failure.check<CancelledError, TimeoutError>()) {
    kServerLog.warning("a handler took too long", field("request", request));
    return errorPage(503, &failure);
  }
  kServerLog.error("a handler failed", field("request", request), field("error", failure.what()));
  // Mostly an upload, and nothing that the client could have known. RFC 4918 section 11.5.
  if (const auto* file = failure.as<FileError>(); file && (file->systemError == ENOSPC || file->systemError == EDQUOT)) return errorPage(507, &failure);
  return errorPage(500, &failure);
}

Response Site::responseForBody(const Failure& failure, std::string_view request) {
  Response page = responseFor(failure, request);
  if (page.body.complete()) return page;
  return errorResponse(page.status);
}

Response Site::errorPage(int status, const Failure* failure) {
  if (options_.errorPage) {
    try {
      Response page = options_.errorPage(status, failure);
      page.status = status;
      return page;
    } catch (...) {
      kServerLog.error("the error page failed", field("status", status), field("error", Failure().what()));
    }
  }
  // What a StatusError says is meant to be read; what anything else says is nobody's business.
  const auto* known = failure ? failure->as<StatusError>() : nullptr;
  if (known) return errorResponse(status, known->what());
  return status == 507 ? errorResponse(status, "the server has no room left for what was sent") : errorResponse(status);
}

// Made once a second. RFC 9110 sections 6.6.1 and 10.2.4.
std::string_view Site::generalFields(Clock& clock) {
  // The wall's clock is asked once a second of the connection's clock, which costs nothing.
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(clock.now()).count();
  if (second != fieldsSecond_) {
    fieldsSecond_ = second;
    generalFields_ = "Date: " + formatDate(std::chrono::system_clock::now()) + "\r\n";
    if (!options_.serverName.empty()) generalFields_.append("Server: ").append(options_.serverName).append("\r\n");
  }
  return generalFields_;
}

}  // namespace weft::http
