-- Fast Leader Election as a closed system, in Murphi: servers, network and faults, explored by a checker that has
-- nothing to do with Conclave's. Written from the description of the algorithm; no line of it is made from model/ or
-- spec/, so that equal numbers of states mean something. docs/other-checkers.md says what was compared.
--
--   rumur --deadlock-detection off --output election.c election.m
--   cc -O3 -mcx16 -o election election.c -lpthread && ./election
--
-- What is covered: all servers vote and quorums are majorities; coarse grain (a notification goes through a server at
-- once, and it hears its own immediately); network `latest`; each server starts at a moment of its own, or never.

-- The language has no parameters: tests write other numbers here.
const N: 3;        -- servers
const ROUNDS: 1;   -- no election of a later round begins; 1 or 2
const CRASHES: 0;  -- at most so many; nobody comes back
const TIMELY: 0;   -- 1: finalizeWait outlasts whatever better is to be read. Then with ROUNDS 1 alone

type
  -- A server's number is also the rank of its initial vote. The rules compare votes and do nothing else with them, and
  -- majorities do not care who is who: so servers in the order of their initial votes stand for every history. And as
  -- all votes for a server are its initial vote, its number stands for epoch, zxid and id.
  -- No scalarset, therefore: servers are not alike.
  server: 1 .. N;
  round: 1 .. ROUNDS;
  state: enum { looking, following, leading };

  vote: record
    leader: server;
    round: round;
    state: state; -- of who sent it
  end;

  peer: record
    doing: enum { unborn, polling, finalizing, settled, crashed };
    -- All that follows is undefined where it does not exist, so that no state differs by what was there before.
    clock: round;
    proposal: server;
    said: vote;    -- the last that it sent to all
    current: vote; -- what it last settled on
    recvset: array [server] of vote;
    outofelection: array [server] of vote;
  end;

var
  peers: array [server] of peer;
  crashes: 0 .. CRASHES;

-- Vote.equals for votes in a table and a probe of the same format version. Looking votes are equal if all of them is;
-- of settled ones the round is not looked at.
function equal(a: vote; b: vote): boolean;
begin
  if a.leader != b.leader then return false; end;
  return (a.state != looking & b.state != looking) | a.round = b.round;
end;

function quorum_supports(table: array [server] of vote; probe: vote): boolean;
var count: 0 .. N;
begin
  count := 0;
  for s: server do
    if !isundefined(table[s].leader) then
      if equal(table[s], probe) then count := count + 1; end;
    end;
  end;
  return 2 * count > N;
end;

-- checkLeader: another leader must have said so itself, and oneself is believed in one's own round.
function leader_confirmed(me: server; table: array [server] of vote; v: vote): boolean;
begin
  if v.leader = me then return peers[me].clock = v.round; end;
  if isundefined(table[v.leader].leader) then return false; end;
  return table[v.leader].state = leading;
end;

procedure forget_votes(me: server);
begin
  undefine peers[me].recvset;
  undefine peers[me].outofelection;
end;

procedure decide(me: server; leader: server; r: round);
begin
  peers[me].doing := settled;
  peers[me].current.leader := leader;
  peers[me].current.round := r;
  if leader = me then peers[me].current.state := leading; else peers[me].current.state := following; end;
  forget_votes(me);
end;

procedure send_to_all(me: server);
begin
  peers[me].said.leader := peers[me].proposal;
  peers[me].said.round := peers[me].clock;
  peers[me].said.state := looking;
end;

-- A notification of a looking server, taken by the main loop. Gives whether there was something to tell all.
function take_looking(me: server; sender: server; v: vote): boolean;
var told: boolean;
var mine: vote;
begin
  told := false;
  if v.round < peers[me].clock then return false; end;
  if v.round > peers[me].clock then
    peers[me].clock := v.round;
    undefine peers[me].recvset;
    if v.leader > me then peers[me].proposal := v.leader; else peers[me].proposal := me; end;
    told := true;
  elsif v.leader > peers[me].proposal then
    peers[me].proposal := v.leader;
    told := true;
  end;
  if told then send_to_all(me); end;
  peers[me].recvset[sender] := v;
  mine.leader := peers[me].proposal;
  mine.round := peers[me].clock;
  mine.state := looking;
  if quorum_supports(peers[me].recvset, mine) then peers[me].doing := finalizing; end;
  return told;
end;

