// Floor net: connections, protocols, and what is built of them.
#pragma once

#include <weft/net/address.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/endpoints/endpoint_string.hpp>
#include <weft/net/endpoints/tcp_endpoint.hpp>
#include <weft/net/error.hpp>
#include <weft/net/file_sender.hpp>
#include <weft/net/network.hpp>
#include <weft/net/producer.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/protocols/frame_receiver.hpp>
#include <weft/net/protocols/int_string_receiver.hpp>
#include <weft/net/protocols/line_receiver.hpp>
#include <weft/net/protocols/netstring_receiver.hpp>
#include <weft/net/protocols/stateful_protocol.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/tcp_network.hpp>
#include <weft/net/tls/certificate.hpp>
#include <weft/net/tls/certificate_authority.hpp>
#include <weft/net/tls/endpoint.hpp>
#include <weft/net/tls/error.hpp>
#include <weft/net/tls/facts.hpp>
#include <weft/net/tls/options.hpp>
#include <weft/net/tls/start_tls.hpp>
#include <weft/net/tls/trust_root.hpp>
#include <weft/net/transport.hpp>
