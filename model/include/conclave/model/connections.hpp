// What a server decides about its connections to the others: QuorumCnxManager of 3.9. Pure functions of what it knows
// at that moment; sockets, threads and time are elsewhere (impl/node; spec/connection_system for the checker).
#pragma once

#include <cstdint>

#include "conclave/model/types.hpp"

namespace conclave::model {

// Of two servers, the larger id keeps the connection that it has opened. startConnection: what a smaller one has opened
// is only a call.
constexpr bool keeps_own_call(ServerId own, ServerId called) { return called < own; }

// What a server does when another one has opened a connection to it, and has said who it is (handleConnection).
enum class CallAnswer : std::uint8_t {
  call_back,  // from a smaller id: end the connection to it, if any, and open one
  take_it,    // from a larger id: this is the connection now; an older one ends
  ignore_it   // from the own id
};
constexpr CallAnswer answer_call(ServerId own, ServerId caller) {
  if (caller == own) return CallAnswer::ignore_it;
  return caller < own ? CallAnswer::call_back : CallAnswer::take_it;
}

// Whether to open a connection now (connectOne, initiateConnectionAsync).
enum class CallWanted : std::uint8_t {
  no,      // there is one
  now,     // there is none, and nobody opens one
  waiting  // somebody is opening one already
};
constexpr CallWanted call_wanted(bool connected, bool calling) {
  if (connected) return CallWanted::no;
  return calling ? CallWanted::waiting : CallWanted::now;
}

// A call back that had to wait is made when the attempt before it has ended without a connection. ZooKeeper forgets it
// (ZOOKEEPER-2781, never mended): the attempt may be one whose connection this very call has just ended.
constexpr bool calls_again(bool called_meanwhile, bool connected) { return called_meanwhile && !connected; }

// Over a new connection what was sent last goes out again, unless something newer is waiting (SendWorker.run): nobody
// knows whether it has arrived.
constexpr bool sends_last_again(bool queue_empty, bool has_last) { return queue_empty && has_last; }

}  // namespace conclave::model
