// Running a property inside a test: always the same cases, unless the environment says otherwise.
//
//     RC_PARAMS="seed=7"             other cases
//     RC_PARAMS="max_success=2000"   twenty times as many (100 stands for the number that a test asks for)
//     RC_PARAMS="reproduce=..."      the case that a failure message names
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/detail/TestListenerAdapter.h>

#include <cstdint>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

namespace conclave::testing {

// What a checker finds wrong, in words; nothing if all is well.
using Complaint = std::optional<std::string>;

inline constexpr std::uint64_t seed_of_the_day = 20260701;

// Checks `cases` times; fails the current test with the shrunk counterexample.
template <class Property>
void holds(int cases, Property&& property) {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  rc::detail::TestMetadata metadata;
  metadata.id = std::string(info->test_suite_name()) + "/" + info->name();
  metadata.description = info->name();
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = static_cast<int>(std::int64_t{params.maxSuccess} * cases / 100);
  rc::detail::TestListenerAdapter silent;
  const auto result = rc::detail::checkTestable(std::forward<Property>(property), metadata, params, silent,
                                                rc::detail::configuration().reproduce);
  std::ostringstream message;
  rc::detail::printResultMessage(result, message);
  if (!result.template is<rc::detail::SuccessResult>()) {
    FAIL() << message.str();
  }
  const auto& success = result.template get<rc::detail::SuccessResult>();
  if (!success.distribution.empty()) std::cout << message.str() << "\n";
}

// The same with the seed of the day whatever the environment says, for a property that is expected to fail: the
// counterexample that it shrinks to, or nothing.
template <class Property>
std::optional<rc::detail::FailureResult> falsified(int cases, Property&& property) {
  rc::detail::TestParams params;
  params.seed = seed_of_the_day;
  params.maxSuccess = cases;
  rc::detail::TestListenerAdapter silent;
  const auto result =
      rc::detail::checkTestable(std::forward<Property>(property), rc::detail::TestMetadata{}, params, silent);
  if (!result.template is<rc::detail::FailureResult>()) return std::nullopt;
  return result.template get<rc::detail::FailureResult>();
}

// In a property: fails it with what a checker complains of.
inline void expect_none(const Complaint& complaint) {
  if (complaint) RC_FAIL(*complaint);
}

}  // namespace conclave::testing
