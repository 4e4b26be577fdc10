// The same exploration with any number of threads: counts, findings, and the very runs that are shown.
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "support.hpp"

namespace conclave::explore {
namespace {

std::string text_of(const check::Run& run) {
  std::ostringstream text;
  text << info_of(run.property).name << " (" << run.clause << ")\n";
  for (const check::RunStep& step : run.steps) {
    text << (step.action ? std::to_string(step.action->code()) : "initial");
    for (const spec::Server& server : step.servers) {
      for (const char byte : encode(server)) text << ' ' << static_cast<unsigned>(static_cast<unsigned char>(byte));
      text << ';';
    }
    text << '\n';
  }
  return text.str();
}

std::vector<std::string> texts_of(const std::vector<check::Run>& runs) {
  std::vector<std::string> texts;
  for (const check::Run& run : runs) texts.push_back(text_of(run));
  return texts;
}

void expect_same_with_any_number(const spec::Scenario& scenario, check::Request request) {
  request.limits.threads = 1;
  const check::Report alone = explored(scenario, request);
  for (const int threads : {2, 3, 8}) {
    SCOPED_TRACE(describe(request.scope) + ", " + std::string(request.rules->name) + ", " + std::to_string(threads));
    request.limits.threads = threads;
    const check::Report shared = explored(scenario, request);
    EXPECT_EQ(alone.verdict, shared.verdict);
    EXPECT_EQ(alone.stop, shared.stop);
    EXPECT_EQ(alone.states, shared.states);
    EXPECT_EQ(alone.steps, shared.steps);
    EXPECT_EQ(pairs_of(alone.levels), pairs_of(shared.levels));
    EXPECT_EQ(alone.first_seen, shared.first_seen);
    EXPECT_EQ(alone.rules, shared.rules);
    EXPECT_EQ(alone.tested, shared.tested);
    EXPECT_EQ(alone.quiet.settled, shared.quiet.settled);
    EXPECT_EQ(alone.quiet.no_quorum, shared.quiet.no_quorum);
    EXPECT_EQ(alone.quiet.cut, shared.quiet.cut);
    EXPECT_EQ(texts_of(alone.violations), texts_of(shared.violations));
    EXPECT_EQ(texts_of(alone.shown), texts_of(shared.shown));
  }
}

check::Request showing_all(check::Request request) {
  for (const spec::PropertyInfo& info : spec::property_infos()) request.show |= bit(info.property);
  return request;
}

TEST(Threads, DoNotChangeWhatIsExplored) {
  for (const spec::Scope& scope : {scope_with(async, staggered, 1), scope_with(timely, staggered, 1, 1),
                                   on_fifo(scope_with(timely, together), 1)}) {
    expect_same_with_any_number(scenario_of(3), showing_all(request_for(scope)));
    expect_same_with_any_number(scenario_of(3), showing_all(plain(scope)));
  }
}

TEST(Threads, DoNotChangeTheCounterexample) {
  for (const spec::RuleVariant& bug : spec::seeded_bugs()) {
    for (check::Request request : {request_for(scope_with(async, staggered, 1)), plain(scope_with(timely, staggered)),
                                   request_for(on_fifo(scope_with(timely, together), 1))}) {
      request.rules = &bug;
      expect_same_with_any_number(scenario_of(3), request);
    }
  }
}

TEST(Threads, DoNotChangeAClaimThatFails) {
  check::Request request = request_for(scope_with(async, staggered));
  request.claim = bit(spec::Property::single_leading);
  expect_same_with_any_number(scenario_of(3), request);
  checker::Progress progress;
  const check::Report report = check::explore(scenario_of(3), request, progress);
  EXPECT_EQ(names_of(report.violations), std::vector<std::string>{"single-leading"});
}

TEST(Threads, DoNotChangeTwoRounds) {
  expect_same_with_any_number(scenario_of(2), showing_all(request_for(scope_with(async, staggered, 1, 1, 2))));
  const spec::Scope loose = roles_end_at_any_time(scope_with(async, staggered, 1, 0, 2));
  expect_same_with_any_number(scenario_of(2), showing_all(request_for(loose)));
  check::Request request = request_for(scope_with(timely, together, 0, 0, 2));
  expect_same_with_any_number(scenario_of(3), showing_all(request));
}

}  // namespace
}  // namespace conclave::explore
