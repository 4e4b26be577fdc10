// The numbers of a closed system in a checkpoint, and what a checkpoint is of.
#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <fstream>
#include <string>

#include "conclave/check/checkpoint.hpp"
#include "conclave/check/checkpoint_run.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

// Of the running program: another build may number local states in another way.
std::string program_in_words() {
  static const std::string words = [] {
    std::ifstream self("/proc/self/exe", std::ios::binary);
    unsigned long crc = 0;
    std::array<char, 1U << 16U> some{};
    while (self.read(some.data(), some.size()), self.gcount() > 0) {
      crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(some.data()), static_cast<std::size_t>(self.gcount()));
    }
    return fmt::format("conclave {}, build {:08x}", version(), crc);
  }();
  return words;
}

std::string configuration_in_words(const model::Configuration& configuration) {
  std::string words = fmt::format("quorums {}", static_cast<int>(configuration.kind()));
  for (const model::Member& member : configuration.members()) {
    const auto weight = configuration.weight_of(member.id);
    words +=
        fmt::format("; {} {} group {} weight {}", member.id.value,
                    member.role == model::LearnerType::participant ? "participant" : "observer",
                    member.group ? std::to_string(*member.group) : "-", weight ? std::to_string(weight->value) : "-");
  }
  return words;
}

std::string ensemble_in_words(const spec::Scenario& scenario) {
  const auto& configurations = scenario.ensemble.configurations;
  std::string words = configuration_in_words(configurations[0]);
  if (!reconfigures(scenario)) return words;
  words += scenario.ensemble.reconfig_enabled ? "; to be taken over: " : "; not to be taken over: ";
  return words + configuration_in_words(configurations[1]) + "; " + knowledge_in_words(scenario);
}

std::string histories_in_words(const spec::Scenario& scenario) {
  std::string words;
  for (const spec::Participant& participant : scenario.participants) {
    words += fmt::format("{}{}={}:{}", words.empty() ? "" : ",", participant.id.value,
                         participant.durable.current_epoch.value, participant.durable.last_zxid.value);
  }
  if (scenario.oracle_grants) words += fmt::format("; the oracle grants {}", scenario.oracle_grants->value);
  return words;
}

// Of servers that run rules of their own.
std::string releases_in_words(const spec::Scenario& scenario) {
  std::string words;
  for (const spec::Participant& participant : scenario.participants) {
    if (participant.rules != nullptr) words += fmt::format(",{}={}", participant.id.value, participant.rules->name);
  }
  return words;
}

template <class Items, class Put>
void put_all(CheckpointWriter& out, const Items& items, const Put& put_one) {
  out.number(items.size());
  for (const auto& item : items) put_one(item);
}
template <class Items, class Get>
void get_all(CheckpointReader& in, Items& items, const Get& get_one) {
  const std::uint64_t count = in.number();
  for (std::uint64_t i = 0; i < count; ++i) items.push_back(get_one());
}
void put_numbers(CheckpointWriter& out, const std::vector<std::uint16_t>& numbers) {
  std::string raw;
  for (const std::uint16_t number : numbers) {
    raw.push_back(static_cast<char>(number & 0xffU));
    raw.push_back(static_cast<char>(number >> 8U));
  }
  out.bytes(raw);
}
std::vector<std::uint16_t> get_numbers(CheckpointReader& in) {
  const std::string raw = in.bytes();
  std::vector<std::uint16_t> numbers;
  for (std::size_t i = 0; i + 1 < raw.size(); i += 2) {
    numbers.push_back(
        static_cast<std::uint16_t>(static_cast<std::uint8_t>(raw[i]) | static_cast<std::uint8_t>(raw[i + 1]) << 8U));
  }
  return numbers;
}
using Table = std::vector<std::vector<std::vector<std::uint16_t>>>;
void put_table(CheckpointWriter& out, const Table& table) {
  put_all(out, table,
          [&](const auto& rows) { put_all(out, rows, [&](const auto& numbers) { put_numbers(out, numbers); }); });
}
Table get_table(CheckpointReader& in) {
  Table table;
  get_all(in, table, [&] {
    std::vector<std::vector<std::uint16_t>> rows;
    get_all(in, rows, [&] { return get_numbers(in); });
    return rows;
  });
  return table;
}

