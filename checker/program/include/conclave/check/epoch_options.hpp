// The command line of `conclave epoch`.
#pragma once

#include <memory>
#include <string>

#include "conclave/check/epoch_command.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace conclave::check {

class EpochCommandLine {
 public:
  EpochCommandLine();
  ~EpochCommandLine();
  // Adds the subcommand; `app` must outlive this. `threads`: the default.
  void add_to(CLI::App& app, int threads);
  [[nodiscard]] bool parsed() const;
  // Only what there is to choose from is asked for: see epoch_listing().
  [[nodiscard]] bool list() const;
  // True: `options` are the options. False: `wrong` says in one sentence what is wrong.
  bool read(EpochOptions& options, std::string& wrong) const;

 private:
  struct Raw;
  std::unique_ptr<Raw> raw_;
  CLI::App* command_ = nullptr;
};

}  // namespace conclave::check
