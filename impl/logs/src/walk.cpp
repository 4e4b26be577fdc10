#include "conclave/logs/replay.hpp"
#include "situation.hpp"

namespace conclave::logs {
namespace {

// REQUIRES: of message_of() below.
model::Notification notification_of(const model::Message& message) {
  const auto state = static_cast<model::ServerState>(message.state_code);
  const model::Proposal proposal{message.peer_epoch, message.zxid, message.leader};
  return {message.from, model::Vote{proposal, message.round, message.version, state}};
}

}  // namespace

model::Message message_of(const Heard& heard) {
  const model::Vote& vote = heard.notification.vote;
  model::Message message = model::message_of(heard.notification);
  message.version = vote.version;
  if (vote.version == 0) message.format = model::MessageFormat::without_version;
  if (vote.version <= 1) message.config_text = model::ConfigText::absent;
  return message;
}

Walk::Walk(const ServerLog& log, const Explanation& explanation, const World& world)
    : ensemble(model::single_configuration(world.configuration)),
      log_(log),
      explanation_(explanation),
      world_(world) {
  ensemble.timing = world.timing;
}

bool Walk::next() {
  if (at_ == explanation_.moves.size()) return false;
  move = &explanation_.moves[at_++];
  for (; fact_ < move->fact; ++fact_) {
    const auto* set = std::get_if<IntervalSet>(&log_.facts[fact_].sentence);
    if (set == nullptr) continue;
    (set->longest ? ensemble.timing.notification_interval_max_ms : ensemble.timing.notification_interval_min_ms) =
        set->ms;
  }
  before = made.peer;
  made.effects = {};
  made.rules = {};
  switch (move->kind) {
    case Move::Kind::process:
    case Move::Kind::resume:
      if (move->kind == Move::Kind::process) ensemble.timing = world_.timing;
      made.peer = model::make_peer(ensemble, log_.sid, move->durable.value_or(model::Durable{}));
      if (world_.configuration.find(log_.sid) == nullptr) made.peer.learner_type = model::LearnerType::observer;
      break;
    case Move::Kind::late:
      made.peer.received.push_back(notification_of(std::get<model::Received>(move->event).message));
      break;
    case Move::Kind::step:
      give(before, ensemble, *move);
      made = world_.step_at(move->fact)(ensemble, before, move->event);
      break;
  }
  return true;
}

}  // namespace conclave::logs
