#include "conclave/record/replay.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "conclave/model/coarse.hpp"
#include "conclave/model/epoch.hpp"
#include "lines.hpp"

namespace conclave::record {
namespace {

constexpr std::string_view run_prefix = R"({"kind":"run")";

bool is_run(std::string_view line) { return line.starts_with(run_prefix); }

// Two values of the same field, down to the part in which they differ.
std::optional<Difference> first_difference(const std::string& path, const Json* recorded, const Json* model) {
  if (recorded != nullptr && model != nullptr) {
    if (*recorded == *model) return std::nullopt;
    if (recorded->is_object() && model->is_object()) {
      for (const Json* side : {model, recorded}) {
        for (const auto& [name, value] : side->items()) {
          const auto one = recorded->find(name);
          const auto other = model->find(name);
          std::string place = path;
          place += "." + name;
          auto found = first_difference(place, one == recorded->end() ? nullptr : &*one,
                                        other == model->end() ? nullptr : &*other);
          if (found) return found;
        }
      }
      return std::nullopt;  // the order of names says nothing
    }
    if (recorded->is_array() && model->is_array()) {
      for (std::size_t i = 0; i < std::max(recorded->size(), model->size()); ++i) {
        auto found =
            first_difference(path + "[" + std::to_string(i) + "]", i < recorded->size() ? &(*recorded)[i] : nullptr,
                             i < model->size() ? &(*model)[i] : nullptr);
        if (found) return found;
      }
    }
  }
  const auto text = [](const Json* json) { return json == nullptr ? std::string("nothing") : brief(*json); };
  return Difference{"", path, text(recorded), text(model)};
}

std::optional<Difference> compared(const Json& line, const Json& model) {
  for (const char* name : {"effects", "after", "rules"}) {
    const auto one = line.find(name);
    const auto other = model.find(name);
    auto found =
        first_difference(name, one == line.end() ? nullptr : &*one, other == model.end() ? nullptr : &*other);
    if (found && (one != line.end() || other != model.end())) return found;
  }
  return std::nullopt;
}

}  // namespace

Content content_of(std::string_view beginning) {
  if (beginning.empty()) return Content::empty;
  const auto is_control = [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < ' ' && c != '\n' && c != '\r' && c != '\t';
  };
  if (std::any_of(beginning.begin(), beginning.end(), is_control)) return Content::binary;
  // Also of one that was cut off in its first words.
  return is_run(beginning) || run_prefix.starts_with(beginning) ? Content::recording : Content::other;
}

std::string ReadError::message() const {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line);
  if (!what.empty()) text += ": " + what;
  return text + ": found " + found + "; expected " + expected;
}

struct Replay::Inside {
  std::unique_ptr<std::istream> in;
  std::string name;

  struct Line {
    std::string text;
    bool ended = false;     // by a newline
    bool too_long = false;  // the text is only its beginning
  };
  std::optional<Line> ahead;
  std::size_t line = 0;  // of what is at hand

  bool in_run = false;
  bool differs = false;  // the rest of the run is not looked at
  std::size_t not_looked_at = 0;
  std::uint64_t number = 0;
  std::int64_t us = 0;
  RunStart run;
  States states;

  model::Peer before, peer;
  model::Event event;
  model::Transition made;
  model::Durable disk;  // what has been written; a role of the epochs begins with it
  model::EpochPeer epoch_before, epoch_peer;
  model::EpochEvent epoch_event;
  model::EpochTransition epoch_made;
  std::optional<model::PeerEpoch> announced;  // an established epoch that the election has not heard of yet
  bool role_over = false;                     // that of the epochs; the election's has to end too
  bool stands_back = false;                   // in the next election

  Moment moment;

  std::optional<Line> read_line();
  tl::expected<std::optional<Moment>, ReadError> next();
  void take(const std::string& kind, const Json& json);
  void take_run(const Json& json);
  void take_configuration(const Json& json);
  void take_durable(const Json& json);
  void take_election(const Json& json);
  void take_epoch(const Json& json);
  void check_order(const Json& json);
  [[nodiscard]] model::Durable votes_with() const { return stands_back ? model::standing_back(disk) : disk; }
  void differ(const Json& json, std::string field, std::string recorded, std::string model);
  void check_names(const Json& json, std::initializer_list<std::string_view> names) const;
  [[nodiscard]] ReadError error(std::string what, std::string found, std::string expected) const {
    return {name, line, std::move(what), std::move(found), std::move(expected)};
  }
};

