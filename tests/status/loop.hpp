// One loop for the ports under test and for those who talk to them.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace conclave::status {

inline constexpr std::chrono::seconds test_patience{20};

class Loop {
 public:
  boost::asio::io_context io;

  // Runs whatever happens until it is so, or for so long that it never will be.
  bool until(const std::function<bool()>& so) {
    const auto deadline = std::chrono::steady_clock::now() + test_patience;
    while (!so()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io.restart();
      io.run_one_for(std::chrono::milliseconds(100));
    }
    return true;
  }
};

// Connects, and listens to what it is told until the other side hangs up.
class Stranger {
 public:
  Stranger(Loop& loop, std::uint16_t port, bool reads = true) : loop_(loop), socket_(loop.io) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    if (reads) read();
  }
  void say(std::string_view text) { boost::asio::write(socket_, boost::asio::buffer(text.data(), text.size())); }
  // Whatever goes without waiting; the other side may have had enough.
  void try_to_say(std::string_view text) {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.write_some(boost::asio::buffer(text.data(), text.size()), ignored);
  }
  void half_close() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }
  void reset() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }
  // All that came until the other side hung up, or the patience was over ("(still open)").
  std::string all() {
    if (!loop_.until([this] { return *over_; })) return *heard_ + "(still open)";
    return *heard_;
  }
  [[nodiscard]] const std::string& heard() const { return *heard_; }
  [[nodiscard]] bool over() const { return *over_; }
  [[nodiscard]] bool was_reset() const { return *reset_; }

 private:
  void read() {
    const auto buffer = std::make_shared<std::array<char, 65536>>();
    socket_.async_read_some(
        boost::asio::buffer(*buffer),
        [this, buffer, heard = heard_, over = over_, reset = reset_](boost::system::error_code error, std::size_t n) {
          if (error == boost::asio::error::operation_aborted) return;
          heard->append(buffer->data(), n);
          if (error) {
            *over = true;
            *reset = error != boost::asio::error::eof;
            return;
          }
          read();
        });
  }

  Loop& loop_;
  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<std::string> heard_ = std::make_shared<std::string>();
  std::shared_ptr<bool> over_ = std::make_shared<bool>(false);
  std::shared_ptr<bool> reset_ = std::make_shared<bool>(false);
};

}  // namespace conclave::status