-- A notification of a server that follows or leads.
procedure take_settled(me: server; sender: server; v: vote);
begin
  if v.round = peers[me].clock then
    peers[me].recvset[sender] := v;
    if quorum_supports(peers[me].recvset, v) & leader_confirmed(me, peers[me].recvset, v) then
      decide(me, v.leader, v.round);
      return;
    end;
  end;
  peers[me].outofelection[sender] := v;
  if quorum_supports(peers[me].outofelection, v) & leader_confirmed(me, peers[me].outofelection, v) then
    peers[me].clock := v.round; -- up or down
    decide(me, v.leader, v.round);
  end;
end;

procedure hear(me: server; sender: server; v: vote);
var own: vote;
begin
  if peers[me].doing = finalizing then
    -- Whatever is not better is thrown away; the order is all that is looked at. What is better ends the wait, and
    -- comes again as if it were new.
    if v.leader <= peers[me].proposal then return; end;
    peers[me].doing := polling;
  end;
  if v.state != looking then
    take_settled(me, sender, v);
  elsif take_looking(me, sender, v) & peers[me].doing = polling then
    -- The own copy. If the server is finalizing by now it is thrown away, as it is no better.
    own := peers[me].said;
    if take_looking(me, me, own) then error "an own copy was news"; end;
  end;
end;

procedure look(me: server; r: round);
var own: vote;
begin
  peers[me].doing := polling;
  peers[me].clock := r;
  peers[me].proposal := me;
  forget_votes(me);
  send_to_all(me);
  own := peers[me].said;
  if take_looking(me, me, own) then error "an own copy was news"; end;
end;

-- The network `latest`: what a server last said to all can be read at any time, and its answer while it is settled. A
-- connection keeps the order of messages: who has heard the answer will not hear what was proposed in its round or
-- before. (That needs servers that never return to an earlier round than they settled in; with two rounds it is so.)
function up(s: server): boolean;
begin
  return peers[s].doing != unborn & peers[s].doing != crashed;
end;

function reads(me: server; s: server): boolean;
begin
  return me != s & up(s) & (peers[me].doing = polling | peers[me].doing = finalizing);
end;

function reads_proposal(me: server; s: server): boolean;
begin
  if !reads(me, s) then return false; end;
  if isundefined(peers[me].outofelection[s].round) then return true; end;
  return peers[me].outofelection[s].round < peers[s].said.round;
end;

function reads_answer(me: server; s: server): boolean;
begin
  return reads(me, s) & peers[s].doing = settled;
end;

function better_comes(me: server): boolean;
begin
  for s: server do
    if reads_proposal(me, s) then
      if peers[s].said.leader > peers[me].proposal then return true; end;
    end;
    if reads_answer(me, s) then
      if peers[s].current.leader > peers[me].proposal then return true; end;
    end;
  end;
  return false;
end;

startstate
  if ROUNDS > 2 then error "ROUNDS: expected 1 or 2"; end;
  if TIMELY = 1 & ROUNDS > 1 then error "TIMELY: expected with ROUNDS 1 alone"; end;
  undefine peers;
  for s: server do peers[s].doing := unborn; end;
  crashes := 0;
end;

ruleset me: server do
  rule "start"
    peers[me].doing = unborn
  ==>
  begin
    look(me, 1);
  end;

  rule "silence"
    peers[me].doing = finalizing & (TIMELY = 0 | !better_comes(me))
  ==>
  begin
    decide(me, peers[me].proposal, peers[me].clock);
  end;

  rule "end of role"
    peers[me].doing = settled & peers[me].clock < ROUNDS
  ==>
  begin
    look(me, peers[me].clock + 1);
  end;

  rule "crash"
    up(me) & crashes < CRASHES
  ==>
  begin
    undefine peers[me];
    peers[me].doing := crashed;
    crashes := crashes + 1;
  end;
end;

ruleset me: server; sender: server do
  rule "read what it last said to all"
    reads_proposal(me, sender)
  ==>
  var v: vote;
  begin
    v := peers[sender].said;
    hear(me, sender, v);
  end;

  rule "read its answer"
    reads_answer(me, sender)
  ==>
  var v: vote;
  begin
    v := peers[sender].current;
    hear(me, sender, v);
  end;
end;

-- Claims that hold in every scope above.
function started(): 0 .. N;
var count: 0 .. N;
begin
  count := 0;
  for s: server do
    if peers[s].doing != unborn then count := count + 1; end;
  end;
  return count;
end;

invariant "a quorum took part"
  forall s: server do peers[s].doing = settled -> 2 * started() > N end;

invariant "who finalizes does not propose less than itself"
  forall s: server do peers[s].doing = finalizing -> peers[s].proposal >= s end;
