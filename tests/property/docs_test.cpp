// docs/property-testing.md quotes the example and what it prints; both have to be true.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "check.hpp"

void a_round_has_one_leader();  // example_test.cpp

namespace conclave::testing {
namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// How rapidcheck prints the counterexample, up to the place in the source.
std::string transcript(const rc::detail::FailureResult& found) {
  std::ostringstream out;
  rc::detail::printResultMessage(rc::detail::TestResult(found), out);
  const std::string all = out.str();
  return all.substr(0, all.find("\n\n\n"));
}

TEST(Documentation, QuotesTheExample) {
  const std::string page = contents("docs/property-testing.md");
  const std::string example = contents("tests/property/example_test.cpp");
  ASSERT_FALSE(page.empty());
  ASSERT_FALSE(example.empty());
  EXPECT_NE(page.find(example), std::string::npos) << "the page has another example";
}

TEST(Documentation, QuotesWhatTheExamplePrints) {
  const std::string page = contents("docs/property-testing.md");
  const auto found = falsified(100, a_round_has_one_leader);
  ASSERT_TRUE(found);
  EXPECT_NE(page.find(transcript(*found)), std::string::npos) << "the page should have:\n" << transcript(*found);
}

}  // namespace
}  // namespace conclave::testing
