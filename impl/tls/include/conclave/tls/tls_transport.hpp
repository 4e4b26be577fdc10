// TLS between servers, by OpenSSL: what ZooKeeper's QuorumX509Util, UnifiedServerSocket and ZKTrustManager do.
#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/node/transport.hpp"
#include "conclave/tls/tls_settings.hpp"

namespace conclave::tls {

// Reads the PEM files. The error is a sentence that says which file, what was found in it and what was expected.
//
// Both sides show a certificate and look at the other's, unless client_auth says otherwise: it has to come from one
// that is trusted, and (verify_host) to be for the other side's address, or for the name that was called, or that the
// address has where no name was. A call without TLS is told by its first byte, which no TLS record begins with.
[[nodiscard]] tl::expected<std::shared_ptr<node::Transport>, std::string> make_transport(const TlsSettings& settings);

// For a node with this configuration: nothing where it asks for no TLS.
[[nodiscard]] tl::expected<std::shared_ptr<node::Transport>, std::string> transport_of(const config::ZooCfg& cfg);
// The same of a zoo.cfg, for NodeOptions::transport.
[[nodiscard]] tl::expected<std::shared_ptr<node::Transport>, std::string> transport_from_file(
    const std::string& zoo_cfg);

}  // namespace conclave::tls
