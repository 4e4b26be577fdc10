#include "conclave/check/compare_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>

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
  const std::string without =
      " with --compare, which keeps whole states in memory and judges nothing; expected one of them";
  if (options.audit) return "--audit: found it" + without;
  if (options.liveness) return "--liveness: found it" + without;
  if (options.claim != 0) return "--property: found it" + without;
  if (options.except != 0) return "--except: found it" + without;
  if (options.show != 0) return "--show: found it" + without;
  if (!options.outputs.html.empty()) return "--html: found it" + without;
  if (!options.outputs.itf.empty()) return "--itf: found it" + without;
  if (options.graph) return "--graph: found it" + without;
  if (options.storage.keeping == Keeping::fingerprints) return "--fingerprints: found it" + without;
  if (options.storage.keeping == Keeping::bits) return "--bitstate: found it" + without;
  if (!options.storage.folder.empty()) return "--disk: found it" + without;
  if (!options.checkpoint.write_to.empty()) return "--checkpoint: found it" + without;
  if (!options.checkpoint.resume_from.empty()) return "--resume: found it" + without;
  if (options.scope.network.kind != spec::NetworkKind::latest) {
    return "--network: found it with --compare, which names two; expected one of them";
  }
  return "";
}

}  // namespace conclave::check
