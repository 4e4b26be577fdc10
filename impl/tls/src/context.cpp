#include "context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
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

std::string wrong_setting(const TlsSettings& settings, const char* key, const std::string& found) {
  return fmt::format("{}{}ssl.quorum.{}: found {}", settings.file, settings.file.empty() ? "" : ": ", key, found);
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
  std::copy_n(password.data(), length, into);
  return static_cast<int>(length);
}

// getPasswordFromConfigPropertyOrFile: what the file says goes first.
Wrong read_password(const TlsSettings& settings, std::string& password) {
  if (settings.password_file.empty()) return std::nullopt;
  std::ifstream file(settings.password_file, std::ios::binary);
  if (!file) {
    return wrong_setting(settings, "keyStore.passwordPath",
                         fmt::format("'{}'; expected a file: {}", settings.password_file, std::strerror(errno)));
  }
  password.assign(std::istreambuf_iterator<char>(file), {});
  if (password.ends_with('\n')) password.pop_back();
  return std::nullopt;
}

std::string wrong_key(const std::string& path, const TlsSettings& settings) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.find("PRIVATE KEY-----") == std::string::npos) {
    return "no private key; expected the certificate's, in PEM, in the same file";
  }
  const bool locked = text.find("ENCRYPTED") != std::string::npos;
  if (!locked) return "a key that can't be used; expected the certificate's, in PEM";
  const bool given = !settings.password.empty() || !settings.password_file.empty();
  return given ? "an encrypted key that the password does not open; expected the password of this key"
               : "an encrypted key, and no password; expected ssl.quorum.keyStore.password or .passwordPath";
}

Wrong load_key_store(SSL_CTX* context, const TlsSettings& settings) {
  const std::string& path = settings.key_store;
  if (Wrong wrong = unreadable(path)) return wrong;
  if (SSL_CTX_use_certificate_chain_file(context, path.c_str()) != 1) {
    return fmt::format("{}: found no certificate; expected this server's, in PEM ({})", path, reason());
  }
  std::string password = settings.password;
  if (Wrong wrong = read_password(settings, password)) return wrong;
  SSL_CTX_set_default_passwd_cb(context, give_password);
  SSL_CTX_set_default_passwd_cb_userdata(context, &password);
  const bool taken = SSL_CTX_use_PrivateKey_file(context, path.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  SSL_CTX_set_default_passwd_cb(context, nullptr);
  if (taken && SSL_CTX_check_private_key(context) == 1) return std::nullopt;
  return fmt::format("{}: found {} ({})", path, wrong_key(path, settings), reason());
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

int number_of(Version version) { return version == Version::tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION; }

// OpenSSL keeps those of TLS 1.3 in a list of their own, and has names of its own for the others. A version of which no
// suite is named is not spoken: in Java there is one list for all.
Wrong choose_ciphers(SSL_CTX* context, const TlsSettings& settings) {
  if (settings.cipher_suites.empty()) return std::nullopt;
  std::string of_1_2;
  std::string of_1_3;
  for (const std::string& name : settings.cipher_suites) {
    const std::string known = OPENSSL_cipher_name(name.c_str());
    if (known == "(NONE)") {
      return wrong_setting(settings, "ciphersuites",
                           fmt::format("'{}'; expected cipher suites that OpenSSL has", name));
    }
    std::string& list = known == name ? of_1_3 : of_1_2;
    list += (list.empty() ? "" : ":") + known;
  }
  const Version oldest = of_1_2.empty() ? Version::tls_1_3 : settings.oldest;
  const Version newest = of_1_3.empty() ? Version::tls_1_2 : settings.newest;
  if (oldest > newest || oldest > settings.newest || newest < settings.oldest) {
    return wrong_setting(
        settings, "ciphersuites",
        fmt::format("{}; expected one of a version of TLS that is enabled", fmt::join(settings.cipher_suites, ",")));
  }
  const bool taken = (of_1_3.empty() || SSL_CTX_set_ciphersuites(context, of_1_3.c_str()) == 1) &&
                     (of_1_2.empty() || SSL_CTX_set_cipher_list(context, of_1_2.c_str()) == 1);
  SSL_CTX_set_min_proto_version(context, number_of(oldest));
  SSL_CTX_set_max_proto_version(context, number_of(newest));
  if (taken) return std::nullopt;
  return wrong_setting(settings, "ciphersuites",
                       fmt::format("{}; expected cipher suites that OpenSSL lets be used ({})",
                                   fmt::join(settings.cipher_suites, ","), reason()));
}

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
  if (!wrong) wrong = choose_ciphers(context, settings);
  if (wrong) return tl::unexpected(std::move(*wrong));
  return made;
}

std::string own_certificate_trouble(Context& context) {
  SSL_CTX* const native = context.native_handle();
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check(X509_STORE_CTX_new(),
                                                                              X509_STORE_CTX_free);
  STACK_OF(X509)* between = nullptr;
  SSL_CTX_get0_chain_certs(native, &between);
  if (!check || X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(native), SSL_CTX_get0_certificate(native),
                                    between) != 1) {
    return reason();
  }
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(check.get()), X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_verify_cert(check.get()) == 1) return "";
  ERR_clear_error();
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()));
}

namespace {

// Names or addresses: what else there may be says nothing of hosts.
bool has_alternative_names(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const int type = sk_GENERAL_NAME_value(names.get(), i)->type;
    if (type == GEN_DNS || type == GEN_IPADD) return true;
  }
  return false;
}

}  // namespace

// ZKHostnameVerifier: an address among the alternative addresses, a name among the alternative names; or else, where
// there are none of either, the common name, which may be an address written down.
bool is_for(SSL* connection, const std::string& name) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(connection), X509_free);
  if (!certificate || name.empty()) return false;
  const bool alternatives = has_alternative_names(certificate.get());
  boost::system::error_code no_number;
  boost::asio::ip::make_address(name, no_number);
  if (!no_number && X509_check_ip_asc(certificate.get(), name.c_str(), 0) == 1) return true;
  if (!no_number && alternatives) return false;
  const unsigned flags = alternatives ? X509_CHECK_FLAG_NEVER_CHECK_SUBJECT : 0;
  return X509_check_host(certificate.get(), name.data(), name.size(), flags, nullptr) == 1;
}

std::string session_text(const SSL* connection) {
  return fmt::format("{} - {}", SSL_get_version(connection),
                     SSL_CIPHER_standard_name(SSL_get_current_cipher(connection)));
}

}  // namespace conclave::tls
