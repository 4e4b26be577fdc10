// A learner and the port of a leader that is not there.
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "conclave/node/quorum_port.hpp"
#include "ensemble.hpp"
#include "ports.hpp"

namespace conclave::node {
namespace {

// Who refuses to be connected to does not lead any more: the wait for it is not that for a slow leader.
TEST(QuorumPort, ALearnerThatIsRefusedLooksAgainLongBeforeItsLimit) {
  boost::asio::io_context io;
  const std::array voters{model::ServerId{1}, model::ServerId{2}, model::ServerId{3}};
  const model::Ensemble ensemble = model::single_configuration(model::Configuration::majority(voters));
  QuorumSettings settings;
  settings.own = model::ServerId{1};
  settings.init_limit = std::chrono::hours{1};
  settings.addresses[model::ServerId{3}] = {{"127.0.0.1", free_port()}};
  MemoryFiles files;
  std::string why;
  QuorumPort::Callbacks callbacks;
  callbacks.over = [&](const std::string& reason) {
    why = reason;
    io.stop();
  };
  const auto port = QuorumPort::make(io, ensemble, settings, files, callbacks);
  port->follow(model::make_epoch_peer(ensemble, model::ServerId{1}, {}, 0), model::Follow{model::ServerId{3}});
  io.run_for(std::chrono::seconds{20});
  EXPECT_EQ(why, "the connection to the leader is lost");
  EXPECT_EQ(port->peer().role, model::EpochRole::none);
}

}  // namespace
}  // namespace conclave::node
