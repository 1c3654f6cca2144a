// The names under which this floor logs.
#pragma once

#include <weft/core/log.hpp>

namespace weft::net {

inline const Logger kNetLog("weft.net");
inline const Logger kHaproxyLog("weft.net.haproxy");
inline const Logger kNamesLog("weft.net.names");
inline const Logger kPoliciesLog("weft.net.policies");
inline const Logger kProcessLog("weft.net.process");
inline const Logger kTlsLog("weft.net.tls");

}  // namespace weft::net
