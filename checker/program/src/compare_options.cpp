#include "conclave/check/compare_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>

#include "conclave/check/exploring.hpp"
#include "conclave/check/options.hpp"

namespace conclave::check {

void CompareCommandLine::add_to(CLI::App& check) {
  check
      .add_option("--compare", networks_,
                  "which local states does one network reach and the other not? such as latest,fifo:2 "
                  "(docs/networks.md)")
      ->check(wrong_nothing)
      ->type_name("NETWORK,NETWORK")
      ->group("Reductions");
}

std::optional<CompareOptions> CompareCommandLine::read(std::string& wrong) const {
  wrong.clear();
  if (networks_.empty()) return std::nullopt;
  const std::size_t comma = std::min(networks_.find(','), networks_.size());
  const auto first = parse_network(networks_.substr(0, comma));
  const auto second = parse_network(networks_.substr(std::min(comma + 1, networks_.size())));
  if (!first || !second) {
    wrong = fmt::format(
        "--compare: found '{}'; expected two networks with a comma between them, each latest, or fifo:K "
        "with K from 1 to {}",
        networks_, spec::fifo_capacity_max);
    return std::nullopt;
  }
  if (first->kind == second->kind && first->capacity == second->capacity) {
    wrong = fmt::format("--compare: found '{}'; expected two different networks", networks_);
    return std::nullopt;
  }
  return CompareOptions{{*first, *second}};
}

std::string wrong_with_compare(const CheckOptions& options) {
  if (!options.compare) return "";
  if (options.audit) {
    return "--audit: found it with --compare, which judges nothing either; expected one of them";
  }
  std::string wrong = wrong_beside("--compare", options);
  if (!wrong.empty()) return wrong;
  if (options.scope.network.kind != spec::NetworkKind::latest) {
    return "--network: found it with --compare, which names two; expected one of them";
  }
  return "";
}

}  // namespace conclave::check
