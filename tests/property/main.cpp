// The same cases in every run: without a seed in the environment it is the seed of the day, which never changes.
// It has to be set before rapidcheck looks, which it does once.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "check.hpp"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const char* given = std::getenv("RC_PARAMS");
  std::string params = given == nullptr ? "" : given;
  if (params.find("seed=") == std::string::npos) {
    params += " seed=" + std::to_string(conclave::testing::seed_of_the_day);
    setenv("RC_PARAMS", params.c_str(), 1);
  }
  return RUN_ALL_TESTS();
}
