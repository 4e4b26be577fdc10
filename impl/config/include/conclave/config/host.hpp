// How hosts are compared. Nothing is looked up.
#pragma once

#include <string>
#include <string_view>

namespace conclave::config {

// A name without case, an address in one spelling of the many it may have ("::1" and "0:0:0:0:0:0:0:1"; a zone stays as
// it is). An IPv6 address comes without its brackets.
[[nodiscard]] std::string canonical_host(std::string_view host);

// Is a host, as canonical_host gives it, an IPv4 or IPv6 address, and no name?
[[nodiscard]] bool is_address(const std::string& host);

}  // namespace conclave::config
