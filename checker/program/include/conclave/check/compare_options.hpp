// What `conclave check --compare` takes.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "conclave/spec/scope.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace conclave::check {

// Two networks whose reach is to be compared.
struct CompareOptions {
  std::array<spec::Network, 2> networks;
};

// The options as they were given.
class CompareCommandLine {
 public:
  void add_to(CLI::App& check);
  // Nothing without --compare. `wrong`: wrong use, in one sentence, or empty.
  [[nodiscard]] std::optional<CompareOptions> read(std::string& wrong) const;
  // Is one of the two a FIFO, so that losses and resends mean something?
  [[nodiscard]] bool has_fifo() const { return networks_.find("fifo") != std::string::npos; }

 private:
  std::string networks_;
};

struct CheckOptions;  // options.hpp
// What does not go with --compare, in one sentence, or empty.
std::string wrong_with_compare(const CheckOptions& options);

}  // namespace conclave::check
