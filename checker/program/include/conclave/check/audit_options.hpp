// What `conclave check --audit` takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace conclave::check {

struct AuditOptions {
  std::uint64_t runs = 0;  // so many random runs; 0: every reachable pair of states
  std::uint64_t seed = 1;  // of the random runs
};

// The options as they were given.
class AuditCommandLine {
 public:
  void add_to(CLI::App& check);
  // Nothing without --audit. `wrong`: wrong use, in one sentence, or empty.
  [[nodiscard]] std::optional<AuditOptions> read(std::string& wrong) const;

 private:
  bool audit_ = false;
  std::optional<std::int64_t> runs_;
  std::optional<std::string> seed_;
};

struct CheckOptions;  // options.hpp
// What does not go with --audit, in one sentence, or empty.
std::string wrong_with_audit(const CheckOptions& options);

}  // namespace conclave::check
