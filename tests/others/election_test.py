#!/usr/bin/env python3
"""The closed system of the election has as many states in Promela and in Murphi as Conclave counts, level by level.

usage: election_test.py TOOL CONCLAVE [--long]

TOOL is spin or rumur. Compared are systems written independently (spec/promela, spec/murphi) and Conclave's without any
reduction. To show that a difference would be seen, rules are then broken in the second system, one at a time: each has
to change the counts. Exit status 77: TOOL is not installed.
"""
import dataclasses
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

import checkers

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = {"spin": ROOT / "spec" / "promela" / "election.pml", "rumur": ROOT / "spec" / "murphi" / "election.m"}


@dataclasses.dataclass(frozen=True)
class Scope:
    servers: int
    rounds: int
    crashes: int
    timely: bool = False

    def __str__(self):
        return (f"{self.servers} servers, {self.rounds} round{'s' if self.rounds > 1 else ''}, "
                f"{self.crashes} crash{'es' if self.crashes != 1 else ''}, {'timely' if self.timely else 'async'}")


# (scope, with which tools level by level)
FAST = [(Scope(2, 2, 1), ("spin",))]
LONG = [(Scope(2, 1, 0), ("spin", "rumur")), (Scope(2, 2, 2), ("spin", "rumur")), (Scope(3, 1, 0), ("spin",)),
        (Scope(3, 1, 1), ("spin", "rumur")), (Scope(3, 1, 2), ("spin",)), (Scope(3, 1, 0, True), ("spin",)),
        (Scope(3, 1, 1, True), ("spin", "rumur")), (Scope(3, 2, 0), ("spin",)), (Scope(3, 2, 1), ("spin", "rumur")),
        (Scope(4, 1, 0), ("spin",)), (Scope(4, 1, 1), ()), (Scope(4, 1, 0, True), ()),
        (Scope(4, 1, 1, True), ())]

# In each language: what rule is broken, how it is written, how it is written wrongly.
MUTANTS = {
    "spin": [
        ("half is a quorum", ":: 2 * votes > N -> doing[i] = FINALIZING", ":: 2 * votes >= N -> doing[i] = FINALIZING"),
        ("an equal vote is better", "vote > proposal[i]))", "vote >= proposal[i]))"),
        ("a later round keeps the votes", "    clock[i] = its_round;\n    clear_recvset(i);",
         "    clock[i] = its_round;"),
        ("a later round is taken up with their vote", "(vote > VOTE(i) -> vote : VOTE(i))", "vote"),
        ("an earlier round is counted", ":: its_round < clock[i]\n", ":: false\n"),
        ("the leader's word is not asked for", "states AT(i, vote - 1) == LEADING)", "true)"),
        ("who joins keeps its round", "      clock[i] = its_round; /* up or down */\n", ""),
        ("an old proposal comes after the answer", "out_round AT(i, j) < said_round[j]", "true"),
        ("the own copy is not heard", "news && doing[i] == POLLING", "false"),
    ],
    "rumur": [
        ("half is a quorum", "return 2 * count > N;", "return 2 * count >= N;"),
        ("an equal vote is better", "v.leader <= peers[me].proposal", "v.leader < peers[me].proposal"),
        ("a later round keeps the votes", "    undefine peers[me].recvset;\n    if", "    if"),
        ("a later round is taken up with their vote", "peers[me].proposal := v.leader; else peers[me].proposal := me;",
         "peers[me].proposal := v.leader; else peers[me].proposal := v.leader;"),
        ("an earlier round is counted", "if v.round < peers[me].clock then return false; end;", ""),
        ("the leader's word is not asked for", "return table[v.leader].state = leading;", "return true;"),
        ("who joins keeps its round", "peers[me].clock := v.round; -- up or down", ""),
        ("an old proposal comes after the answer", "return peers[me].outofelection[s].round < peers[s].said.round;",
         "return true;"),
        ("the own copy is not heard", "& peers[me].doing = polling then", "& false then"),
    ],
}
MUTANTS_FAST = 1
HALF_SCOPE = Scope(2, 2, 1)  # half of three is no number of servers: the first mutant needs an even number
MUTANT_SCOPE = Scope(3, 2, 1)


