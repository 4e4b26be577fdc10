// The one thing in which conclave-node and conclave-node-tls differ.
#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/node/transport.hpp"

namespace conclave::program {

inline char** arguments = nullptr;  // main's

// Nothing where the configuration asks for no TLS. In conclave-node, where it does, the process becomes
// conclave-node-tls, which lies beside it; the error says what is wrong with that, or with the settings or the files.
[[nodiscard]] tl::expected<std::shared_ptr<node::Transport>, std::string> transport_of(const config::ZooCfg& cfg);

}  // namespace conclave::program
