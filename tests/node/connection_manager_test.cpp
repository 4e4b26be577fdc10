// The connection manager by itself: what it does when it is called while it calls.
#include "conclave/node/connection_manager.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "ports.hpp"
#include "run_until.hpp"

namespace conclave::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using model::ServerId;

// Server 2, and server 1, which has two addresses.
class Called : public testing::Test {
 protected:
  Called() {
    spdlog::set_level(spdlog::level::off);
    // The first accepts nothing and refuses nothing: there is room for one in the queue.
    hole_.open(tcp::v4());
    hole_.bind({asio::ip::address_v4::loopback(), 0});
    hole_.listen(0);
    waiting_.connect(hole_.local_endpoint());
    ConnectionSettings settings;
    settings.own = ServerId{2};
    settings.own_addresses = {{"127.0.0.1", own_port_}};
    settings.peers = {{ServerId{1}, {{"127.0.0.1", hole_.local_endpoint().port()}, {"127.0.0.1", other_port_}}}};
    settings.connect_timeout = std::chrono::milliseconds{300};
    ConnectionManager::Callbacks callbacks;
    callbacks.unreachable = [this](ServerId) { ++unreachable_; };
    manager_ = ConnectionManager::make(io_, settings, callbacks);
    EXPECT_TRUE(manager_->listen());
  }
  ~Called() override {
    manager_->stop();
    io_.restart();
    io_.poll();
  }
  bool until(const std::function<bool()>& so) { return run_until(io_, so, std::chrono::seconds{20}); }

  // Server 1 says hello, and waits until 2 has hung up: it has been heard then.
  void call() {
    tcp::socket caller(io_);
    caller.connect({asio::ip::address_v4::loopback(), own_port_});
    const wire::Bytes hello = encode(wire::Handshake{ServerId{1}, {{"0.0.0.0", other_port_}}});
    asio::write(caller, asio::buffer(hello.data(), hello.size()));
    bool over = false;
    char byte = 0;
    caller.async_read_some(asio::buffer(&byte, 1), [&over](error_code, std::size_t) { over = true; });
    EXPECT_TRUE(until([&over] { return over; }));
  }

  asio::io_context io_;
  std::uint16_t own_port_ = free_port();
  std::uint16_t other_port_ = free_port();
  tcp::acceptor hole_{io_};
  tcp::socket waiting_{io_};
  std::shared_ptr<ConnectionManager> manager_;
  int unreachable_ = 0;
};

TEST_F(Called, CallsBackOnceMoreWhenTheAttemptUnderWayHasFailed) {
  manager_->connect(ServerId{1});
  call();
  ASSERT_EQ(unreachable_, 0) << "the attempt was to be under way still";
  ASSERT_TRUE(until([this] { return unreachable_ == 1; }));
  // Server 1 listens only now, after the first attempt.
  tcp::acceptor server(io_);
  server.open(tcp::v4());
  server.set_option(asio::socket_base::reuse_address(true));
  server.bind({asio::ip::address_v4::loopback(), other_port_});
  server.listen();
  tcp::socket called(io_);
  bool reached = false;
  server.async_accept(called, [&reached](error_code error) { reached = !error; });
  EXPECT_TRUE(until([&reached] { return reached; }));
  EXPECT_TRUE(until([this] { return manager_->connected(ServerId{1}); }));
  EXPECT_EQ(unreachable_, 1);
}

// One call, one attempt more: then it is over.
TEST_F(Called, DoesNotGoOnCallingWhomItCannotReach) {
  manager_->connect(ServerId{1});
  call();
  ASSERT_EQ(unreachable_, 0) << "the attempt was to be under way still";
  ASSERT_TRUE(until([this] { return unreachable_ == 2; }));
  asio::steady_timer patience(io_, std::chrono::milliseconds{700});  // longer than both addresses take
  bool over = false;
  patience.async_wait([&over](error_code) { over = true; });
  ASSERT_TRUE(until([&over] { return over; }));
  EXPECT_EQ(unreachable_, 2);
}

TEST_F(Called, CallsOnceWhenNoAttemptWasUnderWay) {
  manager_->connect(ServerId{1});
  ASSERT_TRUE(until([this] { return unreachable_ == 1; }));
  call();  // none is under way: this is the second attempt
  ASSERT_TRUE(until([this] { return unreachable_ == 2; }));
}

}  // namespace
}  // namespace conclave::node
