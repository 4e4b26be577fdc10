#include "conclave/check/outputs.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "conclave/check/diagram.hpp"
#include "conclave/check/output_file.hpp"

namespace conclave::check {
namespace {

namespace fs = std::filesystem;

// Violations first: where one file is asked for, it shows one.
std::vector<Diagram> all_runs(const Outcome& outcome) {
  std::vector<Diagram> runs;
  for (const auto& [scenario, report] : outcome.explored) {
    for (const Run& run : report.violations) runs.push_back(diagram_of(outcome, scenario, run));
    if (report.liveness && report.liveness->lasso) {
      runs.push_back(diagram_of(outcome, scenario, *report.liveness->lasso));
    }
  }
  for (const auto& [scenario, report] : outcome.explored) {
    for (const Run& run : report.shown) runs.push_back(diagram_of(outcome, scenario, run));
  }
  return runs;
}

bool names_folder(const std::string& path) {
  std::error_code error;
  return path.ends_with('/') || fs::is_directory(path, error);
}

// run.html, run-2.html ...
std::string numbered(const std::string& path, std::size_t number) {
  if (number == 1) return path;
  const std::size_t cut = path.size() - fs::path(path).extension().string().size();
  return fmt::format("{}-{}{}", path.substr(0, cut), number, path.substr(cut));
}

// One page for each run: in a folder by the property's name, otherwise by number.
void write_pages(Outcome& outcome, const std::string& path) {
  const std::vector<Diagram> runs = all_runs(outcome);
  if (runs.empty()) {
    outcome.warnings.emplace_back(
        "--html: no file was written, for there is no run to show: no claim was violated, and --show NAME asked for "
        "none that was found");
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
        folder ? numbered((fs::path(path) / name).string() + ".html", ++used[name]) : numbered(path, i + 1);
    const auto error = write_whole(place, html_page(runs[i]));
    outcome.outputs.push_back(Output{"html", place, "the run to " + name, error.value_or("")});
    if (error) outcome.exit_code = ExitCode::not_written;
  }
}

}  // namespace

std::optional<std::string> wrong_with(const OutputOptions& wanted, const std::string& input) {
  if (wanted.html.empty() || names_folder(wanted.html)) return std::nullopt;  // a folder is made where it is missing
  std::error_code error;
  if (fs::equivalent(wanted.html, input, error) && !error) {
    return fmt::format("--html: found {}, which is the configuration itself; expected another file", wanted.html);
  }
  if (const auto wrong = why_not_writable(wanted.html)) return "--html: can't write " + *wrong;
  return std::nullopt;
}

void write_outputs(Outcome& outcome) {
  const std::string path = outcome.options.outputs.html;
  if (!path.empty()) write_pages(outcome, path);
}

}  // namespace conclave::check
