#!/usr/bin/env python3
"""Five real ZooKeeper 3.8 servers against five nodes: elections, cold start, memory, and the processor when idle.

usage: benchmark.py [--node PROGRAM] [--elections N] [--real-elections N] [--starts N] [--idle SECONDS] [--json]
                    [--write]

Prints a table and what the node was to reach; --write puts both into docs/results-node.md. An election is measured from
the moment when the leader is killed (SIGKILL) until another one says that it leads (decided), and until it is
established: a quorum has acknowledged its epoch. Exit status 1: an aim was missed.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import sys
import time

import ensemble
import servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "results-node.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
TITLE = """# Five nodes against five ZooKeeper servers

`tests/interop/benchmark.py --write` measures this, in one run."""
SIDS = set(range(1, 6))
STALL_S = 1.0
MEMORY_MIB_MAX = 6.0
FINALIZE_GAIN_S = 0.18  # 200 ms of finalizeWait against 20
# As Debian starts it, but with the heap that is enough here: the figures for memory are a favour to it.
REAL_JVM = ()
REAL, OURS, QUICK = "real 3.8.0", "node", "node, finalizeWait 20 ms"


def elect(five):
    """Kills the leader. Seconds until the next one has decided, and until it is established."""
    leader = five.wait_settled()
    began = time.monotonic()
    five.kill(leader)
    after = five.wait_settled(but_not=leader)
    with five.changed:
        told = [line for line in five.running[after].told if line[0] >= began]
    decided = min(when for when, state, _ in told if state == "LEADING")
    established = min(when for when, state, serving in told if state == "LEADING" and serving)
    five.start(leader)
    five.wait_settled()
    return decided - began, established - began


def cold_start(five):
    began = time.monotonic()
    five.start()
    five.wait_settled()
    return time.monotonic() - began


def memory(five):
    """(RSS, PSS) of each server in MiB."""
    found = []
    for server in five.running.values():
        rollup = pathlib.Path(f"/proc/{server.process.pid}/smaps_rollup").read_text(encoding="utf-8")
        kib = dict(line.split()[:2] for line in rollup.splitlines()[1:])
        found.append((int(kib["Rss:"]) / 1024, int(kib["Pss:"]) / 1024))
    return found


def processor(five, seconds):
    """Parts of one core that each server takes while nothing happens, in percent."""
    def spent():
        ticks = {}
        for sid, server in five.running.items():
            stat = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text(encoding="utf-8")
            fields = stat.rsplit(")", 1)[1].split()
            ticks[sid] = int(fields[11]) + int(fields[12])
        return ticks, time.monotonic()
    before, began = spent()
    leader = five.settled()
    five.hold(lambda: five.settled() == leader, "nothing happens", seconds)
    after, ended = spent()
    per_second = os.sysconf("SC_CLK_TCK")
    return [100 * (after[sid] - before[sid]) / per_second / (ended - began) for sid in after]


def measure(make, starts, elections, idle_s):
    """All figures of five servers that make() makes."""
    figures = {"cold": [], "decided": [], "established": []}
    for count in range(starts):
        with make() as five:
            figures["cold"].append(cold_start(five))
            if count + 1 < starts:
                continue
            for _ in range(elections):
                decided, established = elect(five)
                figures["decided"].append(decided)
                figures["established"].append(established)
            figures["processor"] = processor(five, idle_s)
            figures["rss"], figures["pss"] = zip(*memory(five))
    return figures


def quantile(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


ROWS = [  # name, of which figure, how, digits, unit
    ("leader killed to decided, median", "decided", statistics.median, 3, "s"),
    ("... 9 of 10 within", "decided", lambda v: quantile(v, 0.9), 3, "s"),
    ("leader killed to established, median", "established", statistics.median, 3, "s"),
    ("... 9 of 10 within", "established", lambda v: quantile(v, 0.9), 3, "s"),
    ("... longest", "established", max, 3, "s"),
    ("elections", "established", len, 0, ""),
    ("... over a second", "established", lambda v: sum(one > STALL_S for one in v), 0, ""),
    ("cold start of five, median", "cold", statistics.median, 2, "s"),
    ("memory of one (RSS), largest", "rss", max, 1, "MiB"),
    ("... its share where pages are shared (PSS)", "pss", max, 1, "MiB"),
    ("processor of one when idle, mean of five", "processor", statistics.mean, 2, "%"),
]


def table(results):
    lines = ["| | " + " | ".join(results) + " | real / node |", "|---|" + "--:|" * (len(results) + 1)]
    for name, key, how, digits, unit in ROWS:
        values = [how(figures[key]) for figures in results.values()]
        cells = [f"{value:.{digits}f} {unit}".strip() for value in values]
        counted = key == "established" and digits == 0
        ratio = "" if counted or values[1] == 0 else f"{values[0] / values[1]:.1f}"
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {ratio} |")
    return lines


def aims(results):
    """(reached, sentence) of each."""
    real, ours, quick = (results[name] for name in (REAL, OURS, QUICK))
    middle = {name: statistics.median(results[name]["established"]) for name in results}
    stalls = sum(one > STALL_S for figures in (ours, quick) for one in figures["established"])
    count = len(ours["established"]) + len(quick["established"])
    gain = middle[OURS] - middle[QUICK]
    rss = max(max(figures["rss"]) for figures in (ours, quick))
    return [
        (middle[OURS] <= middle[REAL],
         f"no slower than real servers at the same finalizeWait: {middle[OURS]:.3f} s, they {middle[REAL]:.3f} s"),
        (stalls == 0, f"no election takes over a second: {stalls} of {count}"),
        (gain >= FINALIZE_GAIN_S, f"180 ms less where finalizeWait is 180 ms less: {gain * 1000:.0f} ms"),
        (rss < MEMORY_MIB_MAX, f"under {MEMORY_MIB_MAX:.0f} MiB a node (RSS): {rss:.1f} MiB; a real server takes "
                               f"{min(real['rss']):.0f} to {max(real['rss']):.0f}"),
    ]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [" ".join(line.split(":", 1)[1].split()) for line in lines if line.startswith("model name")]
    load = os.getloadavg()[0]
    return (f"{names[0] if names else 'an unnamed processor'}, {len(os.sched_getaffinity(0))} cores; load before "
            f"{load:.1f}; {datetime.date.today().isoformat()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--node", default=str(ROOT / "build/release/bin/conclave-node"))
    parser.add_argument("--elections", type=int, default=100)
    parser.add_argument("--real-elections", type=int, default=20)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--idle", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if servers.missing():
        parser.error(f"no real ZooKeeper here ({', '.join(servers.missing())}); ./conclave test --step interop "
                     "installs it")
    where = machine()
    makes = {
        REAL: (lambda: ensemble.Ensemble(None, (), jvm=REAL_JVM), arguments.real_elections),
        OURS: (lambda: ensemble.Ensemble(arguments.node, SIDS), arguments.elections),
        QUICK: (lambda: ensemble.Ensemble(arguments.node, SIDS, ["--finalize-wait", "20"]), arguments.elections),
    }
    results = {}
    for name, (make, elections) in makes.items():
        print(f"{name}: {arguments.starts} cold starts, {elections} elections ...", file=sys.stderr, flush=True)
        results[name] = measure(make, arguments.starts, elections, arguments.idle)
    reached = aims(results)
    lines = [f"Measured on: {where}.", "", *table(results), "",
             *(f"- {'reached' if good else '**missed**'}: {sentence}" for good, sentence in reached)]
    print(json.dumps({"machine": where, "results": results}, indent=1) if arguments.json else "\n".join(lines))
    if arguments.write:
        page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else f"{TITLE}\n\n{BEGIN}\n{END}\n"
        before, rest = page.split(BEGIN)
        text = "\n".join(lines)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 0 if all(good for good, _ in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