// --- lines ----------------------------------------------------------------------------------------------------------

std::optional<Replay::Inside::Line> Replay::Inside::read_line() {
  const auto read = [this]() -> std::optional<Line> {
    using Traits = std::istream::traits_type;
    std::streambuf& buffer = *in->rdbuf();
    Line got;
    bool any = false;
    for (auto c = buffer.sbumpc(); !Traits::eq_int_type(c, Traits::eof()); c = buffer.sbumpc()) {
      any = true;
      if (Traits::to_char_type(c) == '\n') {
        got.ended = true;
        break;
      }
      if (got.text.size() == line_bytes_max) {
        got.too_long = true;
        break;
      }
      got.text.push_back(Traits::to_char_type(c));
    }
    return any ? std::optional(std::move(got)) : std::nullopt;
  };
  if (line == 0) ahead = read();
  std::optional<Line> now = std::move(ahead);
  ahead = now ? read() : std::nullopt;
  if (now) ++line;
  return now;
}

tl::expected<std::optional<Moment>, ReadError> Replay::Inside::next() {
  for (;;) {
    const std::optional<Line> got = read_line();
    if (!got) {
      if (line == 0) return tl::unexpected(error("", "an empty file", "a recording"));
      return std::optional<Moment>();
    }
    if (got->too_long) {
      return tl::unexpected(
          error("", "a line of more than " + std::to_string(line_bytes_max) + " bytes", "a line of a recording"));
    }
    const Json json = Json::parse(got->text, nullptr, false);
    const bool cut = json.is_discarded() && (ahead ? is_run(ahead->text) : !got->ended);
    moment = Moment{};
    moment.line = line;
    if (cut) {
      moment.kind = Moment::Kind::cut;
      moment.unix_us = run.unix_us + us;
      if (in_run) moment.run = &run;
      in_run = false;
      return moment;
    }
    if (!json.is_object() || !json.contains("kind") || !json["kind"].is_string()) {
      const Content content = content_of(got->text);
      std::string found = brief(Json(got->text));
      if (content == Content::binary) found = "bytes that are no text";
      if (got->text.empty()) found = "an empty line";
      return tl::unexpected(error("", found, "a line of a recording"));
    }
    const std::string kind = json["kind"].get<std::string>();
    try {
      if (kind != "run") check_order(json);
      if (differs && kind != "run") {
        ++not_looked_at;
        continue;
      }
      take(kind, json);
    } catch (const WrongValue& value) {
      return tl::unexpected(error(value.path, value.found, value.expected));
    }
    moment.unix_us = run.unix_us + us;
    moment.run = &run;
    if (moment.difference) differs = true;
    return moment;
  }
}

// --- one line of each kind ------------------------------------------------------------------------------------------

void Replay::Inside::check_names(const Json& json, std::initializer_list<std::string_view> names) const {
  for (const auto& [field, value] : json.items()) {
    const bool common = field == "kind" || field == "n" || field == "us";
    if (common || std::find(names.begin(), names.end(), field) != names.end()) continue;
    throw WrongValue{"", "a field '" + field + "'", "no such field in a line of kind " + brief(json["kind"])};
  }
}

// Lines that are missing, or come twice, or from elsewhere.
void Replay::Inside::check_order(const Json& json) {
  if (!in_run) throw WrongValue{"kind", brief(json["kind"]), "a line of kind \"run\" first"};
  const std::uint64_t expected = number + 1;
  const auto n = json.find("n");
  if (n == json.end() || *n != Json(expected)) {
    throw WrongValue{"n", n == json.end() ? "nothing" : brief(*n), std::to_string(expected)};
  }
  const auto time = json.find("us");
  if (time == json.end() || !time->is_number_integer() || *time < Json(us)) {
    throw WrongValue{"us", time == json.end() ? "nothing" : brief(*time),
                     "microseconds since the run began, at least " + std::to_string(us)};
  }
  number = expected;
  us = time->get<std::int64_t>();
}

