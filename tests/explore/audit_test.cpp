// An audit agrees with the reductions there are, and notices every one that is wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "conclave/check/audit.hpp"
#include "conclave/check/audit_pairs.hpp"
#include "conclave/model/election.hpp"
#include "conclave/spec/zookeeper_bugs.hpp"
#include "support.hpp"

namespace conclave::explore {
namespace {

using check::Audit;
using check::Reduction;
using spec::ClosedSystem;
using spec::Disagreement;

std::map<Reduction, Audit> audited(const spec::Scenario& scenario, const check::AuditRequest& request) {
  checker::Progress progress;
  std::map<Reduction, Audit> by_reduction;
  for (Audit& audit : check::audit(scenario, request, progress)) by_reduction[audit.reduction] = audit;
  return by_reduction;
}

check::AuditRequest request_of(const spec::Scope& scope, std::uint64_t runs = 0) {
  check::AuditRequest request;
  request.scope = scope;
  request.options.runs = runs;
  return request;
}

void expect_agreement(const spec::Scenario& scenario, const spec::Scope& scope, std::uint64_t runs = 0,
                      const spec::RuleVariant& rules = spec::zookeeper_rules()) {
  SCOPED_TRACE(describe(scope) + ", " + std::string(rules.name));
  check::AuditRequest request = request_of(scope, runs);
  request.rules = &rules;
  std::uint64_t left_out = 0;
  for (const auto& [reduction, audit] : audited(scenario, request)) {
    EXPECT_FALSE(audit.failure) << name_of(reduction) << ": " << audit.failure->sentence << ": "
                                << audit.failure->clause;
    EXPECT_EQ(audit.verdict, checker::Verdict::exhausted);
    if (!audit.not_used.empty()) continue;
    EXPECT_GT(audit.steps, 0U) << name_of(reduction);
    if (reduction == Reduction::histories)
      EXPECT_GT(audit.renamings, 0U);
    else
      EXPECT_GT(audit.pairs, 0U);
    left_out += audit.left_out;
  }
  if (scope.network.kind == spec::NetworkKind::latest) {
    EXPECT_GT(left_out, 0U) << "nothing was reduced, so nothing was compared";
  }
}

TEST(Audit, AgreesOnEveryPairOfThreeServers) {
  for (const auto timing : {async, timely}) {
    for (const auto start : {staggered, together}) {
      expect_agreement(scenario_of(3), scope_with(timing, start));
      expect_agreement(scenario_of(3), scope_with(timing, start, 1));
    }
  }
  expect_agreement(scenario_of(3), scope_with(async, staggered, 1, 1));
}

TEST(Audit, AgreesInTwoRoundsAndOnFifo) {
  expect_agreement(scenario_of(3), scope_with(async, staggered, 0, 0, 2));
  expect_agreement(scenario_of(3), scope_with(timely, together, 1, 0, 2));
  expect_agreement(scenario_of(2), roles_end_at_any_time(scope_with(async, staggered, 1, 1, 2)));
  expect_agreement(scenario_of(3), on_fifo(scope_with(async, staggered), 1));
  expect_agreement(scenario_of(2), on_fifo(scope_with(timely, together, 1, 1, 2), 2));
  spec::Scope lossy = on_fifo(scope_with(async, staggered), 2);
  lossy.losses = 1;
  lossy.resends = 1;
  expect_agreement(scenario_of(2), lossy);
}

TEST(Audit, AgreesWithObserversGroupsAndUnloggedServers) {
  expect_agreement(scenario_of(2, 1), scope_with(async, staggered, 1));
  expect_agreement(scenario_of(3, 1), scope_with(timely, together));
  for (const spec::Scenario& scenario : spec::every_history(grouped({{1}, {2, 0}}), 3)) {
    expect_agreement(scenario, scope_with(async, staggered));
  }
}

TEST(Audit, AgreesAlongRandomRunsOfFourAndFive) {
  expect_agreement(scenario_of(4), scope_with(timely, staggered, 1), 100);
  expect_agreement(scenario_of(5), scope_with(async, together, 1), 20);
}

// With some bugs votes are counted for what they do not say: with those nothing is reduced.
TEST(Audit, AgreesWithEveryBugThatIsReduced) {
  int reduced = 0;
  for (const spec::RuleVariant& bug : spec::seeded_bugs()) {
    if (!bug.reducible) continue;
    ++reduced;
    expect_agreement(scenario_of(3), scope_with(async, staggered, 1), 0, bug);
    expect_agreement(scenario_of(3), scope_with(timely, staggered, 0, 0, 2), 0, bug);
    expect_agreement(scenario_of(3), on_fifo(scope_with(async, together), 2), 0, bug);
  }
  EXPECT_GT(reduced, 5);
}
TEST(Audit, NoticesThatSomeBugsMustNotBeReduced) {
  for (const char* name : {"no-majority", "zk-157", "zk-1818"}) {
    spec::RuleVariant bug = *spec::find_seeded_bug(name);
    EXPECT_FALSE(bug.reducible) << name;
    bug.reducible = true;
    check::AuditRequest request = request_of(scope_with(async, staggered, 1, 0, 2));
    request.rules = &bug;
    EXPECT_TRUE(audited(scenario_of(3), request).at(Reduction::dead_votes).failure) << name;
  }
}

TEST(Audit, SaysWhyThereIsNothingToCompare) {
  spec::Scope fine = scope_with(async, together);
  fine.grain = spec::Grain::fine;
  const auto in_fine = audited(scenario_of(2), request_of(fine));
  EXPECT_EQ(in_fine.at(Reduction::dead_votes).not_used, "it is argued for the coarse grain alone");
  EXPECT_EQ(in_fine.at(Reduction::histories).not_used, "");
  EXPECT_GT(in_fine.at(Reduction::histories).steps, 0U);
  const auto on_queues = audited(scenario_of(2), request_of(on_fifo(scope_with(async, together), 1)));
  EXPECT_EQ(on_queues.at(Reduction::local_states).not_used, "it is for the network latest alone");
  const auto long_ones = audited(scenario_of(2), request_of(scope_with(async, together, 0, 0, 4)));
  EXPECT_EQ(long_ones.at(Reduction::dead_votes).not_used, "it is argued for 3 rounds at most");
  check::AuditRequest with_bug = request_of(scope_with(async, together));
  with_bug.rules = spec::find_seeded_bug("zk-157");
  EXPECT_EQ(audited(scenario_of(2), with_bug).at(Reduction::local_states).not_used,
            "with zk-157 decisions rest on other votes");
}

// --- wrong reductions ------------------------------------------------------------------------------------------------

// A reduced system with a mistake: `Mistake::after` alters what a step has led to, or gives false to leave it out.
template <class Mistake>
class Mistaken : public spec::Worker<4> {
 public:
  Mistaken(ClosedSystem& system, const spec::Layout& layout)
      : spec::Worker<4>(system, layout), system_(system), layout_(layout) {}

