#!/usr/bin/env python3
"""The system of examples/votes has as many states in Promela and in Murphi as under Conclave's explorer.

usage: votes_test.py TOOL PROGRAM SERVERS...

TOOL is conclave, spin or rumur; PROGRAM is what examples/votes/votes.cpp builds. Exit status 77: TOOL is not installed.
"""
import pathlib
import subprocess
import sys
import tempfile

import checkers

HERE = pathlib.Path(__file__).resolve().parent
# Servers: states and steps, as they came out of four checkers.
COUNTS = {2: (10, 13), 3: (1540, 4349), 4: (3918490, 23539205)}
SECOND_MODEL = {"spin": HERE / "votes.pml", "rumur": HERE / "votes.m"}


def conclave(program, servers, threads=1):
    """Gives (states, steps)."""
    done = subprocess.run([program, str(servers), str(threads)], stdout=subprocess.PIPE, text=True, check=True)
    return (checkers.number(r"(\d+) states", done.stdout), checkers.number(r"(\d+) steps", done.stdout))


def optimised(servers):
    """Compiling takes most of the time where there are few states."""
    return "-O2" if servers > 3 else "-O0"


def spin(folder, servers):
    model = SECOND_MODEL["spin"].read_text(encoding="utf-8")
    run = checkers.Spin(folder, model, {"N": servers}, [optimised(servers)]).run(slots_log2=22 if servers > 3 else 12)
    # The state before the channels are filled, and two transitions: Spin counts the first state as one.
    return run.states - 1, run.steps - 2


def rumur(folder, servers):
    model = SECOND_MODEL["rumur"].read_text(encoding="utf-8")
    run = checkers.Rumur(folder, model, {"N": servers}, [optimised(servers)]).run()
    return run.states, run.steps


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in ("conclave", "spin", "rumur"):
        print(__doc__, file=sys.stderr)
        return 2
    tool, program = sys.argv[1:3]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for servers in map(int, sys.argv[3:]):
            try:
                counted = {"conclave": lambda n: conclave(program, n), "spin": lambda n: spin(folder, n),
                           "rumur": lambda n: rumur(folder, n)}[tool](servers)
            except checkers.Missing as missing:
                checkers.skip(missing)
            same = counted == COUNTS[servers]
            failed += 0 if same else 1
            print(f"{servers} servers, {tool}: {counted[0]} states, {counted[1]} steps"
                  f"{'' if same else f', expected {COUNTS[servers]}'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
