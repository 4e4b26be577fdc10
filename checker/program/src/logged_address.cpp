#include "conclave/check/logged_address.hpp"

#include <charconv>
#include <system_error>

#include "conclave/config/host.hpp"

namespace conclave::check {
namespace {

using config::canonical_host;
using config::is_address;

bool is_any(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

std::string without_brackets(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return canonical_host(host);
}

// "zoo2" and "zoo2.example.org" are one host to those who are at home there.
bool is_short_for(const std::string& one, const std::string& other) {
  return other.size() > one.size() && other.starts_with(one) && other[one.size()] == '.';
}

}  // namespace

std::optional<LoggedAddress> logged_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view port = text.substr(colon + 1);
  LoggedAddress found;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), found.port);
  if (error != std::errc{} || end != port.data() + port.size()) return std::nullopt;
  const std::string_view host = text.substr(0, colon);
  const std::size_t slash = host.find('/');
  if (slash == std::string_view::npos) {
    found.name = without_brackets(host);
    if (is_address(found.name)) found.name.swap(found.ip);
  } else {
    found.name = canonical_host(host.substr(0, slash));
    const std::string_view ip = host.substr(slash + 1);
    if (ip != "<unresolved>") found.ip = without_brackets(ip);
    if (is_address(found.name)) {  // "0.0.0.0/0.0.0.0"
      if (found.ip.empty()) found.ip = found.name;
      found.name.clear();
    }
  }
  if (found.name.empty() && !is_address(found.ip)) return std::nullopt;
  return found;
}

Fit fit_of(const LoggedAddress& logged, std::string_view host, std::uint16_t port) {
  if (logged.port != port) return Fit::other;
  const std::string ours = canonical_host(host);
  if (is_any(ours) || is_any(logged.ip)) return Fit::any;
  if (ours == logged.name || ours == logged.ip) return Fit::same;
  if (is_address(ours)) return logged.ip.empty() ? Fit::open : Fit::other;
  if (logged.name.empty()) return Fit::open;
  return is_short_for(ours, logged.name) || is_short_for(logged.name, ours) ? Fit::same : Fit::other;
}

}  // namespace conclave::check