// With what --property claims as well, and without what --except leaves out.
std::string claims_in_words(const Request& request) {
  const auto names = [](spec::PropertySet set) {
    std::vector<std::string> names;
    for (const spec::PropertyInfo& info : spec::property_infos()) {
      if ((set & spec::bit(info.property)) != 0) names.emplace_back(info.name);
    }
    return join(names, ", ");
  };
  std::string words = "all";
  if (request.claim != 0) words += " and " + names(request.claim);
  if (request.except != 0) words += " but for " + names(request.except);
  return words;
}

}  // namespace

Identity identity_of(const spec::Scenario& scenario, const Request& request) {
  std::string reductions = request.scope.clear_dead_votes ? "dead-votes" : "none";
  if (request.minimise) reductions += ", local-states";
  return {{"program", program_in_words()},
          {"ensemble", ensemble_in_words(scenario)},
          {"histories", histories_in_words(scenario)},
          {"scope", spec::describe(request.scope)},
          {"rules", std::string(request.rules->name) + releases_in_words(scenario)},
          {"set of claims", claims_in_words(request)},
          {"counterexamples", std::to_string(request.limits.violations_max)},
          {"reductions", reductions},
          {"states kept", request.storage.keeping == Keeping::fingerprints ? "fingerprints" : "whole"}};
}

void put(CheckpointWriter& out, const spec::SavedSystem& saved) {
  const spec::SavedMachine& machine = saved.machine;
  put_all(out, machine.notifications, [&](const std::string& bytes) { out.bytes(bytes); });
  put_all(out, machine.locals,
          [&](const auto& locals) { put_all(out, locals, [&](const std::string& bytes) { out.bytes(bytes); }); });
  put_all(out, machine.sends, [&](const auto& sends) {
    put_all(out, sends, [&](const spec::SavedSend& send) {
      out.number(send.to);
      out.number(send.notification);
    });
  });
  put_all(out, machine.results, [&](const auto& results) {
    put_all(out, results, [&](const spec::SavedResult& result) {
      out.number(result.key);
      out.number(result.next);
      out.number(result.sends);
      out.number(result.broken);
    });
  });
  for (const std::uint64_t count : machine.rules) out.number(count);
  for (const std::uint64_t count : machine.tested) out.number(count);
  put_table(out, saved.channels);
  put_table(out, saved.representatives);
  for (const std::uint64_t count : saved.quiet) out.number(count);
}

void put_resumed(CheckpointWriter& out, const ResumedSystem& resumed) {
  put(out, resumed.system);
  put_all(out, resumed.widths, [&](int width) { out.number(static_cast<std::uint64_t>(width)); });
  constexpr double per_second = 1e6;
  out.number(static_cast<std::uint64_t>(resumed.seconds * per_second));
}

ResumedSystem get_resumed(CheckpointReader& in) {
  ResumedSystem resumed;
  resumed.system = get_system(in);
  get_all(in, resumed.widths, [&] { return static_cast<int>(in.number()); });
  constexpr double per_second = 1e6;
  resumed.seconds = static_cast<double>(in.number()) / per_second;
  return resumed;
}

spec::SavedSystem get_system(CheckpointReader& in) {
  spec::SavedSystem saved;
  spec::SavedMachine& machine = saved.machine;
  get_all(in, machine.notifications, [&] { return in.bytes(); });
  get_all(in, machine.locals, [&] {
    std::vector<std::string> locals;
    get_all(in, locals, [&] { return in.bytes(); });
    return locals;
  });
  get_all(in, machine.sends, [&] {
    std::vector<spec::SavedSend> sends;
    get_all(in, sends, [&] {
      spec::SavedSend send;
      send.to = static_cast<std::uint8_t>(in.number());
      send.notification = static_cast<std::uint16_t>(in.number());
      return send;
    });
    return sends;
  });
  get_all(in, machine.results, [&] {
    std::vector<spec::SavedResult> results;
    get_all(in, results, [&] {
      spec::SavedResult result;
      result.key = in.number();
      result.next = static_cast<std::uint32_t>(in.number());
      result.sends = static_cast<std::uint32_t>(in.number());
      result.broken = static_cast<spec::PropertySet>(in.number());
      return result;
    });
    return results;
  });
  for (std::uint64_t& count : machine.rules) count = in.number();
  for (std::uint64_t& count : machine.tested) count = in.number();
  saved.channels = get_table(in);
  saved.representatives = get_table(in);
  for (std::uint64_t& count : saved.quiet) count = in.number();
  return saved;
}

}  // namespace conclave::check