void Replay::Inside::take(const std::string& kind, const Json& json) {
  if (kind == "run") return take_run(json);
  if (kind == "configuration") return take_configuration(json);
  if (kind == "durable") return take_durable(json);
  if (kind == "election") return take_election(json);
  if (kind == "epoch") return take_epoch(json);
  if (kind != "end") {
    throw WrongValue{"kind", brief(json["kind"]), "one of run configuration durable election epoch end"};
  }
  check_names(json, {"why"});
  if (!json.contains("why") || !json["why"].is_string()) throw WrongValue{"why", "nothing", "a text"};
  moment.kind = Moment::Kind::run_ended;
  moment.why = json["why"].get<std::string>();
  in_run = false;
}

void Replay::Inside::take_run(const Json& json) {
  const auto format = json.find("format");
  if (format == json.end() || *format != Json(format_version)) {
    throw WrongValue{"format", format == json.end() ? "nothing" : brief(*format), std::to_string(format_version)};
  }
  run = run_of(json);
  in_run = true;
  differs = false;
  number = 0;
  us = 0;
  states = States{};
  peer = model::make_peer(run.ensemble, run.sid, run.durable);
  disk = run.durable;
  epoch_peer = model::make_epoch_peer(run.ensemble, run.sid, disk);
  announced.reset();
  role_over = false;
  stands_back = false;
  moment.kind = Moment::Kind::run_began;
}

void Replay::Inside::take_configuration(const Json& json) {
  check_names(json, {"configuration"});
  if (!json.contains("configuration")) throw WrongValue{"configuration", "nothing", "a configuration"};
  if (run.ensemble.configurations.full()) {
    throw WrongValue{"configuration", "one more", "at most " + std::to_string(model::configurations_max)};
  }
  run.ensemble.configurations.push_back(configuration_of(json));
  moment.kind = Moment::Kind::configuration;
}

// Taken over by the election from the epochs, and from nowhere else.
void Replay::Inside::take_durable(const Json& json) {
  check_names(json, {"durable"});
  if (!json.contains("durable")) throw WrongValue{"durable", "nothing", "epochs"};
  moment.kind = Moment::Kind::durable;
  const model::Durable durable = durable_of(json);
  const model::Durable expected = votes_with();
  if (durable != expected) return differ(json, "durable", brief(json["durable"]), brief(encode_durable(expected)));
  peer.durable = durable;
  states.election["durable"] = encode_durable(durable);
}

void Replay::Inside::differ(const Json& json, std::string field, std::string recorded, std::string model) {
  const auto found = json.find("event");
  moment.difference =
      Difference{found == json.end() ? "" : found->dump(), std::move(field), std::move(recorded), std::move(model)};
}

void Replay::Inside::take_election(const Json& json) {
  check_names(json, {"event", "rules", "effects", "after"});
  if (!json.contains("event")) throw WrongValue{"event", "nothing", "an event"};
  event = event_of(json);
  const auto* received = std::get_if<model::Received>(&event);
  const bool has_config = received != nullptr && received->message.config_text == model::ConfigText::parsed;
  if (has_config && received->message.config >= run.ensemble.configurations.size()) {
    throw WrongValue{"event.configuration", std::to_string(received->message.config),
                     "one of the " + std::to_string(run.ensemble.configurations.size()) + " that are known"};
  }
  if (std::holds_alternative<model::Start>(event)) {
    const model::Durable expected = votes_with();
    if (peer.durable != expected) {
      return differ(json, "durable", brief(encode_durable(peer.durable)), brief(encode_durable(expected)));
    }
    stands_back = false;
  }
  before = peer;
  made = model::react(run.ensemble, peer, event);
  peer = made.peer;
  moment.kind = Moment::Kind::election;
  moment.before = &before;
  moment.event = &event;
  moment.made = &made;
  if (const auto* established = std::get_if<model::EpochEstablished>(&event)) {
    if (announced != established->epoch) {
      return differ(json, "event.epoch", std::to_string(established->epoch.value),
                    announced ? std::to_string(announced->value) : "no epoch is established");
    }
    announced.reset();
  }
  if (std::holds_alternative<model::RoleEnded>(event) && run.epochs && !std::exchange(role_over, false)) {
    return differ(json, "event.type", "\"role-ended\"", "the role of the epoch is not over");
  }
  auto difference = compared(json, election_fields(event, made, states));
  if (difference) differ(json, difference->field, difference->recorded, difference->model);
}

