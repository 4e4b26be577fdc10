#include "conclave/check/outputs.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "conclave/check/counterexamples.hpp"
#include "conclave/check/diagram.hpp"
#include "conclave/check/graph_choice.hpp"
#include "conclave/check/output_file.hpp"
#include "conclave/check/reports.hpp"
#include "conclave/check/words.hpp"
#include "conclave/spec/liveness_claims.hpp"

namespace conclave::check {
namespace {

namespace fs = std::filesystem;

// A run that is written: to a property, or without end.
struct Told {
  std::string name;
  const spec::Scenario* scenario;
  const Run* run;
  const LassoRun* lasso;
};

// Violations first: where one file is asked for, it shows one.
std::vector<Told> all_runs(const Outcome& outcome) {
  std::vector<Told> runs;
  const auto add = [&runs](const spec::Scenario& scenario, const Run& run) {
    runs.push_back({std::string(spec::info_of(run.property).name), &scenario, &run, nullptr});
  };
  for (const auto& [exploration, run] : counterexamples_of(outcome))
    add(outcome.explored[exploration].scenario, *run);
  for (const auto& [scenario, report] : outcome.explored) {
    if (report.liveness && report.liveness->lasso) {
      runs.push_back({std::string(spec::eventually_settled.name), &scenario, nullptr, &*report.liveness->lasso});
    }
  }
  for (const auto& [scenario, report] : outcome.explored) {
    for (const Run& run : report.shown) add(scenario, run);
  }
  return runs;
}

std::string html_of(const Outcome& outcome, const Told& told) {
  return html_page(told.run != nullptr ? diagram_of(outcome, *told.scenario, *told.run)
                                       : diagram_of(outcome, *told.scenario, *told.lasso));
}

std::string itf_of(const Outcome& outcome, const Told& told) {
  ItfHead head{outcome.cfg.file, told.name, std::string(spec::eventually_settled.sentence), std::nullopt};
  if (told.run == nullptr) {
    head.cycle_from = told.lasso->cycle_from;
    return itf_trace(head, told.lasso->steps, *told.scenario);
  }
  head.sentence = spec::info_of(told.run->property).sentence;
  return itf_trace(head, told.run->steps, *told.scenario);
}

// What can be written of a run.
struct Kind {
  const char* name;  // of the option, and in Outcome::outputs
  const char* ending;
  std::string OutputOptions::*place;
  std::string (*text)(const Outcome&, const Told&);
};
constexpr Kind kinds[] = {{"html", ".html", &OutputOptions::html, html_of},
                          {"itf", ".itf.json", &OutputOptions::itf, itf_of}};

bool names_folder(const std::string& path) {
  std::error_code error;
  return path.ends_with('/') || fs::is_directory(path, error);
}

// run.html, run-2.html ...; run.itf.json, run-2.itf.json ...
std::string numbered(const std::string& path, std::size_t number) {
  if (number == 1) return path;
  const std::string ending = path.ends_with(".itf.json") ? ".itf.json" : fs::path(path).extension().string();
  const std::size_t cut = path.size() - ending.size();
  return fmt::format("{}-{}{}", path.substr(0, cut), number, path.substr(cut));
}

// One file for each run: in a folder by the property's name, otherwise by number.
void write_runs(Outcome& outcome, const Kind& kind) {
  const std::string path = outcome.options.outputs.*kind.place;
  if (path.empty()) return;
  const std::vector<Told> runs = all_runs(outcome);
  if (runs.empty()) {
    outcome.warnings.push_back(
        fmt::format("--{}: no file was written, for there is no run to show: no claim was violated, and --show NAME "
                    "asked for none that was found",
                    kind.name));
    return;
  }
  const bool folder = names_folder(path);
  if (folder) {
    std::error_code error;
    fs::create_directories(path, error);  // if it fails, so does writing, which says why
  }
  std::map<std::string, std::size_t> used;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string& name = runs[i].name;
    const std::string place =
        folder ? numbered((fs::path(path) / name).string() + kind.ending, ++used[name]) : numbered(path, i + 1);
    const auto error = write_whole(place, kind.text(outcome, runs[i]));
    outcome.outputs.push_back(Output{kind.name, place, "the run to " + name, error.value_or("")});
    if (error) outcome.exit_code = ExitCode::not_written;
  }
}

void write_graph(Outcome& outcome) {
  const std::string& path = outcome.options.outputs.graph;
  if (path.empty()) return;
  const StateGraph* graph = graph_of(outcome);
  if (graph == nullptr) {
    const bool of_runs = outcome.options.graph->of == GraphOf::runs;
    outcome.warnings.push_back(fmt::format("--graph: no file was written, for {}",
                                           of_runs ? "there is no run to draw: no claim about states and steps was "
                                                     "violated, and --show NAME asked for none that was found"
                                                   : "the exploration was aborted before it could be drawn"));
    return;
  }
  const auto error = write_whole(path, graph_writer(path)(*graph));
  Output output{"graph", path, fmt::format("{}: {}", graph->what, graph->shown), error.value_or("")};
  const char* more = graph->nodes.size() >= graph->wish.nodes_max ? " (--graph-max shows more)" : "";
  if (graph->cut && !error) output.left_out = graph->shown + more;
  outcome.outputs.push_back(std::move(output));
  if (error) outcome.exit_code = ExitCode::not_written;
}

std::optional<std::string> wrong_with_file(const std::string& kind, const std::string& path,
                                           const std::string& input) {
  return wrong_with_output("--" + kind, path, {input}, "is the configuration itself");
}

void note_checkpoint(Outcome& outcome) {
  const std::string& path = outcome.options.checkpoint.write_to;
  for (const auto& [scenario, report] : outcome.explored) {
    const CheckpointReport& checkpoint = report.checkpoint;
    if (checkpoint.begun_anew) {
      outcome.warnings.emplace_back(
          "--resume: a number outgrew its field in the checkpoint's states, so all was explored from the beginning");
    }
    if (!checkpoint.written && checkpoint.error.empty()) continue;
    const std::string what =
        fmt::format("the checkpoint at level {}, {}", checkpoint.level, grouped(checkpoint.states) + " states");
    outcome.outputs.push_back(Output{"checkpoint", path, what, checkpoint.error});
    if (!checkpoint.error.empty()) outcome.exit_code = ExitCode::not_written;
  }
}

// Two paths that lead to one file.
bool same_file(const std::string& left, const std::string& right) {
  std::error_code error;
  if (left.empty() || right.empty() || names_folder(left) || names_folder(right)) return false;
  return fs::weakly_canonical(left, error) == fs::weakly_canonical(right, error);
}

std::optional<std::string> wrong_with(const Kind& kind, const std::string& path, const std::string& input) {
  if (path.empty() || names_folder(path)) return std::nullopt;  // a folder is made where it is missing
  return wrong_with_file(kind.name, path, input);
}

}  // namespace

