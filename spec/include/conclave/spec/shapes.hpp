// Servers as places tell them apart: by all that others notice of them, but for what they propose.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "conclave/spec/heard_set.hpp"
#include "conclave/spec/late_machine.hpp"

namespace conclave::spec {

// A shape has members: late servers that have heard nothing, and that look the same to others but for what they
// propose, or proposed last. It is named by one of them, the first that was seen. The members of a shape have numbers,
// in the order in which they are asked for. Thread-safe.
class Shapes {
 public:
  // The machine must outlive this.
  Shapes(LateMachine& late, int servers) : late_(late), known_(static_cast<std::size_t>(servers)) {}

  struct Member {
    LateId shape = 0;
    int number = 0;
  };
  // REQUIRES: 0 <= server < servers; the server has heard nothing. Throws HeardFull where its number would be
  // `numbers_max` or a later one.
  Member of(int server, LateId id, int numbers_max) {
    const LocalFacts facts = but_for_proposal(late_.facts(server, id));
    const std::scoped_lock lock(mutex_);
    std::vector<Shape>& shapes = known_[static_cast<std::size_t>(server)];
    auto shape = std::find_if(shapes.begin(), shapes.end(), [&](const Shape& one) { return one.facts == facts; });
    if (shape == shapes.end()) shape = shapes.insert(shapes.end(), Shape{facts, {}});
    auto member = std::find(shape->members.begin(), shape->members.end(), id);
    if (member == shape->members.end()) member = shape->members.insert(shape->members.end(), id);
    const auto number = static_cast<int>(member - shape->members.begin());
    if (number >= numbers_max) throw HeardFull();
    return {shape->members.front(), number};
  }
  // REQUIRES: of() has given the shape, with this number.
  LateId member(int server, LateId shape, int number) {
    const std::scoped_lock lock(mutex_);
    for (const Shape& one : known_[static_cast<std::size_t>(server)]) {
      if (one.members.front() == shape) return one.members.at(static_cast<std::size_t>(number));
    }
    throw std::logic_error("a server has a shape that was never given");
  }

  // The same in every run.
  std::string bytes(int server, LateId shape, LocalMachine& machine) {
    const LocalFacts facts = but_for_proposal(late_.facts(server, shape));
    std::string bytes;
    for (const int number : {static_cast<int>(facts.life), static_cast<int>(facts.state), int{facts.in_election},
                             int{facts.leader}, int{facts.established}, int{facts.clock}}) {
      bytes += std::to_string(number) + ' ';
    }
    for (const NotificationId offered : facts.offers) {
      if (offered != no_notification) bytes += encode(machine.notification(offered));
      bytes += '|';
    }
    return bytes;
  }

 private:
  struct Shape {
    LocalFacts facts;
    std::vector<LateId> members;  // by number
  };
  static LocalFacts but_for_proposal(LocalFacts facts) {
    facts.offers[static_cast<std::size_t>(Offer::proposal)] = no_notification;
    return facts;
  }

  LateMachine& late_;
  std::mutex mutex_;
  std::vector<std::vector<Shape>> known_;  // by server; a few dozen
};

// What places are written in, the same for all workers.
struct PlaceNumbers {
  PlaceNumbers(LateMachine& late, int servers) : heard(servers), shapes(late, servers) {}

  HeardBits heard;
  Shapes shapes;
};

// What may be true of a server in a place. `Words` for what it may have heard; of a shape there are fewer members.
template <std::size_t Words>
struct PlaceFacts {
  HeardSet<Words> heard;
  HeardSet<(Words + 1) / 2> members;

  PlaceFacts& operator|=(const PlaceFacts& other) {
    heard |= other.heard;
    members |= other.members;
    return *this;
  }
  friend bool operator==(const PlaceFacts&, const PlaceFacts&) = default;
};

}  // namespace conclave::spec
