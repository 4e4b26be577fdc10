#!/usr/bin/env python3
"""The closed system of the election has as many states in TLA+ as Conclave counts, level by level.

usage: tla_test.py CONCLAVE [--long]

TLC runs spec/tla/Election.tla: the jar that the environment variable TLA2TOOLS_JAR names, or else the command tlc. It
checks the module's own claims as well. To show that a difference would be seen, rules are then broken, one at a time:
each has to change the counts, or to break a claim. And what is known not to hold has to be found broken. Exit status
77: there is no TLC.
"""
import sys
import tempfile

import checkers
import election_test
from election_test import Scope

NAME = "Election"
FOLDER = election_test.ROOT / "spec" / "tla"

FAST = [Scope(2, 1, 0), Scope(2, 2, 1), Scope(3, 1, 1)]
LONG = [Scope(2, 2, 2), Scope(3, 1, 0), Scope(3, 1, 2), Scope(3, 1, 0, True), Scope(3, 1, 1, True), Scope(3, 2, 0),
        Scope(3, 2, 1)]
LEVELS_STATES_MAX = 100_000

# What rule is broken, how it is written, how it is written wrongly, and the smallest scope that shows it.
TWO, THREE, THREE_TWICE = Scope(2, 2, 1), Scope(3, 1, 1), Scope(3, 2, 0)
MUTANTS = [
    ("half is a quorum", "2 * Cardinality(servers) > N", "2 * Cardinality(servers) >= N", TWO),
    ("an equal vote is better", "vote.leader <= p.proposal THEN p", "vote.leader < p.proposal THEN p", TWO),
    ("a later round keeps the votes", "!.clock = vote.round, !.recvset = NoVotes, ", "!.clock = vote.round, ",
     THREE_TWICE),
    ("a later round is taken up with their vote", "IF vote.leader > me THEN vote.leader ELSE me", "vote.leader", TWO),
    ("an earlier round is counted", "vote.round < p.clock -> p", "FALSE -> p", TWO),
    ("the leader's word is not asked for", 'table[vote.leader].state = "leading"', "TRUE", THREE),
    ("who joins keeps its round", "Decide(me, [r EXCEPT !.clock = vote.round], ", "Decide(me, r, ", THREE_TWICE),
    ("an old proposal comes after the answer", "peers[me].outofelection[s].round < v.round", "TRUE", THREE),
    ("the own copy is not heard", 'IF p.doing = "polling" THEN Count(p, me, p.said) ELSE p', "p", TWO),
]
MUTANTS_FAST = 1
NOT_CLAIMED, NOT_CLAIMED_SCOPE = "SingleLeading", Scope(3, 1, 0)


def texts():
    return [(FOLDER / f"{NAME}{end}").read_text(encoding="utf-8") for end in (".tla", ".cfg")]


def tlc(scope, folder, module, config):
    constants = {"N": scope.servers, "Rounds": scope.rounds, "Crashes": scope.crashes,
                 "Timely": str(scope.timely).upper()}
    return checkers.Tlc(folder, NAME, module, config, constants)


def compare(program, scope, folder):
    ours = election_test.conclave(program, scope, folder)
    by_level = sum(ours) <= LEVELS_STATES_MAX
    run, theirs = tlc(scope, folder, *texts()).run(by_level)
    how = f", the same in each of {len(ours)} levels" if theirs == ours else ""
    print(f"{scope}: tlc {run.states} states, conclave {sum(ours)}{how}; {run.seconds:.1f} s, "
          f"{run.bytes_max / 2**20:.0f} MiB", flush=True)
    if by_level and theirs != ours:
        print(f"  by level: tlc {theirs}, conclave {ours}")
    return run.states == sum(ours) and (theirs == ours or not by_level)


def notices(program, mutant, folder):
    name, right, wrong, scope = mutant
    module, config = texts()
    if module.count(right) != 1:
        print(f"{name}: {right!r} is there {module.count(right)} times, expected once")
        return False
    try:
        run, _ = tlc(scope, folder, module.replace(right, wrong), config).run()
        counted = run.states
    except checkers.Broken as broken:
        counted = f"{broken} is broken"
    same = counted == sum(election_test.conclave(program, scope, folder))
    print(f"{scope}, {name}: {counted}, {'NOT NOTICED' if same else 'noticed'}", flush=True)
    return not same


def finds_what_does_not_hold(folder):
    module, config = texts()
    try:
        tlc(NOT_CLAIMED_SCOPE, folder, module, config + f"INVARIANT {NOT_CLAIMED}\n").run()
    except checkers.Broken as broken:
        print(f"{NOT_CLAIMED_SCOPE}: {broken} is broken, as known", flush=True)
        return str(broken) == NOT_CLAIMED
    print(f"{NOT_CLAIMED_SCOPE}: {NOT_CLAIMED} holds, expected it broken")
    return False


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--long"]):
        print(__doc__, file=sys.stderr)
        return 2
    program = sys.argv[1]
    is_long = len(sys.argv) == 3
    with tempfile.TemporaryDirectory() as folder:
        try:
            results = [compare(program, scope, folder) for scope in (LONG if is_long else FAST)]
            results += [notices(program, mutant, folder)
                        for mutant in (MUTANTS if is_long else MUTANTS[:MUTANTS_FAST])]
            results.append(finds_what_does_not_hold(folder))
        except checkers.Missing as missing:
            checkers.skip(missing)
        except checkers.Failed as failed:
            print(failed, file=sys.stderr)
            return 1
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
