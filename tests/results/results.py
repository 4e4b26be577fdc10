#!/usr/bin/env python3
"""Measures the scopes below and writes docs/results.md's table.

usage: results.py [--program PATH] [--threads N] [--only WORD] [--dry-run]
       results.py --far NAME [--report FILE] ...

--only measures the scopes whose name contains WORD and prints them, without touching the page; so does --dry-run.

--far measures one of the scopes that take many minutes, or hours, and writes its row of the page's second table; the
other rows stay. With --report it takes what `conclave check ... --json` has written to FILE instead, which may have
been put together from checkpoints.
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "results.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
FOUR = "four-voters.cfg"  # made here; no example needs it

# (name, file, options)
SCOPES = [
    ("five voters", "examples/five-voters.cfg", ""),
    ("five voters, timely", "examples/five-voters.cfg", "--timing timely"),
    ("five voters, timely, together, a crash, two rounds", "examples/five-voters.cfg",
     "--timing timely --start together --crashes 1 --rounds 2"),
    ("five voters, a crash", "examples/five-voters.cfg", "--crashes 1 --time 60"),
    ("four voters, fifo, timely, together", FOUR, "--network fifo:4 --timing timely --start together --time 40"),
    ("three voters", "examples/three-voters.cfg", ""),
    ("three voters, roles end at any time", "examples/three-voters.cfg", "--role-ends any"),
    ("three voters, fifo, together, a crash and restart, two rounds", "examples/three-voters.cfg",
     "--network fifo:4 --start together --crashes 1 --restarts 1 --rounds 2 --time 40"),
    ("three voters, two observers", "examples/three-voters-two-observers.cfg", ""),
    ("weights, a zero group", "examples/weights-with-zero-group.cfg", "--time 40"),
    ("three groups, any four start", "examples/three-groups.cfg", "--starts 4"),
    ("one server", "examples/one-server.cfg", ""),
]

# Those that take long: beside their options they get a limit on memory, and the disk.
FAR = [
    ("five voters, a crash, two rounds", "examples/five-voters.cfg", "--crashes 1 --rounds 2"),
    *((f"five voters, {name}, late reads", "examples/five-voters.cfg", f"{options} --late-reads")
      for name, options in (("two rounds", "--rounds 2"),
                            ("three rounds", "--rounds 3"),
                            ("two rounds, roles end at any time", "--rounds 2 --role-ends any"),
                            ("fifo:1", "--network fifo:1 --rounds 1"),
                            ("fifo:2", "--network fifo:2 --rounds 1"),
                            ("fifo:2, two crashes", "--network fifo:2 --crashes 2 --rounds 1"),
                            ("fifo:2, a crash and restart", "--network fifo:2 --crashes 1 --restarts 1 --rounds 1"),
                            ("fifo:2, two rounds", "--network fifo:2 --rounds 2"),
                            ("a crash, two rounds", "--crashes 1 --rounds 2"),
                            ("two crashes", "--crashes 2 --rounds 1"),
                            ("a crash and restart", "--crashes 1 --restarts 1 --rounds 1"),
                            ("two crashes, two rounds", "--crashes 2 --rounds 2"),
                            ("a crash and restart, two rounds", "--crashes 1 --restarts 1 --rounds 2"),
                            ("a crash, three rounds", "--crashes 1 --rounds 3"))),
    *((f"five voters, {name}, joined reads", "examples/five-voters.cfg", f"{options} --joined-reads")
      for name, options in (("two rounds", "--rounds 2"),
                            ("three rounds", "--rounds 3"),
                            ("two rounds, roles end at any time", "--rounds 2 --role-ends any"),
                            ("a crash, two rounds", "--crashes 1 --rounds 2"),
                            ("two crashes, two rounds", "--crashes 2 --rounds 2"),
                            ("a crash and restart, two rounds", "--crashes 1 --restarts 1 --rounds 2"),
                            ("timely, together, a crash, two rounds",
                             "--timing timely --start together --crashes 1 --rounds 2"),
                            ("three rounds, roles end at any time", "--rounds 3 --role-ends any"),
                            ("a crash, three rounds", "--crashes 1 --rounds 3"),
                            ("two crashes, three rounds", "--crashes 2 --rounds 3"),
                            ("a crash and restart, three rounds", "--crashes 1 --restarts 1 --rounds 3"))),
]
FAR_MEMORY = "11G"
FAR_BEGIN, FAR_END = "<!-- far: begin -->", "<!-- far: end -->"


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                return " ".join(line.split(":", 1)[1].split())
    return "an unnamed processor"


def memory_gib():
    with open("/proc/meminfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) / 1024 / 1024
    return 0


def write_four_voters(folder):
    path = pathlib.Path(folder) / FOUR
    servers = "".join(f"server.{i}=zk{i}.example.org:2888:3888\n" for i in range(1, 5))
    path.write_text("dataDir=/var/lib/zookeeper\n" + servers, encoding="utf-8")
    return str(path)


def measure(program, threads, file, options, folder):
    path = write_four_voters(folder) if file == FOUR else file
    command = [program, "check", path, *options.split(), "--threads", str(threads), "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1, 2, 3):
        raise SystemExit(f"exit status {done.returncode} of: {' '.join(command)}")
    return json.loads(done.stdout)


def row(name, file, options, report):
    totals = report["totals"]
    states, steps, seconds = totals["states"], totals["steps"], totals["seconds"]
    levels = max((len(scenario["levels"]) for scenario in report["scenarios"]), default=0)
    if any(scenario["sweeps"] for scenario in report["scenarios"]):
        levels = "-"
    # The memory is that of the largest exploration, so it is divided by that one's states.
    largest = max(report["scenarios"], key=lambda scenario: scenario["bytes"])
    per_state = largest["bytes"] / max(largest["states"], 1)
    verdict = report["verdict"] + (f" ({report['why']})" if report["why"] else "")
    command = f"`{file} {options}`".replace(" `", "`")
    rate = f"{states / seconds:,.0f}" if seconds > 0 else "-"
    small = states < 100_000  # tables of local states weigh more than the states then
    return (f"| {name} | {command} | {states:,} | {steps:,} | {levels} | {seconds:.1f} s | {rate} | "
            f"{'-' if small else f'{per_state:.1f} B'} | {verdict} |")


def machine(threads):
    return (f"{cpu_model()}, {len(os.sched_getaffinity(0))} cores, {memory_gib():.0f} GiB of memory; "
            f"{threads} threads; {datetime.date.today().isoformat()}")


def put(begin, end, text):
    """Between the marks on the page."""
    before, rest = PAGE.read_text(encoding="utf-8").split(begin)
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}", encoding="utf-8")


def far(arguments):
    scopes = {name: (file, options) for name, file, options in FAR}
    if arguments.far not in scopes:
        raise SystemExit(f"--far: found {arguments.far!r}; expected one of: {'; '.join(scopes)}")
    file, options = scopes[arguments.far]
    with tempfile.TemporaryDirectory() as folder:
        if arguments.report:
            report = json.loads(pathlib.Path(arguments.report).read_text(encoding="utf-8"))
            short = "--time 1" if "--joined-reads" in options else "--depth 1"
            asked = measure(arguments.program, arguments.threads, file, f"{options} {short}", folder)
            for part in ("ensemble", "scope"):
                if report[part] != asked[part]:
                    raise SystemExit(f"--report: {arguments.report} has {part} {report[part]}; expected {asked[part]}")
        else:
            disk = "" if "--joined-reads" in options else f" --disk {folder}"
            report = measure(arguments.program, arguments.threads, file, f"{options} --memory {FAR_MEMORY}{disk}",
                             folder)
    largest = max(report["scenarios"], key=lambda scenario: scenario["bytes"])
    cells = row(arguments.far, file, options, report).split(" | ")
    cells[-2] = (f"{largest['bytes'] / 2**30:.1f} GiB, and {largest['bytes_on_disk'] / 2**30:.1f} GiB on disk")
    made = f"{' | '.join(cells)} {machine(arguments.threads)} |"
    known = PAGE.read_text(encoding="utf-8").split(FAR_BEGIN)[1].split(FAR_END)[0]
    rows = {line.split(" | ")[0].lstrip("| "): line for line in known.splitlines() if line.startswith("| ")}
    rows[arguments.far] = made
    print(made)
    if arguments.dry_run:
        return 0
    head = "| scope | `conclave check` | states | steps | levels | time | states/s | memory | verdict | measured on |"
    put(FAR_BEGIN, FAR_END, "\n".join([head, "|---|---|--:|--:|--:|--:|--:|---|---|---|",
                                       *(rows[name] for name in scopes if name in rows)]))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/conclave"))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", default="")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--far", metavar="NAME", default="")
    parser.add_argument("--report", metavar="FILE", default="")
    arguments = parser.parse_args()
    if arguments.threads < 1:
        parser.error("--threads must be at least 1")
    if arguments.far:
        return far(arguments)
    chosen = [scope for scope in SCOPES if arguments.only in scope[0]]
    if not chosen:
        parser.error(f"no scope's name contains {arguments.only!r}")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, file, options in chosen:
            print(f"{name} ...", file=sys.stderr, flush=True)
            report = measure(arguments.program, arguments.threads, file, options, folder)
            rows.append(row(name, file, options, report))
            print(rows[-1], file=sys.stderr, flush=True)
    table = "\n".join([
        f"Measured on: {machine(arguments.threads)}.", "",
        "| scope | `conclave check` | states | steps | levels | time | states/s | memory per state | verdict |",
        "|---|---|--:|--:|--:|--:|--:|--:|---|", *rows])
    if arguments.only or arguments.dry_run:
        print(table)
        return 0
    put(BEGIN, END, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
