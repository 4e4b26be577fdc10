#include "lines.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "conclave/model/rule.hpp"
#include "model_codec.hpp"

namespace conclave::record {
namespace {

constexpr std::size_t brief_bytes = 80;
constexpr std::int64_t us_per_s = 1'000'000;

// What has changed, field by field; `last` becomes `now`.
Json changes(Json& last, Json now) {
  Json changed = Json::object();
  for (const auto& [name, value] : now.items()) {
    if (!last.contains(name) || last[name] != value) changed[name] = value;
  }
  last = std::move(now);
  return changed;
}

void add_unless_empty(Json& line, const char* name, Json value) {
  if (!value.empty()) line[name] = std::move(value);
}

}  // namespace

std::string brief(const Json& json) {
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > brief_bytes) text = text.substr(0, brief_bytes) + "...";
  return text;
}

std::string zxid_to_text(model::Zxid zxid) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(zxid.value));
  return text.data();
}

std::optional<model::Zxid> zxid_from_text(std::string_view text) {
  std::uint64_t value = 0;
  if (!text.starts_with("0x")) return std::nullopt;
  text.remove_prefix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return model::Zxid{static_cast<std::int64_t>(value)};
}

std::string time_to_text(std::int64_t unix_us) {
  const std::time_t seconds = unix_us / us_per_s;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(unix_us % us_per_s));
  return text.data();
}

std::optional<std::int64_t> time_from_text(std::string_view text) {
  std::tm utc{};
  int us = 0;
  const std::string copy(text);
  const int read = std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
                               &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &us);
  if (read != 7) return std::nullopt;
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  const std::int64_t time = std::int64_t{::timegm(&utc)} * us_per_s + us;
  // Written again it has to be the same: then nothing was missing, and nothing out of its range.
  if (time < 0 || time_to_text(time) != text) return std::nullopt;
  return time;
}

// --- a run ----------------------------------------------------------------------------------------------------------

Json run_fields(const RunStart& start) {
  return Json{{"format", format_version},          {"program", start.program}, {"time", time_to_text(start.unix_us)},
              {"sid", encode(start.sid)},          {"epochs", start.epochs},   {"durable", encode(start.durable)},
              {"ensemble", encode(start.ensemble)}};
}

RunStart run_of(const Json& line) {
  RunStart start;
  JsonReader reader(line, "");
  std::string time;
  int format = 0;
  reader.knows("kind");
  reader("format", format);
  reader("program", start.program);
  reader("time", time);
  reader("sid", start.sid);
  reader("epochs", start.epochs);
  reader("durable", start.durable);
  reader("ensemble", start.ensemble);
  reader.has_no_more();
  const auto unix_us = time_from_text(time);
  if (!unix_us) wrong("time", time, "a time like \"2026-01-31T12:00:00.000001Z\"");
  start.unix_us = *unix_us;
  const auto& configurations = start.ensemble.configurations;
  if (configurations.empty()) wrong("ensemble.configurations", Json::array(), "at least one");
  if (configurations[0].find(start.sid) == nullptr) wrong("sid", encode(start.sid), "a server of the configuration");
  return start;
}

// --- steps ----------------------------------------------------------------------------------------------------------

Json election_fields(const model::Event& event, const model::Transition& made, States& states) {
  Json line = {{"event", encode(event)}};
  Json rules = Json::array();
  for (const model::RuleInfo& info : model::rule_infos) {
    if (made.rules.has(info.rule)) rules.push_back(std::string(info.name));
  }
  add_unless_empty(line, "rules", std::move(rules));
  add_unless_empty(line, "effects", encode(made.effects));
  add_unless_empty(line, "after", changes(states.election, encode(made.peer)));
  return line;
}

Json epoch_fields(const model::EpochEvent& event, const model::EpochTransition& made, States& states) {
  Json line = {{"event", encode(event)}};
  add_unless_empty(line, "effects", encode(made.effects));
  // A role begins with a server that was made for it.
  const bool begins = std::holds_alternative<model::Lead>(event) || std::holds_alternative<model::Follow>(event);
  if (begins) states.epoch = Json::object();
  add_unless_empty(line, "after", changes(states.epoch, encode(made.peer)));
  return line;
}

Json encode_durable(const model::Durable& durable) { return encode(durable); }
Json encode_configuration(const model::Configuration& configuration) { return encode(configuration); }

model::Durable durable_of(const Json& line) { return decode<model::Durable>(line.at("durable"), "durable"); }
model::Configuration configuration_of(const Json& line) {
  return decode<model::Configuration>(line.at("configuration"), "configuration");
}
model::Event event_of(const Json& line) { return decode<model::Event>(line.at("event"), "event"); }
model::EpochEvent epoch_event_of(const Json& line) { return decode<model::EpochEvent>(line.at("event"), "event"); }

}  // namespace conclave::record
