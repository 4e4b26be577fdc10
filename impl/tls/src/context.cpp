#include "context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

namespace conclave::tls {
namespace {

using Wrong = std::optional<std::string>;

std::string reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* text = ERR_reason_error_string(code);
  ERR_clear_error();
  return text == nullptr ? "no reason given" : text;
}

Wrong unreadable(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (file && file.peek() != std::ifstream::traits_type::eof()) return std::nullopt;
  return fmt::format("{}: found {}; expected a PEM file", path,
                     file.is_open() ? "nothing in it" : fmt::format("no file: {}", std::strerror(errno)));
}

// The callback must be there also without a password: OpenSSL's own asks on the terminal.
int give_password(char* into, int size, int, void* text) {
  const auto& password = *static_cast<const std::string*>(text);
  const auto length = std::min(password.size(), static_cast<std::size_t>(size));
  std::memcpy(into, password.data(), length);
  return static_cast<int>(length);
}

Wrong load_key_store(SSL_CTX* context, const TlsSettings& settings) {
  const std::string& path = settings.key_store;
  if (Wrong wrong = unreadable(path)) return wrong;
  if (SSL_CTX_use_certificate_chain_file(context, path.c_str()) != 1) {
    return fmt::format("{}: found no certificate; expected this server's, in PEM ({})", path, reason());
  }
  std::string password = settings.password;
  SSL_CTX_set_default_passwd_cb(context, give_password);
  SSL_CTX_set_default_passwd_cb_userdata(context, &password);
  const bool taken = SSL_CTX_use_PrivateKey_file(context, path.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  SSL_CTX_set_default_passwd_cb(context, nullptr);
  if (taken && SSL_CTX_check_private_key(context) == 1) return std::nullopt;
  return fmt::format(
      "{}: found no key that can be used; expected the certificate's, in PEM, and ssl.quorum.keyStore.password where "
      "it has one ({})",
      path, reason());
}

// PKIX takes every certificate of the store for trusted, also one that another has signed.
Wrong load_trust_store(SSL_CTX* context, const std::string& path) {
  if (Wrong wrong = unreadable(path)) return wrong;
  if (SSL_CTX_load_verify_locations(context, path.c_str(), nullptr) != 1) {
    return fmt::format("{}: found no certificate; expected those that are trusted, in PEM ({})", path, reason());
  }
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  return std::nullopt;
}

// OpenSSL keeps those of TLS 1.3 in a list of their own, and has names of its own for the others.
Wrong choose_ciphers(SSL_CTX* context, const std::vector<std::string>& names) {
  if (names.empty()) return std::nullopt;
  std::string old;
  std::string of_1_3;
  for (const std::string& name : names) {
    const std::string known = OPENSSL_cipher_name(name.c_str());
    const bool is_1_3 = known == name;
    std::string& list = is_1_3 ? of_1_3 : old;
    if (known == "(NONE)") {
      return fmt::format("ssl.quorum.ciphersuites: found '{}'; expected cipher suites that OpenSSL has", name);
    }
    list += (list.empty() ? "" : ":") + known;
  }
  const bool taken = SSL_CTX_set_ciphersuites(context, of_1_3.c_str()) == 1 &&
                     (old.empty() || SSL_CTX_set_cipher_list(context, old.c_str()) == 1);
  if (taken) return std::nullopt;
  return fmt::format("ssl.quorum.ciphersuites: found {}; expected cipher suites that OpenSSL lets be used ({})",
                     fmt::join(names, ","), reason());
}

int number_of(Version version) { return version == Version::tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION; }

}  // namespace

tl::expected<std::shared_ptr<Context>, std::string> make_context(const TlsSettings& settings) {
  const auto made = std::make_shared<Context>(Context::tls);
  SSL_CTX* context = made->native_handle();
  SSL_CTX_set_min_proto_version(context, number_of(settings.oldest));
  SSL_CTX_set_max_proto_version(context, number_of(settings.newest));
  // Connections live long: a session is not taken up again, and its keys are not agreed on anew.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  Wrong wrong = load_key_store(context, settings);
  if (!wrong) wrong = load_trust_store(context, settings.trust_store);
  if (!wrong) wrong = choose_ciphers(context, settings.cipher_suites);
  if (wrong) return tl::unexpected(std::move(*wrong));
  return made;
}

// ZKHostnameVerifier: the alternative names, or else the common name, which may be an address written down.
bool is_for(SSL* connection, const std::string& name) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(connection), X509_free);
  if (!certificate || name.empty()) return false;
  return X509_check_ip_asc(certificate.get(), name.c_str(), 0) == 1 ||
         X509_check_host(certificate.get(), name.data(), name.size(), 0, nullptr) == 1;
}

std::string session_text(const SSL* connection) {
  return fmt::format("{} - {}", SSL_get_version(connection),
                     SSL_CIPHER_standard_name(SSL_get_current_cipher(connection)));
}

}  // namespace conclave::tls