void Replay::Inside::take_epoch(const Json& json) {
  check_names(json, {"event", "effects", "after"});
  if (!run.epochs) throw WrongValue{"kind", "\"epoch\"", "no such line in a run without epochs"};
  if (!json.contains("event")) throw WrongValue{"event", "nothing", "an event"};
  epoch_event = epoch_event_of(json);
  const auto* follow = std::get_if<model::Follow>(&epoch_event);
  const bool lead = std::holds_alternative<model::Lead>(epoch_event);
  if (lead || follow != nullptr) {
    epoch_peer = model::make_epoch_peer(run.ensemble, run.sid, disk, peer.committed);
  }
  epoch_before = epoch_peer;
  epoch_made = model::epoch_step(run.ensemble, epoch_peer, epoch_event);
  epoch_peer = epoch_made.peer;
  disk = epoch_peer.durable;
  moment.kind = Moment::Kind::epoch;
  moment.epoch_before = &epoch_before;
  moment.epoch_event = &epoch_event;
  moment.epoch_made = &epoch_made;
  for (const model::EpochEffect& effect : epoch_made.effects) {
    if (const auto* established = std::get_if<model::Established>(&effect)) announced = established->epoch;
    if (const auto* over = std::get_if<model::RoleOver>(&effect)) {
      role_over = true;
      stands_back = over->reason == model::EndReason::no_history;
    }
  }
  const model::ServerState state = state_of(peer);
  const model::Proposal& elected = peer.current_vote.proposal;
  const bool leads = state == model::ServerState::leading;
  const bool follows = state == model::ServerState::following || state == model::ServerState::observing;
  if ((lead && !leads) ||
      (follow != nullptr && !(follows && elected.leader == follow->leader && elected.zxid == follow->zxid))) {
    std::string says = std::string(name_of(state));
    if (follows) says += " leader=" + std::to_string(elected.leader.value) + " zxid=" + zxid_to_text(elected.zxid);
    return differ(json, "event", lead ? "\"lead\"" : brief(json["event"]), "the election says " + says);
  }
  auto difference = compared(json, epoch_fields(epoch_event, epoch_made, states));
  if (difference) differ(json, difference->field, difference->recorded, difference->model);
}

// --- the outside ----------------------------------------------------------------------------------------------------

tl::expected<Replay, ReadError> Replay::open(const std::string& path) {
  std::error_code error;
  const auto refused = [&path](std::string found) {
    return tl::unexpected(ReadError{path, 0, "", std::move(found), "a recording"});
  };
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return refused("no such file");
  if (error) return refused(error.message());
  if (std::filesystem::is_directory(status)) return refused("a folder");
  // Each is read more than once.
  if (!std::filesystem::is_regular_file(status)) return refused("a pipe or a device");
  auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*file) return refused(std::strerror(errno));
  return Replay(std::move(file), path);
}

Replay::Replay(std::unique_ptr<std::istream> in, std::string name) : inside_(std::make_unique<Inside>()) {
  inside_->in = std::move(in);
  inside_->name = std::move(name);
}
Replay::Replay(Replay&& other) noexcept = default;
Replay& Replay::operator=(Replay&& other) noexcept = default;
Replay::~Replay() = default;

tl::expected<std::optional<Moment>, ReadError> Replay::next() { return inside_->next(); }
const std::string& Replay::name() const { return inside_->name; }
std::size_t Replay::not_looked_at() const { return inside_->not_looked_at; }

}  // namespace conclave::record
