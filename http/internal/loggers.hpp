// The names under which this floor logs.
#pragma once

#include <weft/core/log.hpp>

namespace weft::http {

inline const Logger kAccessLog("weft.http.access");
inline const Logger kCacheLog("weft.http.client.cache");
inline const Logger kProxyLog("weft.http.proxy");
inline const Logger kServerLog("weft.http.server");
inline const Logger kWebSocketLog("weft.http.websocket");

}  // namespace weft::http
