// What /etc/resolv.conf says.
#pragma once

#include <weft/net/address.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net::detail {

struct ResolvConf {
  /// Lines that it does not know are passed over, as resolv.conf(5) asks for. Without a name server it is the one of this machine, 127.0.0.1.
  static ResolvConf parse(std::string_view text);

  std::vector<Address> servers;                        // with port 53
  std::vector<std::string> search;
  int ndots = 1;
  std::optional<double> timeout;                       // in seconds
  std::optional<int> attempts;
  bool rotate = false;
};

/// The names to ask for, in order, where a program says `host`: with fewer than `ndots` dots the domains of the search list come first. One with a dot at its end stands for itself.
std::vector<std::string> searchedNames(std::string_view host, const std::vector<std::string>& search, int ndots);

}  // namespace weft::net::detail
