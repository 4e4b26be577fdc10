-- The system of examples/votes/votes.cpp in Murphi: N servers agree on the largest id by telling each other.
--
--   rumur --deadlock-detection off --output votes.c votes.m && cc -O3 -mcx16 -o votes votes.c -lpthread && ./votes
--
-- The language has no parameters: tests write another number into the next line.
const N: 3;

-- No scalarset: the votes are compared, so servers are not alike.
type
  server: 0 .. N - 1;
  -- A FIFO, its oldest message first. A server's votes rise, so it never says more than N. Slots beyond the length are
  -- kept undefined: otherwise states would differ by what was there before.
  link_contents: record
    length: 0 .. N;
    slot: array [server] of server;
  end;

var
  proposal: array [server] of server;
  heard: array [server] of array [server] of server; -- [i][j]: what i last heard of j; of itself: its proposal
  decided: array [server] of boolean;
  link: array [server] of array [server] of link_contents; -- [sender][receiver]

procedure propose(i: server; vote: server);
begin
  proposal[i] := vote;
  heard[i][i] := vote;
  for k: server do
    if k != i then
      link[i][k].slot[link[i][k].length] := vote;
      link[i][k].length := link[i][k].length + 1;
    end;
  end;
end;

function take(var from_link: link_contents): server;
var oldest: server;
begin
  oldest := from_link.slot[0];
  for k: server do
    if k + 1 < from_link.length then from_link.slot[k] := from_link.slot[k + 1]; end;
  end;
  from_link.length := from_link.length - 1;
  undefine from_link.slot[from_link.length];
  return oldest;
end;

function supporters(i: server): 0 .. N;
var count: 0 .. N;
begin
  count := 0;
  for j: server do
    if !isundefined(heard[i][j]) & heard[i][j] = proposal[i] then count := count + 1; end;
  end;
  return count;
end;

startstate
  for i: server do
    for j: server do
      link[i][j].length := 0;
    end;
    decided[i] := false;
  end;
  for i: server do
    propose(i, i);
  end;
end;

ruleset j: server; i: server do
  rule "deliver"
    link[j][i].length > 0
  ==>
  var vote: server;
  begin
    vote := take(link[j][i]);
    if !decided[i] then
      heard[i][j] := vote;
      if vote > proposal[i] then propose(i, vote); end;
    end;
  end;
end;

ruleset i: server do
  rule "decide"
    !decided[i] & 2 * supporters(i) > N & forall j: server do link[j][i].length = 0 end
  ==>
  begin
    decided[i] := true;
  end;
end;

invariant "the decided agree"
  forall i: server do forall j: server do
    decided[i] & decided[j] -> proposal[i] = proposal[j]
  end end;
