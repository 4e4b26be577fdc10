#include "conclave/check/audit_options.hpp"

#include <CLI/CLI.hpp>
#include <charconv>

#include "conclave/check/exploring.hpp"
#include "conclave/check/options.hpp"

namespace conclave::check {

void AuditCommandLine::add_to(CLI::App& check) {
  const char* group = "Reductions";
  check
      .add_flag("--audit", audit_,
                "compare each reduction with the unreduced system, step by step (docs/reductions.md)")
      ->group(group);
  check.add_option("--runs", runs_, "with --audit: along N random runs, where there are too many states for all")
      ->check(CLI::Range(1, 1'000'000'000))
      ->group(group);
  check.add_option("--seed", seed_, "with --runs: what they all follow from (default 1)")
      ->check(wrong_seed)
      ->group(group);
}

std::optional<AuditOptions> AuditCommandLine::read(std::string& wrong) const {
  wrong.clear();
  if (!audit_) {
    if (runs_) wrong = "--runs: found it without --audit; expected both";
    if (seed_) wrong = "--seed: found it without --audit; expected both";
    return std::nullopt;
  }
  if (seed_ && !runs_) wrong = "--seed: found it without --runs; expected both, for nothing else is drawn at random";
  AuditOptions options;
  if (runs_) options.runs = static_cast<std::uint64_t>(*runs_);
  if (seed_) std::from_chars(seed_->data(), seed_->data() + seed_->size(), options.seed);
  return options;
}

std::string wrong_with_audit(const CheckOptions& options) {
  if (!options.audit) return "";
  std::string wrong = wrong_beside("--audit", options);
  if (!wrong.empty()) return wrong;
  const bool drawn = options.audit->runs > 0;
  if (drawn && options.depth_max != 0)
    return "--depth: found it with --runs; expected it for a comparison of all states";
  return "";
}

}  // namespace conclave::check
