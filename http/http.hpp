// The floor http: URLs, messages, the client and the server.
#pragma once

#include <weft/http/auth/authenticator.hpp>
#include <weft/http/auth/credentials.hpp>
#include <weft/http/auth/digest_auth.hpp>
#include <weft/http/base64.hpp>
#include <weft/http/body.hpp>
#include <weft/http/body_source.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/client/auth_agent.hpp>
#include <weft/http/client/cache_agent.hpp>
#include <weft/http/client/content_decoder_agent.hpp>
#include <weft/http/client/cookie_agent.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/client/logging_agent.hpp>
#include <weft/http/client/proxy_settings.hpp>
#include <weft/http/client/redirect_agent.hpp>
#include <weft/http/client/retry_agent.hpp>
#include <weft/http/client/tunnel_network.hpp>
#include <weft/http/content_coding/content_decoder.hpp>
#include <weft/http/content_coding/errors.hpp>
#include <weft/http/cookies/cookie.hpp>
#include <weft/http/cookies/cookie_file.hpp>
#include <weft/http/cookies/cookie_jar.hpp>
#include <weft/http/cookies/cookie_jars.hpp>
#include <weft/http/dates.hpp>
#include <weft/http/error.hpp>
#include <weft/http/file_error.hpp>
#include <weft/http/forms/form.hpp>
#include <weft/http/forms/multipart.hpp>
#include <weft/http/header_values/byte_range.hpp>
#include <weft/http/header_values/cache_control.hpp>
#include <weft/http/header_values/challenge.hpp>
#include <weft/http/header_values/content_disposition.hpp>
#include <weft/http/header_values/entity_tag.hpp>
#include <weft/http/header_values/link.hpp>
#include <weft/http/header_values/media_type.hpp>
#include <weft/http/header_values/quality_list.hpp>
#include <weft/http/header_values/retry_after.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/history.hpp>
#include <weft/http/json.hpp>
#include <weft/http/parser.hpp>
#include <weft/http/percent_encoding.hpp>
#include <weft/http/public_suffix.hpp>
#include <weft/http/request.hpp>
#include <weft/http/response.hpp>
#include <weft/http/response_timing.hpp>
#include <weft/http/server/access_log.hpp>
#include <weft/http/server/errors.hpp>
#include <weft/http/server/handler.hpp>
#include <weft/http/server/resource.hpp>
#include <weft/http/server/router.hpp>
#include <weft/http/server/site.hpp>
#include <weft/http/text/encoding.hpp>
#include <weft/http/text/text_decoder.hpp>
#include <weft/http/text/utf8.hpp>
#include <weft/http/url.hpp>

namespace weft {

using http::Agent;
using http::AgentOptions;
using http::CookieJar;
using http::Headers;
using http::Json;
using http::Resource;
using http::Site;
using http::Url;
using http::UrlError;

}  // namespace weft
