#include "conclave/tls/tls_transport.hpp"
#include "tls.hpp"

namespace conclave::program {

tl::expected<std::shared_ptr<node::Transport>, std::string> transport_of(const config::ZooCfg& cfg) {
  return tls::transport_of(cfg);
}

}  // namespace conclave::program
