// `conclave trace` of logs: does the configuration file speak of the servers that the logs speak of?
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "conclave/check/log_study.hpp"
#include "conclave/check/logged_address.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using model::LearnerType;
using model::ServerId;

// What a line says of a server's address.
struct Claim {
  bool quorum = false;          // its quorum port; else its election port
  std::optional<ServerId> sid;  // nothing: of the leader, whom the line does not name
  std::string address;          // as logged

  friend auto operator<=>(const Claim&, const Claim&) = default;
};

// What a line says of a server's part; no role: it calls or is called, and no more is known.
using Part = std::pair<ServerId, std::optional<LearnerType>>;

struct Seen {
  LogPlace place;
  std::size_t lines = 0;
};

std::pair<std::size_t, std::size_t> order_of(const LogPlace& place) { return {place.file, place.line}; }

class Comparison {
 public:
  explicit Comparison(LogStudy& study) : study_(study) {
    for (const config::ServerLine& server : study.addresses) lines_.emplace(server.id, &server);
    for (const logs::ServerLog& log : study.logs.servers) {
      self_ = log.sid;
      for (const logs::Fact& fact : log.facts) {
        place_ = place_of(fact);
        std::visit([this](const auto& sentence) { this->take(sentence); }, fact.sentence);
      }
    }
  }

  std::optional<std::string> judge() {
    judge_parts();
    if (auto wrong = all_foreign_ids()) return wrong;
    if (auto wrong = judge_claims()) return wrong;
    std::stable_sort(study_.foreign.begin(), study_.foreign.end(), [](const Foreign& left, const Foreign& right) {
      return order_of(left.place) < order_of(right.place);
    });
    return std::nullopt;
  }

 private:
  void take(const logs::ElectionBegins& begins) {
    see(parts_[{self_, begins.zxid.value == model::least ? LearnerType::observer : LearnerType::participant}]);
  }
  // Of those that do not vote reception logs nothing.
  void take(const logs::Heard& heard) { takes_part(heard.notification.from, LearnerType::participant); }
  void take(const logs::LearnerKnown& known) {
    takes_part(known.sid, known.votes ? LearnerType::participant : LearnerType::observer);
  }
  void take(const logs::ConnectionLeft& left) { takes_part(left.to, std::nullopt); }
  void take(const logs::ChannelRefused& refused) {
    takes_part(refused.to, std::nullopt);
    claims({false, refused.to, refused.address});
  }
  void take(const logs::ListensAt& listens) { claims({false, self_, listens.address}); }
  void take(const logs::Connected& connected) { claims({true, std::nullopt, connected.address}); }
  template <class Other>
  void take(const Other&) {}

  void takes_part(ServerId sid, std::optional<LearnerType> role) {
    if (sid == self_) return;
    others_.insert(sid);
    see(parts_[{sid, role}]);
  }
  void claims(const Claim& claim) { see(claims_[claim]); }
  void see(Seen& seen) const {
    if (seen.lines++ == 0) seen.place = place_;
  }

  [[nodiscard]] std::string where(const LogPlace& place) const {
    return fmt::format("{}:{}", study_.logs.files[place.file].name, place.line);
  }

  void judge_parts() {
    std::map<ServerId, Seen> unknown;
    for (const auto& [part, seen] : parts_) {
      const auto& [sid, role] = part;
      const auto line = lines_.find(sid);
      if (line == lines_.end()) {
        Seen& all = unknown.emplace(sid, Seen{seen.place, 0}).first->second;
        if (order_of(seen.place) < order_of(all.place)) all.place = seen.place;
        all.lines += seen.lines;
        continue;
      }
      if (!role || *role == line->second->role) continue;
      const bool votes = *role == LearnerType::participant;
      study_.foreign.push_back({seen.place, seen.lines, sid,
                                fmt::format("server {} {}", sid.value, votes ? "votes" : "observes"),
                                fmt::format("it {}", votes ? "observes" : "votes"), line->second->line});
    }
    for (const auto& [sid, seen] : unknown) {
      study_.foreign.push_back({seen.place, seen.lines, sid, fmt::format("server {} takes part", sid.value),
                                fmt::format("there is no server {}", sid.value), 0});
    }
  }

