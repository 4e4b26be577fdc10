#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "conclave/check/audit.hpp"
#include "conclave/check/audit_late.hpp"
#include "conclave/check/audit_pairs.hpp"
#include "conclave/check/joined_system.hpp"
#include "conclave/check/preparation.hpp"
#include "conclave/check/reports.hpp"
#include "conclave/check/words.hpp"
#include "conclave/checker/join_explorer.hpp"
#include "conclave/spec/joined_places.hpp"
#include "conclave/spec/renamed_steps.hpp"

namespace conclave::check {
namespace {

using Clock = std::chrono::steady_clock;
using spec::ClosedSystem;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

// Calls look(words, layout, limits), again with a wider layout where one was too narrow.
template <class Look>
void widely(ClosedSystem& system, Allowance& allowance, checker::Progress& progress, const Look& look) {
  Widening widening(system);
  for (;;) {
    try {
      reset(progress);
      const checker::Limits limits = allowance.limits();
      return with_wide_words(widening.words(), [&](auto words) { look(words, widening.layout(), limits); });
    } catch (const spec::LayoutFull& full) {
      widening.widen(full.field());
    }
  }
}

// Goes through the pairs of a system.
void go_through(ClosedSystem& system, const AuditRequest& request, Allowance& allowance, checker::Progress& progress,
                Audit& audit) {
  widely(system, allowance, progress, [&](auto words, const spec::Layout& layout, const checker::Limits& limits) {
    if (request.options.runs > 0) {
      audit_random_pairs<words()>(system, layout, request.options, limits, progress, audit);
    } else {
      audit_every_pair<words()>(system, layout, limits, progress, audit);
    }
  });
}

// Why dead votes are not looked for in a scope; empty if they are.
std::string why_kept(const ClosedSystem& system, const AuditRequest& request) {
  if (system.clears()) return "";
  if (!request.scope.clear_dead_votes) return "--no-reduction switches it off";
  if (request.scope.grain != spec::Grain::coarse) return "it is argued for the coarse grain alone";
  if (request.scope.rounds > spec::prospect_rounds_max) {
    return fmt::format("it is argued for {} rounds at most", spec::prospect_rounds_max);
  }
  if (spec::is_mixed(system.scenario().participants)) return "it is argued for one release alone";
  if (request.scope.vote_epoch != spec::VoteEpoch::voted) return "it is argued for votes that keep their epoch";
  if (!request.rules->reducible) return fmt::format("with {} decisions rest on other votes", request.rules->name);
  return "an oracle can make up for a vote";
}

std::string why_not_minimised(const ClosedSystem& system, const AuditRequest& request) {
  if (!request.minimise) return "--no-reduction switches it off";
  if (const std::string why = why_kept(system, request); !why.empty()) return why;
  if (request.scope.network.kind != spec::NetworkKind::latest) return "it is for the network latest alone";
  if (request.scope.rounds > 1) return "it is for one round alone";
  if (!system.minimised()) return "there are too many local states, or too little time or memory, to look for it";
  return "";
}

template <class Pairs>
void go_through_late(Pairs& pairs, const AuditRequest& request, const AuditTally& tally,
                     const checker::Limits& limits, checker::Progress& progress, Audit& audit) {
  if (request.options.runs > 0) {
    audit_random(pairs, tally, request.options, limits, progress, audit);
  } else {
    audit_every(pairs, tally, limits, progress, audit);
  }
}

std::string why_not_late(const ClosedSystem& system, const AuditRequest& request) {
  if (request.rules != &spec::zookeeper_rules()) return "it is argued for today's rules";
  if (const std::string why = why_kept(system, request); !why.empty()) return why;
  return spec::LateMachine::why_not(system).value_or("");
}

Audit audit_late_reads(const spec::Scenario& scenario, const AuditRequest& request, checker::Progress& progress) {
  Audit audit;
  audit.reduction = Reduction::late_reads;
  const auto began = Clock::now();
  ClosedSystem system(scenario, request.scope, *request.rules);
  audit.not_used = why_not_late(system, request);
  if (!audit.not_used.empty()) return audit;
  spec::LateMachine late(system);
  Allowance allowance(request.limits, progress);
  widely(system, allowance, progress, [&](auto words, const spec::Layout& layout, const checker::Limits& limits) {
    AuditTally tally;
    if (request.scope.network.kind == spec::NetworkKind::fifo) {
      LatePairSystem<words(), spec::LateFifoWorker<words()>> pairs(system, late, layout, tally);
      go_through_late(pairs, request, tally, limits, progress, audit);
    } else {
      LatePairSystem<words()> pairs(system, late, layout, tally);
      go_through_late(pairs, request, tally, limits, progress, audit);
    }
  });
  audit.seconds = seconds_since(began);
  return audit;
}

// What is joined is found first, as without the audit; then the unreduced system is held beside it.
template <std::size_t Words, std::size_t HeardWords>
void audit_places(ClosedSystem& system, spec::LateMachine& late, const spec::Layout& layout,
                  const AuditRequest& request, Allowance& allowance, checker::Progress& progress, Audit& audit) {
  using Joined = JoinedSystem<Words, HeardWords>;
  using Places = const spec::JoinedPlaces<Words, HeardWords>;
  spec::PlaceNumbers numbers(late, system.servers());
  spec::JoinedPlaces<Words, HeardWords> places(numbers);
  {
    Joined joined(system, late, layout, numbers);
    checker::JoinExplorer<Joined> explorer(joined, allowance.limits(), progress);
    const checker::JoinResult result = explorer.run();
    audit.verdict = result.verdict;
    audit.stop = result.stop;
    if (result.verdict != checker::Verdict::exhausted) return;
    auto worker = joined.worker();
    explorer.for_each_place(
        [&](const auto& place, const auto& facts) { places.add(place, worker.close(place, facts)); });
  }
  reset(progress);
  AuditTally tally;
  LatePairSystem<Words, spec::PlacesWorker<Words, HeardWords>, Places> pairs(system, late, layout, tally, places);
  go_through_late(pairs, request, tally, allowance.limits(), progress, audit);
}

Audit audit_joined_reads(const spec::Scenario& scenario, const AuditRequest& request, checker::Progress& progress) {
  Audit audit;
  audit.reduction = Reduction::joined_reads;
  const auto began = Clock::now();
  ClosedSystem system(scenario, request.scope, *request.rules);
  audit.not_used = why_not_late(system, request);
  const bool fifo = request.scope.network.kind == spec::NetworkKind::fifo;
  if (audit.not_used.empty() && fifo) audit.not_used = "it is for the network latest alone";
  if (!audit.not_used.empty()) return audit;
  spec::LateMachine late(system);
  Allowance allowance(request.limits, progress);
  widely(system, allowance, progress, [&](auto words, const spec::Layout& layout, const checker::Limits&) {
    try {
      audit_places<words(), heard_words>(system, late, layout, request, allowance, progress, audit);
    } catch (const spec::HeardFull&) {
      reset(progress);
      audit_places<words(), heard_words_wide>(system, late, layout, request, allowance, progress, audit);
    }
  });
  audit.seconds = seconds_since(began);
  return audit;
}

// Each local step that the system has taken so far, under other histories.
Audit audit_histories(ClosedSystem& system, const AuditRequest& request, const Allowance& allowance,
                      const checker::Progress& progress) {
  constexpr std::size_t counterparts_max = 24;
  constexpr std::uint64_t steps_between_looks = 256;
  Audit audit;
  audit.reduction = Reduction::histories;
  const auto began = Clock::now();
  const auto limits = allowance.limits();
  const std::vector<spec::Counterpart> others = spec::counterparts(system.scenario(), counterparts_max);
  audit.renamings = others.size();
  std::vector<spec::RenamedSteps> renamed;
  renamed.reserve(others.size());
  for (const spec::Counterpart& other : others) {
    renamed.emplace_back(system.scenario(), other, request.scope, *request.rules);
  }
  for (int i = 0; i < system.servers(); ++i) {
    for (const auto& [local, input] : system.machine().remembered(i)) {
      if (++audit.steps % steps_between_looks == 0) {
        if (progress.interrupt) audit.stop = checker::Stop::interrupted;
        if (limits.time_max.count() != 0 && Clock::now() - began >= limits.time_max) audit.stop = checker::Stop::time;
      }
      if (audit.stop != checker::Stop::none || audit.failure) break;
      const spec::Server before = system.machine().decoded(i, local);
      const model::Notification heard =
          input < spec::input::receive_base
              ? model::Notification{}
              : system.machine().notification(static_cast<spec::NotificationId>(input - spec::input::receive_base));
      for (const spec::RenamedSteps& steps : renamed) {
        auto difference = steps.difference(i, before, input, heard);
        if (!difference || audit.failure) continue;
        audit.failure =
            AuditFailure{"under other names, and with other histories of the same order, a server does the same",
                         std::move(*difference),
                         {},
                         false,
                         {}};
      }
    }
  }
  if (audit.stop == checker::Stop::interrupted) audit.verdict = checker::Verdict::aborted;
  if (audit.stop == checker::Stop::time) audit.verdict = checker::Verdict::bounded;
  audit.seconds = seconds_since(began);
  return audit;
}

}  // namespace

std::string_view name_of(Reduction reduction) {
  switch (reduction) {
    case Reduction::dead_votes: return "dead-votes";
    case Reduction::local_states: return "local-states";
    case Reduction::late_reads: return "late-reads";
    case Reduction::joined_reads: return "joined-reads";
    case Reduction::histories: return "histories";
  }
  return "?";
}

std::vector<Audit> audit(const spec::Scenario& scenario, const AuditRequest& request, checker::Progress& progress) {
  std::vector<Audit> audits(2);
  audits[0].reduction = Reduction::dead_votes;
  audits[1].reduction = Reduction::local_states;
  {
    ClosedSystem system(scenario, request.scope, *request.rules);
    audits[0].not_used = why_kept(system, request);
    Allowance allowance(request.limits, progress);
    const auto began = Clock::now();
    // Where nothing is reduced the two sides are the same, and what is left is to take all local steps.
    if (audits[0].not_used.empty() || request.histories) go_through(system, request, allowance, progress, audits[0]);
    audits[0].seconds = seconds_since(began);
    if (request.histories && !audits[0].failure) {
      Allowance own(request.limits, progress);
      audits.push_back(audit_histories(system, request, own, progress));
      // Where local steps were left out, nothing is known of them.
      if (audits[0].verdict > audits[2].verdict) {
        audits[2].verdict = audits[0].verdict;
        audits[2].stop = audits[0].stop;
      }
    }
  }
  if (progress.interrupt || audits[0].failure) {
    audits.erase(audits.begin() + 1);  // not looked at
    return audits;
  }
  ClosedSystem system(scenario, request.scope, *request.rules);
  Allowance allowance(request.limits, progress);
  const auto began = Clock::now();
  if (request.minimise) system.minimise(request.limits.threads, [&allowance] { return allowance.over(); });
  allowance.settle(system);
  audits[1].not_used = why_not_minimised(system, request);
  if (audits[1].not_used.empty()) go_through(system, request, allowance, progress, audits[1]);
  audits[1].seconds = seconds_since(began);
  if (!progress.interrupt && !audits[1].failure) audits.push_back(audit_late_reads(scenario, request, progress));
  if (!progress.interrupt && !audits.back().failure)
    audits.push_back(audit_joined_reads(scenario, request, progress));
  return audits;
}

std::string properties_apart(spec::PropertySet plain, spec::PropertySet reduced) {
  std::string text;
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    const bool in_plain = (plain & bit(info.property)) != 0;
    const bool in_reduced = (reduced & bit(info.property)) != 0;
    if (in_plain == in_reduced) continue;
    const bool witness = info.kind == spec::PropertyKind::sometimes;
    text += fmt::format("{}{} is {} {} the reduction alone", text.empty() ? "" : "; ", info.name,
                        witness ? "reached" : "broken", in_plain ? "without" : "with");
  }
  return text;
}