  template <class Emit>
  spec::PropertySet successors(const State& state, const Emit& emit) {
    const spec::PropertySet judged =
        spec::Worker<4>::successors(state, [&](State next, std::uint32_t code, spec::PropertySet broken) {
          const spec::Action action = spec::Action::from(code);
          if (!Mistake::after(system_, layout_, next, action, broken)) return;
          if (next == state && broken == 0) return;
          emit(next, code, broken);
        });
    return Mistake::judged(judged);
  }

 private:
  ClosedSystem& system_;
  const spec::Layout& layout_;
};
using State = spec::PackedState<4>;

struct NoMistake {
  static bool after(ClosedSystem&, const spec::Layout&, State&, spec::Action, spec::PropertySet&) { return true; }
  static spec::PropertySet judged(spec::PropertySet judged) { return judged; }
};

// Takes every vote for dead.
struct ClearsLiveVotes : NoMistake {
  static bool after(ClosedSystem& system, const spec::Layout& layout, State& next, spec::Action action,
                    spec::PropertySet&) {
    const std::size_t field = system.fields().local(action.server);
    const spec::LocalId local = layout.get(next, field);
    if (system.machine().facts(action.server, local).in_election) {
      layout.set(next, field, system.machine().cleared(action.server, local, 0));
    }
    return true;
  }
};

// Takes local states for one that look the same now, whatever they do later.
struct MergesByLooks : NoMistake {
  static bool after(ClosedSystem& system, const spec::Layout& layout, State& next, spec::Action action,
                    spec::PropertySet&) {
    const std::size_t field = system.fields().local(action.server);
    const spec::LocalFacts facts = system.machine().facts(action.server, layout.get(next, field));
    spec::LocalId first = 0;
    while (!(system.machine().facts(action.server, first) == facts)) ++first;
    layout.set(next, field, first);
    return true;
  }
};

// Leaves out a step that does not commute with all others.
struct NoCrashWhileLooking : NoMistake {
  static bool after(ClosedSystem&, const spec::Layout&, State&, spec::Action action, spec::PropertySet&) {
    return action.kind != spec::ActionKind::crash || action.server != 1;
  }
};

// Forgets what a step has broken.
struct ForgetsWhatBreaks : NoMistake {
  static bool after(ClosedSystem&, const spec::Layout&, State&, spec::Action, spec::PropertySet& broken) {
    broken = 0;
    return true;
  }
};
struct ForgetsWhatStatesShow : NoMistake {
  static spec::PropertySet judged(spec::PropertySet judged) {
    return judged & ~spec::bit(spec::Property::single_leading);
  }
};

template <class Mistake>
Audit with_mistake(const spec::Scope& scope, std::uint64_t runs = 0, int threads = 1, std::uint64_t seed = 1) {
  const spec::Scenario scenario = scenario_of(3);
  ClosedSystem system(scenario, scope, spec::zookeeper_rules());
  std::vector<int> widths = system.fields().widths();
  for (int i = 0; i < system.servers(); ++i) widths[system.fields().local(i)] = 18;
  const spec::Layout layout = spec::Layout::plan(widths, system.fields().growing(), 4).value();
  checker::Progress progress;
  checker::Limits limits;
  limits.threads = threads;
  Audit audit;
  if (runs > 0) {
    check::AuditOptions options;
    options.runs = runs;
    options.seed = seed;
    check::audit_random_pairs<4, Mistaken<Mistake>>(system, layout, options, limits, progress, audit);
  } else {
    check::audit_every_pair<4, Mistaken<Mistake>>(system, layout, limits, progress, audit);
  }
  return audit;
}

template <class Mistake>
void expect_noticed(const spec::Scope& scope, const std::vector<Disagreement>& as, std::size_t steps) {
  const Audit audit = with_mistake<Mistake>(scope);
  ASSERT_TRUE(audit.failure);
  EXPECT_EQ(audit.verdict, checker::Verdict::bounded);
  EXPECT_EQ(audit.failure->steps.size() - 1, steps);
  EXPECT_TRUE(audit.failure->shortest);
  EXPECT_NE(audit.failure->clause, "");
  std::vector<std::string> expected;
  for (const Disagreement one : as) expected.emplace_back(sentence_of(one));
  EXPECT_NE(std::find(expected.begin(), expected.end(), audit.failure->sentence), expected.end())
      << audit.failure->sentence;
}

TEST(Audit, AgreesWhereNothingIsWrong) {
  EXPECT_FALSE(with_mistake<NoMistake>(scope_with(async, staggered, 1)).failure);
  EXPECT_FALSE(with_mistake<NoMistake>(scope_with(async, staggered, 1), 200).failure);
}

TEST(Audit, NoticesALiveVoteThatIsCleared) {
  expect_noticed<ClearsLiveVotes>(scope_with(async, staggered), {Disagreement::breaks}, 4);
  EXPECT_FALSE(with_mistake<ClearsLiveVotes>(scope_with(async, staggered)).failure->left_out.empty());
}
TEST(Audit, NoticesLocalStatesThatAreNotOne) {
  expect_noticed<MergesByLooks>(scope_with(async, staggered),
                                {Disagreement::looks, Disagreement::breaks, Disagreement::actions}, 6);
}
TEST(Audit, NoticesAStepThatIsMissing) {
  expect_noticed<NoCrashWhileLooking>(scope_with(async, staggered, 1), {Disagreement::actions}, 2);
}
TEST(Audit, NoticesAPropertyThatIsForgotten) {
  expect_noticed<ForgetsWhatBreaks>(scope_with(async, staggered), {Disagreement::breaks}, 4);
  expect_noticed<ForgetsWhatStatesShow>(scope_with(async, staggered), {Disagreement::judged}, 9);
}

TEST(Audit, NoticesAMistakeAlongRandomRunsAndTellsTheSameRunEachTime) {
  const Audit one = with_mistake<ClearsLiveVotes>(scope_with(async, staggered), 100, 1);
  const Audit two = with_mistake<ClearsLiveVotes>(scope_with(async, staggered), 100, 2);
  ASSERT_TRUE(one.failure && two.failure);
  EXPECT_FALSE(one.failure->shortest);
  ASSERT_EQ(one.failure->steps.size(), two.failure->steps.size());
  for (std::size_t i = 0; i < one.failure->steps.size(); ++i) {
    EXPECT_EQ(one.failure->steps[i].action, two.failure->steps[i].action);
  }
  EXPECT_EQ(one.failure->clause, two.failure->clause);
}

// As the command line reports it.
TEST(Audit, ReportsWhatItNoticed) {
  check::AuditOutcome outcome;
  outcome.cfg.file = "zoo.cfg";
  outcome.cfg.configuration = majority(3).configurations[0];
  outcome.options.audit = check::AuditOptions{};
  outcome.options.scope = scope_with(async, staggered);
  outcome.scenarios = 1;
  Audit wrong = with_mistake<ClearsLiveVotes>(outcome.options.scope);
  wrong.reduction = Reduction::dead_votes;
  outcome.audited.push_back({scenario_of(3), {wrong}});
  conclude(outcome);
  EXPECT_TRUE(outcome.failed);
  EXPECT_EQ(outcome.exit_code, check::ExitCode::violated);
  const std::string text = audit_text_report(outcome);
  for (const char* words :
       {"dead-votes    DIFFERS: ", "local-states  not looked at",
        "dead-votes changes what happens, after 4 steps (there is no shorter run)",
        "what the reduction had left out before: server ", "expected: the same step breaks the same properties",
        "found: quorum-behind-decision is broken with the reduction alone",
        "verdict: bounded - a difference was found; a reduction can't be trusted here"}) {
    EXPECT_NE(text.find(words), std::string::npos) << words << "\n" << text;
  }
  const std::string json = audit_json_report(outcome);
  for (const char* words : {"\"failed\": true", "\"exit_code\": 1", "\"length\": 4", "\"shortest\": true"}) {
    EXPECT_NE(json.find(words), std::string::npos) << words << "\n" << json;
  }
}

// --- histories -------------------------------------------------------------------------------------------------------

// Looks at a value, and not only at how it compares.
model::Transition ignores_odd_zxids(const model::Ensemble& ensemble, const model::Peer& peer,
                                    const model::Event& event) {
  const auto* received = std::get_if<model::Received>(&event);
  if (received != nullptr && received->message.zxid.value % 2 != 0) return model::Transition{peer, {}, {}};
  return model::step(ensemble, peer, event);
}
// Favours a server by its name.
model::Transition server_two_is_deaf(const model::Ensemble& ensemble, const model::Peer& peer,
                                     const model::Event& event) {
  const bool heard = std::holds_alternative<model::Received>(event);
  if (heard && peer.id == model::ServerId{2}) return model::Transition{peer, {}, {}};
  return model::step(ensemble, peer, event);
}

TEST(Audit, NoticesRulesForWhichRanksAreNotEnough) {
  for (const auto step : {ignores_odd_zxids, server_two_is_deaf}) {
    spec::RuleVariant rules{"wrong", "does not only compare", step};
    check::AuditRequest request = request_of(scope_with(async, staggered));
    request.rules = &rules;
    const auto audits = audited(scenario_of(3), request);
    ASSERT_TRUE(audits.count(Reduction::histories) == 1);
    const Audit& histories = audits.at(Reduction::histories);
    ASSERT_TRUE(histories.failure);
    EXPECT_NE(histories.failure->clause.find("which takes its place, differs in its state afterwards"),
              std::string::npos)
        << histories.failure->clause;
  }
}

TEST(Audit, TriesEveryOtherOrderOfThreeAndSymmetricOnesOfGroups) {
  EXPECT_EQ(spec::orders_like(scenario_of(3), 100).size(), 6U);
  EXPECT_EQ(spec::orders_like(scenario_of(4), 100).size(), 24U);
  EXPECT_EQ(spec::orders_like(scenario_of(5), 10).size(), 10U);
  // Of all orders of these three none is another with the names changed.
  std::size_t orders = 0;
  for (const spec::Scenario& scenario : spec::every_history(grouped({{1}, {2, 0}}), 3)) {
    EXPECT_EQ(spec::orders_like(scenario, 100).size(), 1U);
    ++orders;
  }
  EXPECT_EQ(orders, 6U);
  // Two groups that look alike, and two servers in each that do.
  std::size_t all = 0;
  for (const spec::Scenario& scenario : spec::every_history(grouped({{1, 1}, {1, 1}}), 4)) {
    all += spec::orders_like(scenario, 100).size();
  }
  EXPECT_EQ(all, 24U);
}

}  // namespace
}  // namespace conclave::explore
