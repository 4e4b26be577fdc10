#include "conclave/tls/tls_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>

namespace conclave::tls {
namespace {

using Wrong = std::optional<std::string>;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

class Reader {
 public:
  explicit Reader(const config::ZooCfg& cfg) : cfg_(cfg) {}

  Wrong read(TlsSettings& settings) const {
    settings.file = cfg_.file;
    settings.call = cfg_.ssl_quorum;
    settings.answer_plain = cfg_.port_unification;
    settings.reload = cfg_.ssl_quorum_reload;
    Wrong wrong = refused_settings();
    if (!wrong) wrong = store("keyStore", "this server's key and certificate", settings.key_store);
    if (!wrong) wrong = store("trustStore", "the certificates that are trusted", settings.trust_store);
    settings.password = value("keyStore.password");
    settings.password_file = value("keyStore.passwordPath");
    if (!wrong) wrong = truth("hostnameVerification", settings.verify_host);
    settings.verify_caller = settings.verify_host;
    if (!wrong && settings.verify_host) wrong = truth("clientHostnameVerification", settings.verify_caller);
    if (!wrong) wrong = truth("allowReverseDnsLookup", settings.reverse_lookup);
    if (!wrong) wrong = client_auth(settings.client_auth);
    if (!wrong) wrong = versions(settings);
    if (!wrong) settings.cipher_suites = list(value("ciphersuites"));
    return wrong;
  }

 private:
  [[nodiscard]] std::string value(const std::string& key) const {
    const auto place = cfg_.ssl_quorum_values.find(key);
    return place == cfg_.ssl_quorum_values.end() ? "" : place->second;
  }

  [[nodiscard]] std::string wrong(std::string_view key, std::string_view found, std::string_view expected) const {
    return fmt::format("{}: ssl.quorum.{}: found {}; expected {}", cfg_.file, key,
                       found.empty() ? "nothing" : fmt::format("'{}'", found), expected);
  }

  [[nodiscard]] Wrong refused_settings() const {
    if (const std::string name = value("context.supplier.class"); !name.empty()) {
      return wrong("context.supplier.class", name, "none: a Java class can't be used here");
    }
    for (const char* key : {"crl", "ocsp"}) {
      bool asked = false;
      if (Wrong no_word = truth(key, asked)) return no_word;
      if (asked) return wrong(key, "true", "false: whether a certificate is revoked is not looked up here");
    }
    return std::nullopt;
  }

  // X509Util.loadKeyStore: the type, or else the ending of the file's name, says what it is.
  Wrong store(const std::string& name, std::string_view what, std::string& path) const {
    path = value(name + ".location");
    if (path.empty()) return wrong(name + ".location", "", fmt::format("a PEM file with {}", what));
    const std::string type = value(name + ".type");
    if (!type.empty() && lower(type) != "pem") return wrong(name + ".type", type, "PEM, which is what is read here");
    if (type.empty() && !path.ends_with(".pem")) {
      return wrong(name + ".location", path, "a name that ends in .pem, or " + name + ".type=PEM");
    }
    return std::nullopt;
  }

  Wrong truth(const std::string& key, bool& is) const {
    const std::string word = lower(value(key));
    if (word.empty()) return std::nullopt;
    if (word != "true" && word != "false") return wrong(key, value(key), "true or false");
    is = word == "true";
    return std::nullopt;
  }

  Wrong client_auth(ClientAuth& auth) const {
    const std::string word = lower(value("clientAuth"));
    if (word.empty() || word == "need") return std::nullopt;
    if (word != "want" && word != "none") return wrong("clientAuth", value("clientAuth"), "need, want or none");
    auth = word == "want" ? ClientAuth::want : ClientAuth::none;
    return std::nullopt;
  }

  // SSLContextAndOptions: those that are enabled and what lies between them, or else up to the one that is named. "TLS"
  // is what Java calls whatever it has.
  Wrong versions(TlsSettings& settings) const {
    const bool enabled = !value("enabledProtocols").empty();
    const char* const key = enabled ? "enabledProtocols" : "protocol";
    std::vector<Version> named;
    for (const std::string& name : list(value(key))) {
      if (name == "TLS") continue;
      if (name != "TLSv1.2" && name != "TLSv1.3") return wrong(key, name, "TLSv1.2 or TLSv1.3");
      named.push_back(name == "TLSv1.2" ? Version::tls_1_2 : Version::tls_1_3);
    }
    if (named.empty()) return std::nullopt;
    const auto [oldest, newest] = std::minmax_element(named.begin(), named.end());
    if (enabled) settings.oldest = *oldest;
    settings.newest = *newest;
    return std::nullopt;
  }

  static std::vector<std::string> list(const std::string& text) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : text + ',') {
      if (c == ',') {
        if (!word.empty()) words.push_back(std::exchange(word, {}));
      } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
        word += c;
      }
    }
    return words;
  }

  const config::ZooCfg& cfg_;
};

}  // namespace

tl::expected<TlsSettings, std::string> tls_settings(const config::ZooCfg& cfg) {
  TlsSettings settings;
  if (Wrong wrong = Reader(cfg).read(settings)) return tl::unexpected(std::move(*wrong));
  return settings;
}

}  // namespace conclave::tls
