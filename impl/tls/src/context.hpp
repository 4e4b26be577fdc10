// OpenSSL's side of it: PEM files in, a context out, and whom a certificate is for.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "conclave/tls/tls_settings.hpp"

namespace conclave::tls {

using Context = boost::asio::ssl::context;

[[nodiscard]] tl::expected<std::shared_ptr<Context>, std::string> make_context(const TlsSettings& settings);

// Why others with the same trust store would not take this server's certificate; empty: they would, for now.
[[nodiscard]] std::string own_certificate_trouble(Context& context);

// Is the other side's certificate for this name or address? False where it has shown none.
[[nodiscard]] bool is_for(SSL* connection, const std::string& name);

// "TLSv1.3 - TLS_AES_256_GCM_SHA384"
[[nodiscard]] std::string session_text(const SSL* connection);

}  // namespace conclave::tls
