// What the tests of explanations share: a server's log, written line by line.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "conclave/logs/replay.hpp"
#include "conclave/model/election.hpp"

namespace conclave::logs {

inline model::Transition today(const model::Ensemble& ensemble, const model::Peer& peer, const model::Event& event) {
  return model::step(ensemble, peer, event);
}

inline World world_of_three() {
  constexpr std::array<model::ServerId, 3> ids = {model::ServerId{1}, model::ServerId{2}, model::ServerId{3}};
  return {model::Configuration::majority(ids), model::Timing{}, today};
}

// Its votes are for servers with the zxid 0.
class LogBuilder {
 public:
  explicit LogBuilder(std::int64_t sid = 1) { log_.sid = model::ServerId{sid}; }

  // What it says next comes just after that.
  LogBuilder& at(std::int64_t time_ms) {
    time_ms_ = time_ms;
    return *this;
  }
  LogBuilder& says(Sentence sentence, int after_ms = 1) {
    time_ms_ += after_ms;
    log_.facts.push_back({0, log_.facts.size() + 1, time_ms_, std::move(sentence)});
    return *this;
  }
  LogBuilder& starts() { return says(ProcessStarted{}); }
  LogBuilder& looks() { return says(Looking{}).says(ElectionBegins{log_.sid, model::Zxid{0}}); }
  LogBuilder& hears(std::int64_t from, model::ServerState state, std::int64_t leader, std::int64_t round,
                    std::int64_t epoch = 0, model::ServerState my_state = model::ServerState::looking) {
    const model::Proposal proposal{model::PeerEpoch{epoch}, model::Zxid{0}, model::ServerId{leader}};
    const model::Vote vote{proposal, model::Round{round}, 2, state};
    return says(Heard{my_state, {model::ServerId{from}, vote}, model::ConfigVersion{0}});
  }
  LogBuilder& hears_vote(std::int64_t from, std::int64_t leader, std::int64_t round = 1) {
    return hears(from, model::ServerState::looking, leader, round);
  }
  LogBuilder& hears_after(int after_ms, std::int64_t from, std::int64_t leader) {
    time_ms_ += after_ms - 1;
    return hears_vote(from, leader);
  }
  LogBuilder& looks_and_hears_itself() { return starts().looks().hears_vote(log_.sid.value, log_.sid.value); }
  LogBuilder& settles(model::ServerState state, int after_ms) {
    return says(StateChanged{state, true, ""}, after_ms).says(RoleTaken{state});
  }
  LogBuilder& follows(int after_ms) { return settles(model::ServerState::following, after_ms); }
  LogBuilder& leads(int after_ms) { return settles(model::ServerState::leading, after_ms); }

  [[nodiscard]] Explanation explained() const { return explain(log_, world_of_three()); }
  [[nodiscard]] const ServerLog& log() const { return log_; }

 private:
  ServerLog log_;
  std::int64_t time_ms_ = 1'000'000;
};

}  // namespace conclave::logs
