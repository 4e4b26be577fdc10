#!/usr/bin/env python3
"""One model under Conclave's explorer, Spin and Rumur, in one run: counts, speed, memory, and ratios.

usage: benchmark.py [--program PATH] [--servers N] [--runs N] [--write]

The model is examples/votes (PATH is what it builds), votes.pml and votes.m. All have to count the same. --write puts
the table into docs/results-votes.md. Exit status 1: a count differs, or an aim was missed; 77: a tool is missing.
"""
import argparse
import datetime
import os
import pathlib
import statistics
import sys
import tempfile

import checkers
import votes_test

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "results-votes.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
STATES_S_MIN = 3e6  # on one core
GAIN_MIN = 1.7  # of a second core
BYTES_MAX = 24  # a state
ONE, TWO = "Conclave, 1 thread", "Conclave, 2 threads"


class Ours:
    def __init__(self, program, servers, threads):
        self.command = [program, str(servers), str(threads)]

    def run(self):
        output, seconds, most = checkers.measured(self.command, ROOT)
        own = float(output.split(" B/state")[0].split()[-1])
        states = checkers.number(r"(\d+) states", output)
        return states, checkers.number(r"(\d+) steps", output), seconds, most, own * states


class Promela:
    """The state before the channels are filled, and two transitions, are no part of the system."""

    def __init__(self, folder, servers, *flags):
        model = votes_test.SECOND_MODEL["spin"].read_text(encoding="utf-8")
        self.pan = checkers.Spin(folder, model, {"N": servers}, ["-O3", *flags])

    def run(self):
        run = self.pan.run(slots_log2=23)
        return run.states - 1, run.steps - 2, run.seconds, run.bytes_max, run.bytes_max


class Murphi:
    def __init__(self, folder, servers, threads):
        model = votes_test.SECOND_MODEL["rumur"].read_text(encoding="utf-8")
        self.verifier = checkers.Rumur(folder, model, {"N": servers}, ["-O3"], ["--threads", str(threads)])

    def run(self):
        run = self.verifier.run()
        return run.states, run.steps, run.seconds, run.bytes_max, run.bytes_max


def contestants(program, servers, folder):
    return {
        ONE: Ours(program, servers, 1),
        TWO: Ours(program, servers, 2),
        "Spin": Promela(folder, servers),
        "Spin, -DCOLLAPSE": Promela(folder, servers, "-DCOLLAPSE"),
        "Rumur, 1 thread": Murphi(folder, servers, 1),
        "Rumur, 2 threads": Murphi(folder, servers, 2),
    }


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":", 1)[1] for line in lines if line.startswith("model name")]
    return " ".join(names[0].split()) if names else "an unnamed processor"


def measure(program, servers, runs):
    """Gives {name: (states, steps, median seconds, bytes resident, bytes of its own account)}. Rounds, so that what
    else the machine does falls on all."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        all_of_them = contestants(program, servers, folder)
        for _ in range(runs):
            for name, contestant in all_of_them.items():
                print(f"{name} ...", file=sys.stderr, flush=True)
                found.setdefault(name, []).append(contestant.run())
    return {name: (*rows[0][:2], statistics.median(row[2] for row in rows), max(row[3] for row in rows), rows[0][4])
            for name, rows in found.items()}


def table(found):
    baseline = found[ONE][0] / found[ONE][2]
    lines = ["| | states | steps | time | states/s | memory per state | Conclave, 1 thread, is faster by |",
             "|---|--:|--:|--:|--:|--:|--:|"]
    for name, (states, steps, seconds, resident, own) in found.items():
        ratio = "" if name in (ONE, TWO) else f"{baseline / (states / seconds):.1f}"
        memory = f"{own / states:.1f} B" + (f" ({resident / states:.1f} B resident)" if own != resident else "")
        lines.append(f"| {name} | {states:,} | {steps:,} | {seconds:.2f} s | {states / seconds:,.0f} | {memory} | "
                     f"{ratio} |")
    return lines


def aims(found):
    one, two = found[ONE], found[TWO]
    speed, gain, own = one[0] / one[2], one[2] / two[2], max(found[name][4] / found[name][0] for name in (ONE, TWO))
    yield speed >= STATES_S_MIN, f"3 million states/s on one core: {speed:,.0f}"
    yield gain >= GAIN_MIN, f"{GAIN_MIN} times that on two: {gain:.2f}"
    yield own <= BYTES_MAX, f"{BYTES_MAX} B a state, exact: {own:.1f} B"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/votes"))
    parser.add_argument("--servers", type=int, choices=sorted(votes_test.COUNTS), default=4)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs must be at least 1")
    load = os.getloadavg()[0]
    try:
        found = measure(os.path.abspath(arguments.program), arguments.servers, arguments.runs)
    except checkers.Missing as missing:
        checkers.skip(missing)
    reached = list(aims(found)) if arguments.servers == 4 else []  # few states say nothing of speed
    cores = len(os.sched_getaffinity(0))
    lines = [f"Measured on: {cpu_model()}, {cores} cores; load before {load:.1f}; median of {arguments.runs} runs; "
             f"{datetime.date.today().isoformat()}.", "", *table(found), "",
             *(f"- {'reached' if yes else 'MISSED'}: {what}" for yes, what in reached)]
    text = "\n".join(lines).rstrip()
    print(text)
    counted = {row[:2] for row in found.values()}
    if counted != {votes_test.COUNTS[arguments.servers]}:
        print(f"the counts differ: {sorted(counted)}", file=sys.stderr)
        return 1
    if arguments.write:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 0 if all(yes for yes, _ in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