std::optional<std::string> wrong_with(const OutputOptions& wanted, const std::string& input) {
  if (same_file(wanted.html, wanted.itf)) {
    return fmt::format("--itf: found {}, which is --html's as well; expected another file", wanted.itf);
  }
  for (const Kind& kind : kinds) {
    if (!same_file(wanted.graph, wanted.*kind.place)) continue;
    return fmt::format("--graph: found {}, which is --{}'s as well; expected another file", wanted.graph, kind.name);
  }
  if (!wanted.graph.empty()) {
    if (auto wrong = wrong_with_file("graph", wanted.graph, input)) return wrong;
  }
  for (const Kind& kind : kinds) {
    if (auto wrong = wrong_with(kind, wanted.*kind.place, input)) return wrong;
  }
  return std::nullopt;
}

Output write_run(const std::string& kind, const std::string& ending, const std::string& path, const std::string& name,
                 const std::string& content) {
  std::string place = path;
  if (names_folder(path)) {
    std::error_code error;
    fs::create_directories(path, error);  // if it fails, so does writing, which says why
    place = (fs::path(path) / name).string() + ending;
  }
  const auto error = write_whole(place, content);
  return Output{kind, place, "the run to " + name, error.value_or("")};
}

void write_outputs(Outcome& outcome) {
  note_checkpoint(outcome);
  for (const Kind& kind : kinds) write_runs(outcome, kind);
  write_graph(outcome);
}

}  // namespace conclave::check
