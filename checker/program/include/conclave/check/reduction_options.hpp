// Which reductions an exploration uses, as the command line says it.
#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace conclave::check {

struct CheckOptions;  // options.hpp

struct ReductionOptions {
  std::vector<std::string> switched_off;
  bool late_reads = false;
  bool joined_reads = false;

  void add_to(CLI::App& check);
  void read(CheckOptions& options) const;
};

}  // namespace conclave::check
