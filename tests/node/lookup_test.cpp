#include "conclave/node/lookup.hpp"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <string>
#include <vector>

#include "run_until.hpp"

// A thread that is in the C library's resolver when the process ends has not given back what it took there.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the leak sanitizer's name
extern "C" const char* __lsan_default_suppressions() { return "leak:__res_context_send\n"; }

namespace conclave::node {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;
using Results = boost::asio::ip::tcp::resolver::results_type;

TEST(Lookup, OfNamesAndOfAddresses) {
  boost::asio::io_context io;
  const auto work = boost::asio::make_work_guard(io);
  std::vector<std::string> found;
  const auto remember = [&found](error_code error, const Results& results) {
    found.push_back(error ? error.message() : results.begin()->endpoint().address().to_string());
  };
  look_up(io, "10.0.0.7", 1, remember);
  EXPECT_TRUE(found.empty());  // not from within the call
  EXPECT_TRUE(run_until(
      io, [&] { return found.size() == 1; }, 10s));
  EXPECT_EQ(found[0], "10.0.0.7");
  for (int i = 0; i < 3; ++i) look_up(io, "localhost", 1, remember);
  EXPECT_TRUE(run_until(
      io, [&] { return found.size() == 4; }, 10s));
  for (std::size_t i = 1; i < 4; ++i) EXPECT_TRUE(found[i] == "127.0.0.1" || found[i] == "::1") << found[i];
  std::string name;
  look_up(io, {boost::asio::ip::address_v4::loopback(), 1},
          [&](error_code error, const Results& results) { name = error ? "?" : results.begin()->host_name(); });
  EXPECT_TRUE(run_until(
      io, [&] { return !name.empty(); }, 10s));
}

// What is asked for beyond the limit gets an error, and what comes when nobody is there any more is thrown away.
TEST(Lookup, IsBoundedAndOutlivesTheLoop) {
  std::size_t answered = 0;
  std::size_t refused = 0;
  {
    boost::asio::io_context io;
    const auto work = boost::asio::make_work_guard(io);
    for (std::size_t i = 0; i < lookups_max + 2; ++i) {
      look_up(io, "name-" + std::to_string(i) + ".invalid", 1, [&](error_code error, const Results&) {
        ++(error == boost::asio::error::try_again ? refused : answered);
      });
    }
    // No answer is taken before the loop runs, so the last two find no room.
    EXPECT_TRUE(run_until(
        io, [&] { return refused == 2; }, 10s));
  }
  EXPECT_EQ(refused, 2U);
  EXPECT_LE(answered, lookups_max);
}

}  // namespace
}  // namespace conclave::node
