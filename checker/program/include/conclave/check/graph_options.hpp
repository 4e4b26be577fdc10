// The options of `conclave check` that are about graphs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace conclave::check {

struct CheckOptions;

class GraphCommandLine {
 public:
  // `check` keeps references to this.
  void add_to(CLI::App& check);
  // What the command line says, into the options; in one sentence what is wrong with it, where something is.
  std::optional<std::string> read(CheckOptions& options) const;

 private:
  std::string file_;
  std::optional<std::string> of_;
  std::optional<std::size_t> nodes_max_;
};

}  // namespace conclave::check