  // There are others in the logs, and the file has none of them.
  [[nodiscard]] std::optional<std::string> all_foreign_ids() const {
    const auto is_known = [this](ServerId sid) { return lines_.count(sid) > 0; };
    if (others_.empty() || std::any_of(others_.begin(), others_.end(), is_known)) return std::nullopt;
    std::vector<ServerId> configured;
    for (const auto& [sid, line] : lines_) configured.push_back(sid);
    const auto unknown = std::find_if(study_.foreign.begin(), study_.foreign.end(),
                                      [](const Foreign& one) { return one.config_line == 0; });
    return fmt::format("{}: found servers {}; expected those of which the logs speak, {}, as in {}",
                       study_.servers_file, id_set(configured), id_set({others_.begin(), others_.end()}),
                       where(unknown->place));
  }

  // The best that a claim fits one of a server's addresses.
  [[nodiscard]] static Fit fit(const config::ServerLine& server, const LoggedAddress& logged, bool quorum) {
    Fit best = Fit::other;
    for (const config::Address& one : server.addresses) {
      best = std::max(best, fit_of(logged, one.host, quorum ? one.quorum_port : one.election_port));
    }
    return best;
  }

  [[nodiscard]] static std::string election_addresses(const config::ServerLine& server) {
    std::vector<std::string> all;
    for (const config::Address& one : server.addresses) {
      const bool v6 = one.host.find(':') != std::string::npos;
      all.push_back(fmt::format("{}{}{}:{}", v6 ? "[" : "", one.host, v6 ? "]" : "", one.election_port));
    }
    return join(all, "|");
  }

  // Compares addresses. The error is that of the first one, where all are foreign.
  std::optional<std::string> judge_claims() {
    std::size_t foreign = 0;
    bool some_fit = false;
    std::optional<std::string> first;
    for (const auto& [claim, seen] : claims_) {
      const auto logged = logged_address(claim.address);
      const auto line = claim.sid ? lines_.find(*claim.sid) : lines_.end();
      if (!logged || (claim.sid && line == lines_.end())) continue;
      Fit best = Fit::other;
      for (const auto& [sid, server] : lines_) {
        if (!claim.sid || sid == *claim.sid) best = std::max(best, fit(*server, *logged, claim.quorum));
      }
      if (best == Fit::same || best == Fit::open) some_fit = true;
      if (best != Fit::other) continue;
      ++foreign;
      note_address(claim, seen, line == lines_.end() ? nullptr : line->second);
      const Foreign& noted = study_.foreign.back();
      if (!first && claim.sid) {
        first = fmt::format("{}:{}: server.{}: found its election port at {}; expected {}, as in {}",
                            study_.servers_file, noted.config_line, claim.sid->value,
                            election_addresses(*line->second), claim.address, where(seen.place));
      } else if (!first) {
        first = fmt::format("{}: found nobody's quorum port at {}; expected one, as in {}", study_.servers_file,
                            claim.address, where(seen.place));
      }
    }
    if (foreign == 0 || some_fit) return std::nullopt;
    return fmt::format("{}; {} in the logs, and none is this file's", *first,
                       how_many(static_cast<int>(foreign), "address", "addresses"));
  }

  void note_address(const Claim& claim, const Seen& seen, const config::ServerLine* line) {
    if (line == nullptr) {
      study_.foreign.push_back({seen.place, seen.lines, std::nullopt,
                                fmt::format("a leader's quorum port is at {}", claim.address),
                                "nobody's quorum port is there", 0});
      return;
    }
    study_.foreign.push_back({seen.place, seen.lines, line->id,
                              fmt::format("server {}'s election port is at {}", line->id.value, claim.address),
                              fmt::format("it is at {}", election_addresses(*line)), line->line});
  }

  LogStudy& study_;
  std::map<ServerId, const config::ServerLine*> lines_;
  ServerId self_{0};
  LogPlace place_;
  std::map<Part, Seen> parts_;
  std::map<Claim, Seen> claims_;
  std::set<ServerId> others_;  // of whom a log speaks that is not theirs
};

}  // namespace

std::optional<std::string> note_foreign(LogStudy& study) { return Comparison(study).judge(); }

}  // namespace conclave::check
