------------------------------ MODULE Election ------------------------------
(* Fast Leader Election as a closed system: the one that spec/promela and spec/murphi have too, for those who think in
   TLA+. All servers vote and quorums are majorities; coarse grain (a notification goes through a server at once, and it
   hears its own immediately); network `latest`; each server starts at a moment of its own, or never.

   A server's number is also the rank of its initial vote. The rules compare votes and do nothing else with them, and
   majorities do not care who is who, so this order stands for every history. All votes for a server are its initial
   vote: the number stands for epoch, zxid and id. *)
EXTENDS Naturals, FiniteSets

CONSTANTS N,        \* servers
          Rounds,   \* no election of a later round begins; 1 or 2
          Crashes,  \* at most so many; nobody comes back
          Timely    \* TRUE: finalizeWait outlasts whatever better is to be read. Then with one round only

ASSUME /\ N \in Nat \ {0} /\ Rounds \in {1, 2} /\ Crashes \in Nat /\ Timely \in BOOLEAN
       /\ Timely => Rounds = 1

VARIABLES peers,   \* a record for each server
          crashes  \* how many there have been

Servers == 1..N
Votes   == [leader : Servers, round : 1..Rounds, state : {"looking", "following", "leading"}]
NoVote  == [leader |-> 0, round |-> 0, state |-> "none"]
NoVotes == [s \in Servers |-> NoVote]

\* A server that is not up: nothing of it is left.
Absent(why) == [doing |-> why, clock |-> 0, proposal |-> 0, said |-> NoVote, current |-> NoVote,
                recvset |-> NoVotes, outofelection |-> NoVotes]

IsQuorum(servers) == 2 * Cardinality(servers) > N

(* --- one server: each operator takes a record of it and gives the one afterwards --- *)

