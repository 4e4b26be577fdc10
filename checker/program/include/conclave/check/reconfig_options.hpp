// --reconfig, --reconfigured and --last-seen.
#pragma once

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace conclave::check {

struct CheckOptions;  // options.hpp

class ReconfigCommandLine {
 public:
  // Adds the options to the command. They are parsed into this.
  void add_to(CLI::App& check);
  // Sets options.reconfig. What is wrong with it, or does not go with it, in one sentence; empty if nothing is.
  // REQUIRES: all other options are set.
  [[nodiscard]] std::string read(CheckOptions& options) const;

 private:
  std::string file_;
  std::string committed_;
  std::string seen_;
};

}  // namespace conclave::check
