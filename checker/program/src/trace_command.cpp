// `conclave trace`: recordings or logs, as their content has it.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "conclave/check/command.hpp"
#include "conclave/check/log_study.hpp"
#include "conclave/check/output_file.hpp"
#include "conclave/check/trace_command.hpp"
#include "conclave/logs/server_log.hpp"

namespace conclave::check {
namespace {

// A log may begin with what is no message: a start script's words, a stack trace.
constexpr std::size_t beginning_bytes = std::size_t{1} << 16U;
constexpr const char* expected = "a recording of `conclave node --record`, or the log of a ZooKeeper server";

constexpr const char* an_empty_file = "an empty file";

struct Kind {
  std::optional<TraceInput> input;
  const char* otherwise = "";
};

Kind kind_of(const std::string& beginning) {
  if (logs::looks_like_log(beginning)) return {TraceInput::logs};
  switch (record::content_of(std::string_view(beginning).substr(0, record::beginning_bytes))) {
    case record::Content::recording: return {TraceInput::recordings};
    case record::Content::empty: return {std::nullopt, an_empty_file};
    case record::Content::binary: return {std::nullopt, "bytes that are no text"};
    case record::Content::other: break;
  }
  return {std::nullopt, "a text of another kind"};
}

std::string first_byte_of(const std::string& path) {
  char byte = 0;
  std::ifstream(path, std::ios::binary).get(byte);
  return {byte};
}

const char* name_of(TraceInput input) { return input == TraceInput::logs ? "a server's log" : "a recording"; }

ExitCode refused(const std::string& message, ExitCode code) {
  fmt::print(stderr, "{}\n", message);
  return code;
}

ExitCode run_recordings(const TraceOptions& options) {
  if (!options.html.empty()) {
    return refused("conclave: --html: found recordings; expected logs", ExitCode::wrong_use);
  }
  if (!options.config.empty()) {
    return refused("conclave: --config: found recordings, which have it in them; expected logs", ExitCode::wrong_use);
  }
  const auto found = survey(options.files);
  if (!found) return refused(found.error().message(), ExitCode::bad_input);
  const auto story = story_of(*found, options.all);
  if (!story) return refused(story.error().message(), ExitCode::bad_input);
  const std::string report = options.json ? trace_json_report(*found, *story) : trace_text_report(*found, *story);
  return printed(report, found->findings.empty() ? ExitCode::holds : ExitCode::violated);
}

// Which election is to be drawn, or what is wrong with the wish.
tl::expected<std::size_t, std::string> election_to_draw(const LogStudy& study, std::size_t wanted) {
  if (study.outcomes.empty()) {
    return tl::unexpected(fmt::format("conclave: --html: found no election that ended in {}; expected one to draw{}",
                                      study.logs.files.size() == 1 ? "this log" : "these logs",
                                      study.turns.empty() ? "" : "; without --html those without an end are told"));
  }
  const std::size_t chosen = wanted > 0 ? wanted - 1 : *outcome_to_draw(study);
  if (chosen < study.outcomes.size()) return chosen;
  return tl::unexpected(
      fmt::format("conclave: --election: found {}; expected 1 to {}", wanted, study.outcomes.size()));
}

ExitCode run_logs(const TraceOptions& options) {
  if (!options.html.empty()) {
    const auto wrong = wrong_with_output("--html", options.html, options.files, "is one of the logs");
    if (wrong) return refused("conclave: " + *wrong, ExitCode::wrong_use);
  }
  const auto study = study_logs(options.files, options.config);
  if (!study) return refused(study.error(), ExitCode::bad_input);
  ExitCode code = exit_code_of(*study);
  if (!options.html.empty()) {
    const auto election = election_to_draw(*study, options.election);
    if (!election) return refused(election.error(), ExitCode::wrong_use);
    if (const auto wrong = write_whole(options.html, html_page(log_diagram(*study, *election)))) {
      code = refused("conclave: can't write " + *wrong, ExitCode::not_written);
    }
  }
  return printed(options.json ? log_json_report(*study) : log_text_report(*study, options.all), code);
}

}  // namespace

tl::expected<TraceInput, std::string> trace_input_of(const std::vector<std::string>& files) {
  std::optional<TraceInput> all;
  std::optional<std::string> empty;
  std::string first;  // that is not
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string& path = files[i];
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      std::error_code error;
      if (!std::filesystem::equivalent(files[earlier], path, error) || error) continue;
      return tl::unexpected(
          fmt::format("{}: found the same file twice, also as {}; expected each once", path, files[earlier]));
    }
    // Whether it is there, and a file.
    if (auto opened = record::Replay::open(path); !opened) {
      record::ReadError error = opened.error();
      if (!error.expected.empty()) error.expected = expected;
      return tl::unexpected(error.message());
    }
    const auto beginning = logs::beginning_of(path, beginning_bytes);
    if (!beginning) return tl::unexpected(beginning.error().message());
    const Kind kind = kind_of(*beginning);
    if (kind.input == TraceInput::recordings && beginning->substr(0, 1) != first_byte_of(path)) {
      return tl::unexpected(fmt::format("{}: found a recording packed by gzip; expected it unpacked", path));
    }
    // A log is empty when it has just been rotated.
    if (std::string_view(kind.otherwise) == an_empty_file) {
      if (!empty) empty = path;
      continue;
    }
    if (!kind.input) {
      const bool text = std::string_view(kind.otherwise).starts_with("a text");
      return tl::unexpected(record::ReadError{path, text ? 1U : 0U, "", kind.otherwise, expected}.message());
    }
    if (all && *all != *kind.input) {
      return tl::unexpected(
          fmt::format("{}: found {}; expected {}, as {} is", path, name_of(*kind.input), name_of(*all), first));
    }
    if (!all) first = path;
    all = kind.input;
  }
  if (empty && all != TraceInput::logs) {
    return tl::unexpected(record::ReadError{*empty, 0, "", an_empty_file, expected}.message());
  }
  return *all;
}

ExitCode run_trace(const TraceOptions& options) {
  const auto input = trace_input_of(options.files);
  if (!input) return refused(input.error(), ExitCode::bad_input);
  return *input == TraceInput::logs ? run_logs(options) : run_recordings(options);
}

}  // namespace conclave::check
