// `conclave trace`: the report, for people and for programs.
#include <fmt/format.h>

#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>

#include "conclave/check/trace_command.hpp"
#include "conclave/check/words.hpp"
#include "text_parts.hpp"

namespace conclave::check {
namespace {

using Json = nlohmann::ordered_json;

std::string verdict_of(const Survey& survey) { return survey.findings.empty() ? "same" : "differs"; }

std::string where(const TraceFinding& finding) { return fmt::format("{}:{}", finding.file, finding.line); }

void write_files(std::string& text, const Survey& survey) {
  auto out = std::back_inserter(text);
  for (const TracedFile& file : survey.files) {
    fmt::format_to(out, "{}\n  server {}; {}, {}, {} done again\n", file.name,
                   id_set({file.sids.begin(), file.sids.end()}), how_many(static_cast<int>(file.runs), "run", "runs"),
                   counted(file.lines, "line", "lines"), counted(file.steps, "step", "steps"));
    for (const std::size_t line : file.cut_lines) {
      fmt::format_to(out, "  note: line {} was not written to its end, as by a kill; it is left out\n", line);
    }
    if (file.not_looked_at == 0) continue;
    fmt::format_to(out, "  note: {} after a difference {} not looked at\n",
                   counted(file.not_looked_at, "line", "lines"), file.not_looked_at == 1 ? "was" : "were");
  }
}

void write_findings(std::string& text, const Survey& survey) {
  auto out = std::back_inserter(text);
  for (const TraceFinding& finding : survey.findings) {
    fmt::format_to(out, "DIFFERS  {}: server {}: {}\n  {}\n    recorded: {}\n    model:    {}\n", where(finding),
                   finding.sid.value, finding.what, finding.field, finding.recorded, finding.model);
  }
}

}  // namespace

std::string trace_text_report(const Survey& survey, const std::vector<StoryLine>& story) {
  std::string text;
  auto out = std::back_inserter(text);
  write_files(text, survey);
  for (const std::string& note : survey.notes) fmt::format_to(out, "note: {}\n", note);
  std::string day;
  for (const StoryLine& line : story) {
    const std::string time = record::time_to_text(line.unix_us);
    if (time.substr(0, 10) != day) {
      day = time.substr(0, 10);
      fmt::format_to(out, "story, {} UTC\n", day);
    }
    wrapped(text, fmt::format("  {}  server {}  ", time.substr(11, 12), line.sid.value), words_of(line.text), " ");
  }
  write_findings(text, survey);
  std::size_t steps = 0;
  for (const TracedFile& file : survey.files) steps += file.steps;
  if (survey.findings.empty()) {
    fmt::format_to(out, "verdict: same - the model takes each of the {} steps as it was recorded\n", grouped(steps));
  } else {
    fmt::format_to(out, "verdict: differs - {}\n",
                   how_many(static_cast<int>(survey.findings.size()), "difference", "differences"));
  }
  return text;
}

std::string trace_json_report(const Survey& survey, const std::vector<StoryLine>& story) {
  Json json = {{"format", 1}, {"verdict", verdict_of(survey)}};
  Json files = Json::array();
  for (const TracedFile& file : survey.files) {
    Json sids = Json::array();
    for (const model::ServerId sid : file.sids) sids.push_back(sid.value);
    files.push_back({{"name", file.name},
                     {"sids", sids},
                     {"runs", file.runs},
                     {"lines", file.lines},
                     {"steps", file.steps},
                     {"cut_lines", file.cut_lines},
                     {"not_looked_at", file.not_looked_at}});
  }
  json["files"] = files;
  json["notes"] = survey.notes;
  Json findings = Json::array();
  for (const TraceFinding& finding : survey.findings) {
    findings.push_back({{"file", finding.file},
                        {"line", finding.line},
                        {"sid", finding.sid.value},
                        {"event", finding.what},
                        {"field", finding.field},
                        {"recorded", finding.recorded},
                        {"model", finding.model}});
  }
  json["differences"] = findings;
  Json lines = Json::array();
  for (const StoryLine& line : story) {
    lines.push_back({{"time", record::time_to_text(line.unix_us)},
                     {"sid", line.sid.value},
                     {"file", survey.files[line.file].name},
                     {"line", line.line},
                     {"text", line.text}});
  }
  json["story"] = lines;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace conclave::check
