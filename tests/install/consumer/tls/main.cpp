// A node that speaks TLS, and what it says without: usage: secure ZOO_CFG
#include <chrono>
#include <cstdio>

#include "conclave/node.hpp"
#include "conclave/tls/tls_transport.hpp"

int main(int, char** arguments) {
  const char* const zoo_cfg = arguments[1];
  conclave::NodeOptions options;
  options.votes_only = true;
  options.sid = conclave::model::ServerId{1};
  if (const auto plain = conclave::Node::from_file(zoo_cfg, options); !plain) {
    std::printf("%s\n", plain.error().message.c_str());
  }
  const auto transport = conclave::tls::transport_from_file(zoo_cfg);
  if (!transport) return std::printf("%s\n", transport.error().c_str()), 1;
  options.transport = *transport;
  auto node = conclave::Node::from_file(zoo_cfg, options);
  if (!node || !node->start()) return 1;
  while (const auto change = node->next_change(std::chrono::minutes{1})) {
    if (change->state.state == conclave::model::ServerState::leading) return std::puts("it leads"), 0;
  }
  return 1;
}
