#include "conclave/status/survey.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <limits>
#include <memory>
#include <random>
#include <set>
#include <string_view>
#include <utility>

#include "conclave/status/addresses.hpp"
#include "conclave/status/four_letter.hpp"
#include "questions.hpp"

namespace conclave::status {
namespace {

// Everything here is asked in one loop; when the last question is over, or the time is, the loop ends.
class Survey {
 public:
  Survey(const config::ZooCfg& cfg, const SurveySettings& settings) : cfg_(cfg), settings_(settings) {
    for (const config::ServerLine& server : cfg.servers) {
      ServerReport& report = reports_.emplace_back();
      report.sid = server.id;
      report.type = server.role;
      for (const config::Address& address : server.addresses) {
        report.election.push_back({address.host, address.election_port});
      }
      report.client = client_address_to_ask(cfg, server, settings.own);
    }
  }

  std::vector<ServerReport> run() {
    const std::string late =
        "no answer in " + std::to_string(settings_.timeout.count()) + " ms";  // until something else comes
    boost::asio::steady_timer timer(loop_, settings_.timeout);
    timer.async_wait([this](boost::system::error_code) { loop_.stop(); });
    std::size_t first_id = std::random_device()() % probe_ids_count;
    open_ = 1;  // this
    for (ServerReport& report : reports_) {
      if (cfg_.ssl_quorum && !cfg_.port_unification) {
        // In the clear it would only be sent away, and complained of.
        report.vote_error =
            report.client ? "its election port speaks TLS, and is not asked"
                          : "its election port speaks TLS; expected a client port to ask, as in server.N=...;2181";
      } else {
        report.vote_error = late;
        ask_for_vote(report, first_id);
      }
      if (!report.client) continue;
      report.serving_error = late;
      ask_whether_it_serves(report);
    }
    close_one();
    loop_.run();
    return std::move(reports_);
  }

 private:
  void close_one() {
    if (--open_ == 0) loop_.stop();
  }

  // The first of its addresses that answers is enough. Each is asked with an id of its own: a server keeps one
  // connection for an id.
  void ask_for_vote(ServerReport& report, std::size_t first_id) {
    ++open_;
    const auto left = std::make_shared<std::size_t>(report.election.size());
    for (const wire::HostPort& address : report.election) {
      const auto over = [this, &report, left](const VoteAnswer& answer) {
        --*left;
        if (report.vote) return;
        report.vote = answer.vote;
        report.same_members = answer.same_members;
        report.vote_error = answer.error;
        if (report.vote || *left == 0) close_one();
      };
      std::make_shared<VoteQuestion>(loop_, address, probe_ids(cfg_), first_id++, cfg_.configuration, over)
          ->start(loop_);
    }
  }

  void ask_whether_it_serves(ServerReport& report) {
    ++open_;
    const auto over = [this, &report](const std::optional<ServingAnswer>& answer, const std::string& error) {
      report.serving = answer;
      report.serving_error = error;
      close_one();
    };
    std::make_shared<ServingQuestion>(loop_, *report.client, over)->start(loop_);
  }

