// What a zoo.cfg says of TLS between servers: ZooKeeper's ssl.quorum settings, as far as they are taken here.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"

namespace conclave::tls {

enum class ClientAuth : std::uint8_t { none, want, need };  // X509Util.ClientAuth
enum class Version : std::uint8_t { tls_1_2, tls_1_3 };

struct TlsSettings {
  std::string file;           // the configuration that says so; only for messages
  bool call = false;          // sslQuorum: calls with TLS; otherwise it only takes such calls
  bool answer_plain = false;  // portUnification: takes calls without it as well
  bool reload = false;        // sslQuorumReloadCertFiles: looks at each connection whether the files have changed
  std::string key_store;      // a PEM file: this server's key, its certificate, and those up to a trusted one
  std::string password;       // of the key; empty: it has none
  std::string password_file;  // where it is instead; empty: nowhere
  std::string trust_store;    // a PEM file: the certificates that are trusted
  ClientAuth client_auth = ClientAuth::need;
  // hostnameVerification: a certificate has to be for the address, or for its name.
  bool verify_host = true;     // that of whoever is called
  bool verify_caller = true;   // clientHostnameVerification: that of a caller
  bool reverse_lookup = true;  // allowReverseDnsLookup: may the name of an address be looked up?
  Version oldest = Version::tls_1_2;
  Version newest = Version::tls_1_3;
  std::vector<std::string> cipher_suites;  // in the standard's names; empty: OpenSSL's choice
};

// REQUIRES: cfg.wants_tls(). Reads no file. The error is a sentence that says which setting, what was found and what
// was expected: also for settings of ZooKeeper's that are not taken here and would
// weaken what was asked for if they were passed over (other kinds of stores, revocation, an SSLContext of one's own).
[[nodiscard]] tl::expected<TlsSettings, std::string> tls_settings(const config::ZooCfg& cfg);

}  // namespace conclave::tls
