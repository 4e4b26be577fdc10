#include "conclave/status/survey_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

namespace conclave::status {
namespace {

using Json = nlohmann::ordered_json;

std::string hex(model::Zxid zxid) { return fmt::format("0x{:x}", static_cast<std::uint64_t>(zxid.value)); }

std::string number(std::int64_t value) { return value == model::least ? "-" : std::to_string(value); }

// --- the table ------------------------------------------------------------------------------------------------------

constexpr std::size_t columns = 8;
using Row = std::array<std::string, columns>;

std::string role_of(const ServerReport& report) {
  if (report.vote) return std::string(name_of(report.vote->state));
  if (!report.serving || !report.serving->serving) return "-";
  const std::string& mode = report.serving->mode;
  if (mode == "leader") return std::string(name_of(model::ServerState::leading));
  if (mode == "follower") return std::string(name_of(model::ServerState::following));
  if (mode == "observer") return std::string(name_of(model::ServerState::observing));
  return mode;
}

std::string client_text(const ServerReport& report) {
  if (!report.client) return "-";
  if (!report.serving) return report.serving_error;
  if (!report.serving->serving) return "not serving";
  return fmt::format("{}, zxid {}", report.serving->mode, hex(report.serving->zxid));
}

Row row_of(const ServerReport& report) {
  Row row;
  row[0] = std::to_string(report.sid.value) + (report.type == model::LearnerType::observer ? " (observer)" : "");
  for (const wire::HostPort& address : report.election) row[1] += (row[1].empty() ? "" : "|") + to_text(address);
  row[2] = role_of(report);
  row[3] = row[4] = row[5] = row[6] = "-";
  if (report.vote) {
    const model::Proposal& proposal = report.vote->proposal;
    // While it looks, this is only whom it would have.
    const bool looking = report.vote->state == model::ServerState::looking;
    row[3] = looking ? "-" : number(proposal.leader.value);
    row[4] = number(proposal.epoch.value);
    row[5] = number(report.vote->round.value);
    row[6] =
        fmt::format("({}, {}, {})", number(proposal.epoch.value),
                    proposal.zxid.value == model::least ? "-" : hex(proposal.zxid), number(proposal.leader.value));
  }
  row[7] = client_text(report);
  return row;
}

std::string table(const std::vector<Row>& rows) {
  std::array<std::size_t, columns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string ids_text(const std::vector<model::ServerId>& ids) {
  std::string text;
  for (const model::ServerId id : ids) text += (text.empty() ? "" : " ") + std::to_string(id.value);
  return "{" + text + "}";
}

std::string conclusion(const config::ZooCfg& cfg, const std::vector<ServerReport>& reports) {
  const Verdict verdict = verdict_of(cfg, reports);
  const std::size_t voters = cfg.configuration.voters();
  if (verdict.leader && verdict.quorum) {
    return fmt::format("leader {} in epoch {}, with voters {}: a quorum of {}{}\n", verdict.leader->value,
                       verdict.epoch.value, ids_text(verdict.followers), voters,
                       verdict.established ? "" : ", but no epoch is established yet");
  }
  if (verdict.leader) {
    return fmt::format("no leader with a quorum: {} says it leads in epoch {}, but voters {} are no quorum of {}\n",
                       verdict.leader->value, verdict.epoch.value, ids_text(verdict.followers), voters);
  }
  std::size_t silent = 0;
  for (const ServerReport& report : reports) {
    const bool votes = cfg.configuration.votes(report.sid);
    if (votes && !report.vote && !report.serving) ++silent;
  }
  return fmt::format("no leader: none of {} voters says that it leads, and {} can't be asked\n", voters, silent);
}

// --- JSON -----------------------------------------------------------------------------------------------------------

Json vote_json(const model::Vote& vote) {
  const auto value = [](std::int64_t raw) { return raw == model::least ? Json(nullptr) : Json(raw); };
  const bool no_zxid = vote.proposal.zxid.value == model::least;
  return {{"leader", value(vote.proposal.leader.value)},
          {"epoch", value(vote.proposal.epoch.value)},
          {"zxid", no_zxid ? Json(nullptr) : Json(hex(vote.proposal.zxid))}};
}

Json server_json(const ServerReport& report) {
  Json addresses = Json::array();
  for (const wire::HostPort& address : report.election) addresses.push_back(to_text(address));
  Json srvr = nullptr;
  if (report.serving && report.serving->serving) {
    srvr = {{"serving", true},
            {"mode", report.serving->mode},
            {"zxid", hex(report.serving->zxid)},
            {"version", report.serving->version}};
  } else if (report.serving) {
    srvr = {{"serving", false}};
  }
  const auto text = [](const std::string& error) { return error.empty() ? Json(nullptr) : Json(error); };
  return {{"sid", report.sid.value},
          {"type", report.type == model::LearnerType::observer ? "observer" : "participant"},
          {"electionAddresses", std::move(addresses)},
          {"clientAddress", report.client ? Json(to_text(*report.client)) : Json(nullptr)},
          {"reachable", report.vote || report.serving},
          {"state", report.vote ? Json(name_of(report.vote->state)) : Json(nullptr)},
          {"round", report.vote ? Json(report.vote->round.value) : Json(nullptr)},
          {"vote", report.vote ? vote_json(*report.vote) : Json(nullptr)},
          {"voteError", text(report.vote ? "" : report.vote_error)},
          {"sameMembers", report.vote ? Json(report.same_members) : Json(nullptr)},
          {"srvr", std::move(srvr)},
          {"srvrError", text(report.serving ? "" : report.serving_error)}};
}

}  // namespace

std::string survey_text(const config::ZooCfg& cfg, const std::vector<ServerReport>& reports) {
  std::vector<Row> rows{{"server", "election port", "state", "leader", "epoch", "round", "vote", "client port"}};
  for (const ServerReport& report : reports) rows.push_back(row_of(report));
  std::string text = table(rows);
  for (const ServerReport& report : reports) {
    if (!report.vote) text += fmt::format("server {}: {}\n", report.sid.value, report.vote_error);
    if (!report.same_members) {
      text += fmt::format("server {}: has other members, roles or weights than {}\n", report.sid.value, cfg.file);
    }
  }
  return text + conclusion(cfg, reports);
}

std::string survey_json(const config::ZooCfg& cfg, const std::vector<ServerReport>& reports) {
  const Verdict verdict = verdict_of(cfg, reports);
  Json servers = Json::array();
  for (const ServerReport& report : reports) servers.push_back(server_json(report));
  Json followers = Json::array();
  for (const model::ServerId sid : verdict.followers) followers.push_back(sid.value);
  const Json json{{"format", survey_format},
                  {"file", cfg.file},
                  {"ok", is_good(verdict)},
                  {"quorum", verdict.quorum},
                  {"established", verdict.established},
                  {"leader", verdict.leader ? Json(verdict.leader->value) : Json(nullptr)},
                  {"epoch", verdict.leader ? Json(verdict.epoch.value) : Json(nullptr)},
                  {"followers", std::move(followers)},
                  {"servers", std::move(servers)}};
  // Host names come from a file, and may be no UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace conclave::status
