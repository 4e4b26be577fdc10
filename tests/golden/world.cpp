#include "world.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <variant>

#include "text.hpp"

namespace conclave::golden {

using namespace conclave::model;

namespace {

// More than any script needs; a script that goes beyond it would not end.
constexpr std::size_t deliveries_max = 100'000;

std::string name_of(const std::pair<ServerId, ServerId>& link) {
  return fmt::format("{}->{}", text_of(link.first), text_of(link.second));
}

std::string list_of(const std::vector<ServerId>& ids) {
  std::vector<std::string> words;
  words.reserve(ids.size());
  for (const ServerId id : ids) words.push_back(text_of(id));
  return fmt::format("{}", fmt::join(words, ","));
}

}  // namespace

void World::create(const Peer& peer) {
  if (!servers_.emplace(peer.id, Server{peer}).second) {
    throw BadScript(fmt::format("expected a new server, {} is there already (crash and restart it?)", peer.id.value));
  }
}

World::Server& World::known(ServerId id) {
  const auto found = servers_.find(id);
  if (found == servers_.end()) {
    throw BadScript(fmt::format("expected a server that there is, {} is not (server {})", id.value, id.value));
  }
  return found->second;
}

void World::crash(ServerId id) {
  Server& server = known(id);
  if (!server.running) throw BadScript(fmt::format("expected a running server, {} is not", id.value));
  server.running = false;
  std::size_t lost = 0;
  for (auto& [link, messages] : links_) {
    if (link.second != id) continue;
    lost += messages.size();
    messages.clear();
  }
  say(fmt::format("{}: crashed, {} notifications on their way to it are lost", text_of(id), lost));
}

void World::restart(ServerId id) {
  Server& server = known(id);
  if (server.running) throw BadScript(fmt::format("expected a crashed server, {} is running", id.value));
  Peer peer = make_peer(ensemble, id, server.peer.durable, server.peer.committed);
  peer.last_seen = server.peer.last_seen;
  peer.oracle = server.peer.oracle;
  server = Server{peer};
  say(fmt::format("{}: {}, clock {}", text_of(id), text_of(peer.role), peer.clock.value));
}

std::vector<ServerId> World::ids() const {
  std::vector<ServerId> ids;
  for (const auto& [id, server] : servers_) ids.push_back(id);
  return ids;
}

bool World::running(ServerId id) const {
  const auto found = servers_.find(id);
  return found != servers_.end() && found->second.running;
}

Peer& World::peer(ServerId id) {
  Server& server = known(id);
  if (!server.running)
    throw BadScript(fmt::format("expected a running server, {} is not (restart {})", id.value, id.value));
  return server.peer;
}

Durable& World::durable(ServerId id) { return known(id).peer.durable; }

// --- steps ------------------------------------------------------------------------------------------------------

void World::happen(ServerId id, const std::string& what, const Event& event) {
  Peer& now = peer(id);
  const Peer before = now;
  const Transition done = grain == Grain::coarse ? react(ensemble, before, event) : step(ensemble, before, event);
  now = done.peer;
  fired_.add(done.rules);
  report(what, before, done);
  send(id, done.effects);
}

void World::receive(ServerId to, const Message& message) {
  happen(to, fmt::format("{}: {}", name_of({message.from, to}), text_of(message)), Received{message});
}

// In the coarse grain react() has already taken a server's own copy.
std::vector<ServerId> World::receivers(const Peer& peer) const {
  std::vector<ServerId> ids;
  for_each_voter(ensemble, peer, [this, &ids, &peer](ServerId id) {
    if (grain == Grain::fine || id != peer.id) ids.push_back(id);
  });
  return ids;
}

void World::send(ServerId from, const Effects& effects) {
  for (const Effect& effect : effects) {
    if (const auto* one = std::get_if<SendTo>(&effect)) {
      put({from, one->to}, message_of(one->notification));
    } else if (const auto* all = std::get_if<SendToAll>(&effect)) {
      for (const ServerId to : receivers(peer(from))) put({from, to}, message_of(all->notification));
    }
  }
}

void World::put(const Link& link, const Message& message) {
  if (running(link.second)) links_[link].push_back(message);
}

std::string World::text_of_effect(const Peer& peer, const Effect& effect) const {
  const auto config_of = [](ConfigIndex config) { return config == 0 ? "" : fmt::format(" config={}", config); };
  if (const auto* one = std::get_if<SendTo>(&effect)) {
    return fmt::format("-> {}: {}{}", text_of(one->to), text_of_said(one->notification.vote, notification_version),
                       config_of(one->notification.config));
  }
  if (const auto* all = std::get_if<SendToAll>(&effect)) {
    return fmt::format("-> {}: {}{}", list_of(receivers(peer)),
                       text_of_said(all->notification.vote, notification_version), config_of(all->notification.config));
  }
  if (std::holds_alternative<ReconnectAll>(effect)) return "reconnect to all";
  if (const auto* timer = std::get_if<ArmTimer>(&effect)) {
    return fmt::format("timer: {} {} ms", timer->timer == Timer::finalize ? "finalize" : "notification", timer->ms);
  }
  if (const auto* decided = std::get_if<Decided>(&effect)) {
    return fmt::format("decided {} {}", model::name_of(decided->state), text_of(decided->vote));
  }
  const auto& adopted = std::get<ConfigurationAdopted>(effect);
  return adopted.restarted ? fmt::format("election anew with configuration {}", adopted.config)
                           : fmt::format("configuration {} adopted", adopted.config);
}

void World::report(const std::string& what, const Peer& before, const Transition& done) {
  const bool new_role = !(before.role == done.peer.role);
  if (output == Output::roles) {
    if (new_role) say(fmt::format("{}: {} -> {}", text_of(before.id), text_of(before.role), text_of(done.peer.role)));
    return;
  }
  if (output == Output::brief) {
    const std::string role = new_role ? ", now " + text_of(done.peer.role) : "";
    say(fmt::format("{}: {}{}", what, text_of(done.rules), role));
    return;
  }
  say(what);
  say("  rules: " + text_of(done.rules));
  for (const Effect& effect : done.effects) say("  " + text_of_effect(done.peer, effect));
  for (const std::string& change : changes(before, done.peer)) say("  " + change);
}

// --- links ------------------------------------------------------------------------------------------------------

Message World::take(const Link& link) {
  const auto found = links_.find(link);
  if (found == links_.end() || found->second.empty()) {
    throw BadScript(fmt::format("expected something on its way {}, there is nothing", name_of(link)));
  }
  const Message message = found->second.front();
  found->second.pop_front();
  return message;
}

void World::deliver(ServerId from, ServerId to) { receive(to, take({from, to})); }

void World::drop(ServerId from, ServerId to) {
  const Message message = take({from, to});
  say(fmt::format("{}: lost: {}", name_of({from, to}), text_of(message)));
}

std::size_t World::deliver_all(const std::vector<ServerId>& among) {
  const auto taking_part = [&among](ServerId id) {
    return among.empty() || std::find(among.begin(), among.end(), id) != among.end();
  };
  std::size_t delivered = 0;
  for (bool more = true; more;) {
    more = false;
    std::vector<Link> ready;  // delivering adds links
    for (const auto& [link, messages] : links_) {
      if (!messages.empty() && taking_part(link.first) && taking_part(link.second)) ready.push_back(link);
    }
    for (const Link& link : ready) {
      deliver(link.first, link.second);
      more = true;
      if (++delivered == deliveries_max) throw BadScript("expected the notifications to come to an end");
    }
  }
  return delivered;
}

void World::show_links() {
  for (const auto& [link, messages] : links_) {
    for (const Message& message : messages) say(fmt::format("{}: {}", name_of(link), text_of(message)));
  }
}

}  // namespace conclave::golden