std::vector<std::string> left_out_in_words(const spec::Scenario& scenario, const std::vector<spec::Server>& plain,
                                           const std::vector<spec::Server>& reduced) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    for (const std::string& change : changes_of(plain[i], reduced[i])) {
      words.push_back(fmt::format("server {}: {}", id_text(scenario.participants[i].id), change));
    }
  }
  return words;
}

std::string looks_apart(const spec::Scenario& scenario, const std::vector<spec::Server>& plain,
                        const std::vector<spec::Server>& reduced) {
  std::string text;
  const auto look = [](const spec::Server& server) {
    if (server.life != spec::Life::up) return std::string(name_of(server.life));
    return fmt::format("{} in round {}, proposes {}{}", model::name_of(state_of(server.peer)),
                       server.peer.clock.value, proposal_text(server.peer.proposal),
                       std::holds_alternative<model::Finalizing>(server.peer.role) ? ", and waits finalizeWait" : "");
  };
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const std::string without = look(plain[i]);
    const std::string with = look(reduced[i]);
    if (without == with) continue;
    text += fmt::format("{}server {} is {} without the reduction, and with it {}", text.empty() ? "" : "; ",
                        id_text(scenario.participants[i].id), without, with);
  }
  return text.empty() ? "what servers offer to be heard, or messages on their way, differ" : text;
}

std::string bare_action_text(const spec::Action& action, const spec::Scenario& scenario) {
  RunStep step;
  step.action = action;
  return action_text(step, scenario);
}

}  // namespace conclave::check