  const config::ZooCfg& cfg_;
  SurveySettings settings_;
  boost::asio::io_context loop_;
  std::vector<ServerReport> reports_;
  std::size_t open_ = 0;
};

bool is_wildcard(const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

// The value of a line "key: value".
std::optional<std::string_view> value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(key) && line.substr(key.size()).starts_with(": ")) return line.substr(key.size() + 2);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

bool says_it_leads(const ServerReport& report) {
  if (report.vote) return report.vote->state == model::ServerState::leading;
  return report.serving && report.serving->mode == "leader";
}

model::PeerEpoch epoch_of(const ServerReport& report) {
  return report.vote ? report.vote->proposal.epoch : model::epoch_of(report.serving->zxid);
}

// Does what is known of a server say that it follows this leader, or is it? Votes are compared as a server that looks
// for a leader would compare them.
bool agrees(const ServerReport& server, const ServerReport& leader) {
  if (server.sid == leader.sid) return true;
  if (!server.vote) {  // of an epoch that is not beyond this leader's, at least
    const bool follows = server.serving && server.serving->mode == "follower";
    return follows && model::epoch_of(server.serving->zxid) <= epoch_of(leader);
  }
  if (server.vote->state != model::ServerState::following) return false;
  if (!leader.vote) return server.vote->proposal.leader == leader.sid;
  return votes_equal(*server.vote, *leader.vote);
}

// As it says itself, where it is that leader who answers there: a client port may be guessed. The zxid of a node that
// only votes is of no epoch.
bool is_established(const ServerReport& leader, model::PeerEpoch epoch) {
  constexpr model::PeerEpoch none{0};
  if (leader.serving && !leader.serving->serving) return false;
  if (leader.serving && leader.serving->mode == "leader") return model::epoch_of(leader.serving->zxid) > none;
  return epoch > none;
}

}  // namespace

std::vector<model::ServerId> probe_ids(const config::ZooCfg& cfg) {
  std::vector<model::ServerId> ids;
  // The largest of all means an observer without an id; such a one would be called back.
  for (model::ServerId id{std::numeric_limits<std::int64_t>::max() - 1}; ids.size() < probe_ids_count; --id.value) {
    if (cfg.configuration.find(id) == nullptr) ids.push_back(id);
  }
  return ids;
}

std::optional<wire::HostPort> client_address_to_ask(const config::ZooCfg& cfg, const config::ServerLine& server,
                                                    const std::optional<model::ServerId>& own) {
  auto address = client_address_of(cfg, server.id, server.id == own);
  if (!address && cfg.client_port.value_or(0) != 0) {
    std::set<std::string> hosts;
    for (const config::ServerLine& other : cfg.servers) hosts.insert(other.addresses.front().host);
    if (hosts.size() == cfg.servers.size()) address = wire::HostPort{"", *cfg.client_port};
  }
  if (address && is_wildcard(address->host)) address->host = server.addresses.front().host;
  return address;
}

std::optional<ServingAnswer> parse_srvr(std::string_view text) {
  ServingAnswer answer;
  if (text.starts_with(not_serving)) return answer;
  const auto mode = value_of(text, "Mode");
  const auto zxid = value_of(text, "Zxid");
  const auto version = value_of(text, "Zookeeper version");
  if (!mode || !zxid || !version || !zxid->starts_with("0x")) return std::nullopt;
  std::uint64_t number = 0;
  const char* const digits_end = zxid->data() + zxid->size();
  const auto [end, wrong] = std::from_chars(zxid->data() + 2, digits_end, number, 16);
  if (wrong != std::errc() || end != digits_end) return std::nullopt;
  answer.serving = true;
  answer.mode = std::string(*mode);
  answer.zxid = model::Zxid{static_cast<std::int64_t>(number)};
  answer.version = std::string(*version);
  return answer;
}

Verdict verdict_of(const config::ZooCfg& cfg, const std::vector<ServerReport>& reports) {
  Verdict best;
  for (const ServerReport& leader : reports) {
    if (!says_it_leads(leader)) continue;
    Verdict verdict;
    verdict.leader = leader.sid;
    verdict.epoch = epoch_of(leader);
    verdict.established = is_established(leader, verdict.epoch);
    for (const ServerReport& server : reports) {
      if (cfg.configuration.votes(server.sid) && agrees(server, leader)) verdict.followers.push_back(server.sid);
    }
    verdict.quorum = cfg.configuration.contains_quorum([&](model::ServerId sid) {
      return std::find(verdict.followers.begin(), verdict.followers.end(), sid) != verdict.followers.end();
    });
    // One that has lost its followers may lead on for a while.
    const bool better = !best.leader || std::pair(verdict.quorum, verdict.epoch) > std::pair(best.quorum, best.epoch);
    if (better) best = std::move(verdict);
  }
  return best;
}

std::vector<ServerReport> survey(const config::ZooCfg& cfg, const SurveySettings& settings) {
  return Survey(cfg, settings).run();
}

}  // namespace conclave::status
