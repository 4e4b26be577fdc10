// A server that votes for itself and is the only one, through what was installed.
#include <conclave/config/zoo_cfg.hpp>
#include <conclave/node/node.hpp>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string ports = argv[1] + std::string(":") + argv[2];
  const auto cfg = conclave::config::parse_zoo_cfg("server.1=127.0.0.1:" + ports + "\n", "text", {});
  if (!cfg) {
    std::printf("%s\n", cfg.error().message().c_str());
    return 3;
  }
  boost::asio::io_context io;
  conclave::node::NodeSettings settings;
  settings.sid = conclave::model::ServerId{1};
  settings.cfg = *cfg;
  std::shared_ptr<conclave::node::Node> node;
  node = conclave::node::Node::make(io, settings, [&](const conclave::node::NodeState& state) {
    std::printf("%s\n", name_of(state.state).data());
    if (state.state == conclave::model::ServerState::leading) io.stop();
  });
  if (!node->start()) return 4;
  io.run();
  node->stop();
  return 0;
}
