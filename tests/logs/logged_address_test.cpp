// Addresses as each Java writes them, against those that a configuration file has.
#include "conclave/check/logged_address.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace conclave::check {
namespace {

std::string shown(std::string_view text) {
  const auto address = logged_address(text);
  return address ? address->name + " " + address->ip + " " + std::to_string(address->port) : "none";
}

TEST(LoggedAddress, IsReadAsEachJavaWritesIt) {
  EXPECT_EQ(shown("zoo2/10.0.0.2:3888"), "zoo2 10.0.0.2 3888");
  EXPECT_EQ(shown("/10.0.0.2:3888"), " 10.0.0.2 3888");
  EXPECT_EQ(shown("Zoo2.Example.org/<unresolved>:3888"), "zoo2.example.org  3888");
  EXPECT_EQ(shown("zoo2:3888"), "zoo2  3888");
  EXPECT_EQ(shown("10.0.0.2/<unresolved>:3888"), " 10.0.0.2 3888");
  EXPECT_EQ(shown("0.0.0.0/0.0.0.0:3888"), " 0.0.0.0 3888");
  EXPECT_EQ(shown("10.0.0.2:3888"), " 10.0.0.2 3888");
  EXPECT_EQ(shown("localhost/[0:0:0:0:0:0:0:1]:3888"), "localhost ::1 3888");
  EXPECT_EQ(shown("/0:0:0:0:0:0:0:1:3888"), " ::1 3888");
}

TEST(LoggedAddress, IsNothingElse) {
  for (const char* text :
       {"", "zoo2", "zoo2:", ":3888", "/:3888", "zoo2:port", "zoo2:65536", "zoo2:-1", "/nobody:3888"}) {
    EXPECT_EQ(shown(text), "none") << text;
  }
}

Fit fit(std::string_view text, std::string_view host, std::uint16_t port = 3888) {
  const auto address = logged_address(text);
  return address ? fit_of(*address, host, port) : Fit::other;
}

TEST(LoggedAddress, FitsByItsNameOrItsAddress) {
  EXPECT_EQ(fit("zoo2/10.0.0.2:3888", "ZOO2"), Fit::same);
  EXPECT_EQ(fit("zoo2/10.0.0.2:3888", "10.0.0.2"), Fit::same);
  EXPECT_EQ(fit("zoo2/10.0.0.2:3888", "zoo2.example.org"), Fit::same);
  EXPECT_EQ(fit("zoo2.example.org/10.0.0.2:3888", "zoo2"), Fit::same);
  EXPECT_EQ(fit("/[fe80:0:0:0:0:0:0:2]:3888", "FE80::2"), Fit::same);
}

TEST(LoggedAddress, IsAnotherOfAnotherPortNameOrAddress) {
  EXPECT_EQ(fit("zoo2/10.0.0.2:3888", "zoo2", 3889), Fit::other);
  EXPECT_EQ(fit("zoo2/10.0.0.2:3888", "zoo3"), Fit::other);
  EXPECT_EQ(fit("zoo2/10.0.0.2:3888", "zoo21"), Fit::other);
  EXPECT_EQ(fit("zoo2/10.0.0.2:3888", "10.0.0.3"), Fit::other);
  EXPECT_EQ(fit("/10.0.0.2:3888", "::1"), Fit::other);
  EXPECT_EQ(fit("0.0.0.0/0.0.0.0:3888", "zoo2", 3889), Fit::other);
}

TEST(LoggedAddress, IsOpenBetweenANameAndAnAddress) {
  EXPECT_EQ(fit("/10.0.0.2:3888", "zoo2"), Fit::open);
  EXPECT_EQ(fit("zoo2/<unresolved>:3888", "10.0.0.2"), Fit::open);
}

TEST(LoggedAddress, SaysNoHostWhereItStandsForAll) {
  EXPECT_EQ(fit("0.0.0.0/0.0.0.0:3888", "zoo2"), Fit::any);
  EXPECT_EQ(fit("/[0:0:0:0:0:0:0:0]:3888", "10.0.0.2"), Fit::any);
  EXPECT_EQ(fit("zoo2/10.0.0.2:3888", "0.0.0.0"), Fit::any);
}

TEST(LoggedAddress, TheBetterFitIsTheLater) {
  EXPECT_EQ(std::max({Fit::other, Fit::same, Fit::open, Fit::any}), Fit::same);
  EXPECT_LT(Fit::other, Fit::any);
  EXPECT_LT(Fit::any, Fit::open);
}

}  // namespace
}  // namespace conclave::check
