// HostsFile: the names that a machine knows without asking.
#pragma once

#include <weft/net/address.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::net {

/// What stands in /etc/hosts: "ADDRESS NAME [NAME …]" on each line, '#' begins a comment. A value; the names are found in any case.
///
///     HostsFile hosts = HostsFile::read("/etc/hosts");
///     for (const Address& address : hosts.find("db.internal")) …
class HostsFile {
 public:
  HostsFile() = default;
  static HostsFile parse(std::string_view text);
  /// A file that does not exist is an empty one. Throws std::system_error where it exists and cannot be read, or is longer than 16 MiB.
  static HostsFile read(const std::string& path);

  /// The addresses of a name, with port 0, in the file's order; none if the file does not have it. The span lives as long as this object.
  std::span<const Address> find(std::string_view name) const;
  /// The names of an address, in the file's order: the first one is its proper name.
  std::vector<std::string> namesOf(const Address& address) const;
  /// How many names there are.
  std::size_t size() const noexcept { return names_.size(); }
  /// The lines that say nothing, each with its number and what is wrong: "line 3: \"10.0.0\" is not an address". At most 100 are kept.
  const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  std::unordered_map<std::string, std::vector<Address>> names_;
  std::unordered_map<std::string, std::vector<std::string>> namesOf_;      // of an address, as text
  std::vector<std::string> problems_;
};

}  // namespace weft::net