def conclave(program, scope, folder):
    """Gives the number of states of each level."""
    path = pathlib.Path(folder) / f"{scope.servers}.cfg"
    lines = ["dataDir=/var/lib/zookeeper"]
    lines += [f"server.{i}=zk{i}.example.org:2888:3888" for i in range(1, scope.servers + 1)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    # The second systems let a role end at any time; with timely they have one round, in which no role ends.
    timing = ["--timing", "timely"] if scope.timely else ["--timing", "async", "--role-ends", "any"]
    done = subprocess.run([program, "check", path, "--rounds", str(scope.rounds), "--crashes", str(scope.crashes),
                           *timing, "--no-reduction", "all", "--json"], stdout=subprocess.PIPE, text=True, check=True)
    report = json.loads(done.stdout)
    if report["verdict"] != "exhausted" or len(report["scenarios"]) != 1:
        raise checkers.Failed(f"{scope}: {report['verdict']}, {len(report['scenarios'])} scenarios")
    return [level["states"] for level in report["scenarios"][0]["levels"]]


class SpinElection:
    """The Promela model of one scope. Breadth first where levels are asked for."""

    def __init__(self, model, scope, folder, by_level):
        self.large = scope.servers > 3
        defines = {"N": scope.servers, "ROUNDS": scope.rounds, "CRASHES": scope.crashes}
        if scope.timely:
            defines["TIMELY"] = 1
        flags = (["-DBFS"] if by_level else []) + ["-O2" if scope.servers > 2 else "-O0"]
        self.checker = checkers.Spin(folder, model, defines, flags)

    def run(self):
        return self.checker.run(depth_max=1_000_000 if self.large else 1_000, slots_log2=21 if self.large else 16)

    def states_within(self, depth):
        """How many states are at most so many steps from the first one."""
        return self.checker.run(depth=depth, slots_log2=21 if self.large else 16).states


class RumurElection:
    """The Murphi model of one scope."""

    def __init__(self, model, scope, folder, by_level):
        del by_level  # it always is breadth first
        self.model, self.folder = model, folder
        self.constants = {"N": scope.servers, "ROUNDS": scope.rounds, "CRASHES": scope.crashes,
                          "TIMELY": int(scope.timely)}
        self.checker = checkers.Rumur(folder, model, self.constants, ["-O2" if scope.servers > 2 else "-O0"])

    def run(self):
        return self.checker.run()

    def states_within(self, depth):
        # A constant of the generated code. With several threads a state may be met first at the end of a longer run.
        bound = ["--bound", str(depth), "--threads", "1"]
        return checkers.Rumur(self.folder, self.model, self.constants, ["-O0"], bound).run().states


ELECTIONS = {"spin": SpinElection, "rumur": RumurElection}


def compare(tool, program, scope, by_level, folder):
    levels = conclave(program, scope, folder)
    election = ELECTIONS[tool](MODELS[tool].read_text(encoding="utf-8"), scope, folder, by_level)
    run = election.run()
    print(f"{scope}: {tool} {run.states} states, conclave {sum(levels)}; {run.seconds:.1f} s, "
          f"{run.bytes_max / 2**20:.0f} MiB", flush=True)
    if run.states != sum(levels):
        return False
    if not by_level:
        return True
    for depth, ours in enumerate(itertools.accumulate(levels)):
        their = election.states_within(depth) if depth > 0 else ours  # a bound of 0 is none
        if ours != their:
            print(f"  within {depth} steps: {tool} {their}, conclave {ours}")
            return False
    print(f"  and the same in each of {len(levels)} levels", flush=True)
    return True


def notices(tool, program, scope, mutant, folder):
    name, right, wrong = mutant
    model = MODELS[tool].read_text(encoding="utf-8")
    if model.count(right) != 1:
        print(f"{name}: {right!r} is there {model.count(right)} times, expected once")
        return False
    broken = ELECTIONS[tool](model.replace(right, wrong), scope, folder, False)
    try:
        counted = broken.run().states
    except checkers.Failed:
        counted = "a claim of its own is broken"
    same = counted == sum(conclave(program, scope, folder))
    print(f"{scope}, {name}: {counted}, {'NOT NOTICED' if same else 'noticed'}", flush=True)
    return not same


def refuses(tool, folder):
    """Three rounds are beyond what the models were written for: they say so and count nothing."""
    scope = Scope(2, 3, 0)
    try:
        ELECTIONS[tool](MODELS[tool].read_text(encoding="utf-8"), scope, folder, False).run()
        print(f"{scope}: counted, and not refused")
        return False
    except checkers.Failed as failed:
        refused = "ROUNDS: expected 1 or 2" in str(failed)
        print(f"{scope}: {'refused' if refused else failed}", flush=True)
        return refused


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in MODELS or sys.argv[3:] not in ([], ["--long"]):
        print(__doc__, file=sys.stderr)
        return 2
    tool, program = sys.argv[1:3]
    is_long = len(sys.argv) == 4
    mutants = MUTANTS[tool] if is_long else MUTANTS[tool][:MUTANTS_FAST]
    with tempfile.TemporaryDirectory() as folder:
        try:
            results = [compare(tool, program, scope, tool in by_level, folder)
                       for scope, by_level in (LONG if is_long else FAST)]
            results += [notices(tool, program, HALF_SCOPE if mutant is MUTANTS[tool][0] else MUTANT_SCOPE, mutant,
                                folder) for mutant in mutants]
            results.append(refuses(tool, folder))
        except checkers.Missing as missing:
            checkers.skip(missing)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