\* Vote.equals. Looking votes are equal if all of them is; of settled ones the round is not looked at.
Equal(a, b) == /\ a.leader = b.leader
               /\ a.round = b.round \/ (a.state # "looking" /\ b.state # "looking")

Supported(table, vote) == IsQuorum({s \in Servers : table[s] # NoVote /\ Equal(table[s], vote)})

Proposed(p) == [leader |-> p.proposal, round |-> p.clock, state |-> "looking"]

TellAll(p) == [p EXCEPT !.said = Proposed(p)]

\* A vote of the own round is counted. Who has a quorum then waits finalizeWait for something better.
Count(p, sender, vote) ==
  LET q == [p EXCEPT !.recvset[sender] = vote]
  IN  IF Supported(q.recvset, Proposed(q)) THEN [q EXCEPT !.doing = "finalizing"] ELSE q

\* The own copy of what has just been told to all. Who is finalizing by now throws it away, as it is no better.
HearOwn(me, p) == IF p.doing = "polling" THEN Count(p, me, p.said) ELSE p

TakeLooking(me, p, sender, vote) ==
  LET better == IF vote.leader > me THEN vote.leader ELSE me
      later  == [p EXCEPT !.clock = vote.round, !.recvset = NoVotes, !.proposal = better]
  IN  CASE vote.round < p.clock -> p
        [] vote.round > p.clock -> HearOwn(me, Count(TellAll(later), sender, vote))
        [] vote.round = p.clock /\ vote.leader > p.proposal ->
             HearOwn(me, Count(TellAll([p EXCEPT !.proposal = vote.leader]), sender, vote))
        [] OTHER -> Count(p, sender, vote)

Decide(me, p, leader, round) ==
  LET state == IF leader = me THEN "leading" ELSE "following"
  IN  [p EXCEPT !.doing = "settled", !.current = [leader |-> leader, round |-> round, state |-> state],
                !.recvset = NoVotes, !.outofelection = NoVotes]

\* checkLeader: another leader must have said so itself, and oneself is believed in one's own round.
Confirmed(me, p, table, vote) ==
  IF vote.leader = me THEN p.clock = vote.round ELSE table[vote.leader].state = "leading"

TakeSettled(me, p, sender, vote) ==
  LET same  == vote.round = p.clock
      q     == IF same THEN [p EXCEPT !.recvset[sender] = vote] ELSE p
      r     == [q EXCEPT !.outofelection[sender] = vote]
      joins(table) == Supported(table, vote) /\ Confirmed(me, p, table, vote)
  IN  CASE same /\ joins(q.recvset) -> Decide(me, q, vote.leader, vote.round)
        [] ~(same /\ joins(q.recvset)) /\ joins(r.outofelection) ->
             Decide(me, [r EXCEPT !.clock = vote.round], vote.leader, vote.round)  \* up or down
        [] OTHER -> r

\* While finalizing only the order is looked at: what is no better is thrown away. What is better ends the wait, and
\* then comes as if it were new.
Hear(me, p, sender, vote) ==
  IF p.doing = "finalizing" /\ vote.leader <= p.proposal THEN p
  ELSE LET q == [p EXCEPT !.doing = "polling"]
       IN  IF vote.state = "looking" THEN TakeLooking(me, q, sender, vote) ELSE TakeSettled(me, q, sender, vote)

Look(me, p, round) ==
  HearOwn(me, TellAll([p EXCEPT !.doing = "polling", !.clock = round, !.proposal = me,
                                !.recvset = NoVotes, !.outofelection = NoVotes]))

(* --- all servers --- *)

Up(s)    == peers[s].doing \notin {"unborn", "crashed"}
Looks(s) == peers[s].doing \in {"polling", "finalizing"}

\* What `me` can read of s. A connection keeps the order of messages: who has heard an answer will not hear what was
\* proposed in its round or before. For that a server must not return to an earlier round than it has settled in, which
\* holds for two rounds.
Offers(me, s) ==
  IF ~(Looks(me) /\ Up(s) /\ s # me) THEN {}
  ELSE {v \in {peers[s].said} : peers[me].outofelection[s].round < v.round}
       \cup (IF peers[s].doing = "settled" THEN {peers[s].current} ELSE {})

BetterComes(me) == \E s \in Servers : \E v \in Offers(me, s) : v.leader > peers[me].proposal

Start(me)   == /\ peers[me].doing = "unborn"
               /\ peers' = [peers EXCEPT ![me] = Look(me, @, 1)]
               /\ UNCHANGED crashes

Read(me, s) == /\ \E v \in Offers(me, s) : peers' = [peers EXCEPT ![me] = Hear(me, @, s, v)]
               /\ UNCHANGED crashes

Silence(me) == /\ peers[me].doing = "finalizing"
               /\ Timely => ~BetterComes(me)
               /\ peers' = [peers EXCEPT ![me] = Decide(me, @, @.proposal, @.clock)]
               /\ UNCHANGED crashes

EndRole(me) == /\ peers[me].doing = "settled"
               /\ peers[me].clock < Rounds
               /\ peers' = [peers EXCEPT ![me] = Look(me, @, @.clock + 1)]
               /\ UNCHANGED crashes

Crash(me)   == /\ Up(me)
               /\ crashes < Crashes
               /\ peers' = [peers EXCEPT ![me] = Absent("crashed")]
               /\ crashes' = crashes + 1

Init == /\ peers = [s \in Servers |-> Absent("unborn")]
        /\ crashes = 0

Next == \E me \in Servers : \/ Start(me) \/ Silence(me) \/ EndRole(me) \/ Crash(me)
                            \/ \E s \in Servers : Read(me, s)

Spec == Init /\ [][Next]_<<peers, crashes>>

(* --- claims --- *)

TypeOK ==
  /\ crashes \in 0..Crashes
  /\ \A s \in Servers :
       /\ peers[s].doing \in {"unborn", "polling", "finalizing", "settled", "crashed"}
       /\ peers[s].clock \in 0..Rounds
       /\ peers[s].proposal \in 0..N
       /\ {peers[s].said, peers[s].current} \subseteq Votes \cup {NoVote}
       /\ \A t \in Servers : {peers[s].recvset[t], peers[s].outofelection[t]} \subseteq Votes \cup {NoVote}

Started == {s \in Servers : peers[s].doing # "unborn"}
Settled == {s \in Servers : peers[s].doing = "settled"}
Leaders == {s \in Settled : peers[s].current.leader = s}

\* When a server has decided, a quorum of servers has started.
QuorumTookPart == Settled # {} => IsQuorum(Started)

\* Who finalizes has a quorum of votes for its proposal and its round.
QuorumBehindWait == \A s \in Servers : peers[s].doing = "finalizing" => Supported(peers[s].recvset, Proposed(peers[s]))

\* Nobody proposes less than itself.
NotBelowOneself == \A s \in Servers : Up(s) => peers[s].proposal >= s

\* Within a round proposals only rise.
ProposalsRise ==
  [][\A s \in Servers : Looks(s) /\ peers'[s].doing \in {"polling", "finalizing"} /\ peers'[s].clock = peers[s].clock
       => peers'[s].proposal >= peers[s].proposal]_<<peers, crashes>>

\* Known not to hold: two servers may lead in one round.
SingleLeading == \A s, t \in Leaders : peers[s].current.round = peers[t].current.round => s = t
=============================================================================
