#include "conclave/check/outputs.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "conclave/check/diagram.hpp"
#include "conclave/check/output_file.hpp"

namespace conclave::check {
namespace {

namespace fs = std::filesystem;

struct Told {
  const spec::Scenario* scenario;
  const Run* run;
};

// Violations first: where one file is asked for, it shows one.
std::vector<Told> all_runs(const Outcome& outcome) {
  std::vector<Told> runs;
  for (const auto& [scenario, report] : outcome.explored) {
    for (const Run& run : report.violations) runs.push_back(Told{&scenario, &run});
  }
  for (const auto& [scenario, report] : outcome.explored) {
    for (const Run& run : report.shown) runs.push_back(Told{&scenario, &run});
  }
  return runs;
}

bool names_folder(const std::string& path) {
  std::error_code error;
  return path.ends_with('/') || fs::is_directory(path, error);
}

// run.html, run-2.html ...; .itf.json counts as one ending.
std::string numbered(const std::string& path, std::size_t number, std::string_view ending) {
  if (number == 1) return path;
  const std::size_t cut =
      path.ends_with(ending) ? path.size() - ending.size() : path.size() - fs::path(path).extension().string().size();
  return fmt::format("{}-{}{}", path.substr(0, cut), number, path.substr(cut));
}

void write(Outcome& outcome, std::string_view kind, const std::string& path, const std::string& what,
           const std::string& content) {
  const auto error = write_whole(path, content);
  outcome.outputs.push_back(Output{std::string(kind), path, what, error.value_or("")});
}

struct RunFormat {
  std::string_view option;
  std::string_view kind;
  std::string_view ending;
  std::function<std::string(const Told&)> make;
};

// One file for each run: in a folder by the property's name, otherwise by number.
void write_runs(Outcome& outcome, const std::string& path, const RunFormat& format) {
  if (path.empty()) return;
  const std::vector<Told> runs = all_runs(outcome);
  if (runs.empty()) {
    outcome.warnings.push_back(fmt::format(
        "{}: no file was written, for there is no run to show: no claim was violated, and --show NAME asked for none "
        "that was found",
        format.option));
    return;
  }
  const bool folder = names_folder(path);
  if (folder) {
    std::error_code error;
    fs::create_directories(path, error);  // if it fails, so does writing, which says why
  }
  std::map<std::string, std::size_t> used;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string name(spec::info_of(runs[i].run->property).name);
    const std::string place =
        folder ? numbered((fs::path(path) / name).string() + std::string(format.ending), ++used[name], format.ending)
               : numbered(path, i + 1, format.ending);
    write(outcome, format.kind, place, "the run to " + name, format.make(runs[i]));
  }
}

}  // namespace

std::optional<std::string> wrong_with(const OutputOptions& wanted) {
  std::map<std::string, std::string_view> taken;
  for (const auto& [option, path] : {std::pair<std::string_view, const std::string*>{"--html", &wanted.html}}) {
    if (path->empty()) continue;
    if (names_folder(*path)) continue;  // made where it is missing
    const auto [before, fresh] = taken.emplace(*path, option);
    if (!fresh) return fmt::format("{} and {}: found the same file {}; expected two", before->second, option, *path);
    if (const auto wrong = why_not_writable(*path)) return fmt::format("{}: can't write {}", option, *wrong);
  }
  return std::nullopt;
}

void write_outputs(Outcome& outcome) {
  const OutputOptions wanted = outcome.options.outputs;
  write_runs(outcome, wanted.html, {"--html", "html", ".html", [&](const Told& told) {
                                      return html_page(diagram_of(outcome, *told.scenario, *told.run));
                                    }});
  for (const Output& output : outcome.outputs) {
    if (!output.error.empty()) outcome.exit_code = ExitCode::not_written;
  }
}

}  // namespace conclave::check
