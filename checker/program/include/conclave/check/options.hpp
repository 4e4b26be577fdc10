// The command line, read and judged as far as that goes without the configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/check/audit_options.hpp"
#include "conclave/check/checkpoint_options.hpp"
#include "conclave/check/compare_options.hpp"
#include "conclave/check/epoch_command.hpp"
#include "conclave/check/exit_code.hpp"
#include "conclave/check/state_graph.hpp"
#include "conclave/check/storage.hpp"
#include "conclave/check/trace_command.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/spec/properties.hpp"
#include "conclave/spec/rules.hpp"
#include "conclave/spec/scope.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace conclave::check {

enum class HistoryKind : std::uint8_t {
  any,    // every order of initial votes
  equal,  // all servers have epoch 0 and zxid 0
  given
};

// Files to be written beside the report. Empty: none.
struct OutputOptions {
  std::string html;   // a page for each run; a folder if it is one or ends with a slash
  std::string itf;    // likewise a trace
  std::string graph;  // one file, in the format that its name ends with
};

// Servers that run the rules of a release of their own.
using ServerRules = std::map<model::ServerId, const spec::RuleVariant*>;

// An election in the midst of a reconfiguration. Who has committed the new configuration, and who else has seen it;
// every choice where not given.
struct ReconfigOptions {
  std::string file;  // the new configuration
  std::optional<std::vector<std::int64_t>> committed;
  std::optional<std::vector<std::int64_t>> seen;
};

struct CheckOptions {
  std::string file;  // never empty
  spec::Scope scope;
  HistoryKind history = HistoryKind::any;
  std::vector<spec::Participant> histories;  // given only, sorted by id
  std::optional<int> starts;
  int threads = 1;
  std::optional<std::size_t> memory_bytes;  // the user's; without it what is free decides
  std::uint32_t depth_max = 0;
  std::int64_t time_max_ms = 0;
  spec::PropertySet claim = 0;
  spec::PropertySet show = 0;
  int counterexamples = 1;       // how many runs that break claims are wanted
  spec::PropertySet except = 0;  // claims that are left out
  bool minimise = true;
  bool late_reads = false;
  bool joined_reads = false;  // which are late as well
  bool every_order = false;   // HistoryKind::any: also those that a symmetry maps onto another
  bool liveness = false;
  const spec::RuleVariant* rules = &spec::zookeeper_rules();  // of all servers but those of `releases`
  ServerRules releases;
  bool json = false;
  OutputOptions outputs;
  std::optional<GraphWish> graph;  // OutputOptions::graph
  Storage storage;
  CheckpointRequest checkpoint;
  std::optional<AuditOptions> audit;
  std::optional<CompareOptions> compare;
  std::optional<ReconfigOptions> reconfig;
};

struct SimulateOptions;  // simulate_command.hpp

// What to do: a check, an exploration of epochs, or a text that has to be printed.
struct CommandLine {
  std::optional<CheckOptions> check;
  std::string text;                 // for stdout if code is `holds`, otherwise for stderr
  ExitCode code = ExitCode::holds;  // where there is no check
  std::optional<EpochOptions> epoch;
  std::optional<TraceOptions> trace = std::nullopt;
  std::shared_ptr<const SimulateOptions> simulate = nullptr;
};

// Looks at $CONCLAVE_DEFAULT_CONFIG.
CommandLine parse_command_line(int argc, const char* const* argv);

// --- parts, for tests ----------------------------------------------------------------------------------------------

// "512M", "8G", "1.5GiB", "1000000". K, M, G and T are powers of 1024, with or without iB or B after them.
std::optional<std::size_t> parse_size(std::string_view text);
// What is wrong with how an integer is written; empty if nothing is. By itself CLI11 reads 010 as eight.
std::string wrong_number(const std::string& text);
// What is wrong with the name of a file; empty if nothing is.
std::string wrong_name(const std::string& text);
// What is wrong with a limit of time in seconds; empty if nothing is.
std::string wrong_nothing(const std::string& text);
std::string wrong_seed(const std::string& text);
std::string wrong_seconds(const std::string& text);
// Ids of servers as an option has them, separated by commas, in one text or several: at least one, each once. `wrong`
// says what is wrong where there is no result.
std::optional<std::vector<std::int64_t>> parse_ids(const std::vector<std::string>& texts, std::string& wrong);
// "found 'NAME'", and which command takes that bug where another one does than `command`.
std::string found_bug(std::string_view name, std::string_view command);
// Of what CLI11 did not expect: the first option of the command line that the command does not have, or else `what`.
std::string unexpected(const CLI::App& command, int argc, const char* const* argv, const std::string& what);
// "latest", "fifo:K".
std::optional<spec::Network> parse_network(std::string_view text);
// "1=2:0x200000005,2=1:0,3=0:-1". Sorted by id. `wrong` says what is wrong where there is no result.
std::optional<std::vector<spec::Participant>> parse_histories(std::string_view text, std::string& wrong);

}  // namespace conclave::check
