#include <weft/net/names/error.hpp>

#include <utility>

namespace weft::net {

namespace {

constexpr std::size_t kShownName = 255;

std::string text(std::string_view name, std::string_view question, const std::vector<std::string>& servers, std::string_view what) {
  std::string all = "looking up \"";
  for (const char c : name.substr(0, kShownName)) all += c >= ' ' && c != 127 ? c : '?';
  if (name.size() > kShownName) all += "…";
  all += '"';
  if (!question.empty()) all.append(" (").append(question).append(")");
  all.append(": ").append(what);
  for (std::size_t i = 0; i < servers.size(); ++i) (all += i ? ", " : "; asked ") += servers[i];
  return all;
}

}  // namespace

NameError::NameError(const std::string& name, std::string question, std::vector<std::string> servers, std::string_view what)
    : DNSLookupError(Text{text(name, question, servers, what)}, name, 0), question(std::move(question)), servers(std::move(servers)) {}

NoData::NoData(const std::string& name, std::string question, std::vector<std::string> servers)
    : NameErrorOf(name, question, std::move(servers), "the name has no record of type " + question) {}

TooManyLookups::TooManyLookups(const std::string& name, std::string question, std::size_t limit)
    : NameErrorOf(name, std::move(question), {}, std::to_string(limit) + " look-ups wait already; DnsSettings::maxQueued() allows more"),
      limit(limit) {}

}  // namespace weft::net
