#!/usr/bin/env python3
"""Would the tests notice? Makes small mistakes in the sources, one at a time, and looks whether a test fails.

usage: mutate.py list [--room NAME]
       mutate.py run [--room NAME] [--build FOLDER] [--only WORD] [--alive] [--rounds N] [--jobs N] [--write]

`list` prints the mutants. `run` builds all of them into one copy of the tests, meets each with the tests that reach it,
and fails where one lives that equivalent.toml does not explain, or where that file says what is not so. --only: those
whose name contains WORD. --alive: of the others what the last run found out holds. --rounds: with the quickest
tests alone, in so many rounds. --write puts the figures into docs/mutations.md.
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import sys
import time

sys.dont_write_bytecode = True

import building
import equivalent
import page
from running import ALIVE, Outcome, Program, Runner

ROOT = building.ROOT
# What is mutated, and by which tests it is judged.
ROOMS = {
    # Not those that are about scripts, generators, checkers and pages.
    "model": ("model/include", (Program("bin/golden_test", without="Golden*"), Program("bin/unit_test"),
                                Program("bin/property_test",
                                        without="BrokenRules.*:Coverage.*:Documentation.*:Example.*"))),
    "wire": ("impl/wire", (Program("bin/wire_test"),
                           *(Program(f"bin/fuzz_{name}", ("{root}/tests/fuzz/corpus/" + name,), False)
                             for name in ("handshake", "notification", "quorum")))),
}
# Together they take every line of model/ into account; what the compiler refuses it says here first.
PROBES = ["tests/unit/CMakeFiles/unit_test.dir/epoch_test.cpp.o",
          "tests/unit/CMakeFiles/unit_test.dir/compile_time_test.cpp.o"]
# What is computed while this is compiled is as it should be, or it does not compile.
STATIC_ROOM, STATIC_TEST = "model/", "tests/unit/compile_time_test.cpp"
REPORT_INTERVAL_S = 15


def say(*words):
    print("mutation:", *words, file=sys.stderr, flush=True)


def chosen_of(mutants, rooms, word):
    folders = tuple(ROOMS[room][0] + "/" for room in rooms)
    return {number: mutant for number, mutant in mutants.items()
            if mutant.file.startswith(folders) and word in str(mutant) and not mutant.pointless}


def judge_all(runner, numbers, jobs, rounds):
    outcomes = {number: Outcome("not-reached") for number in numbers}
    for cases in list(runner.rounds())[:rounds]:
        alive = [number for number in numbers if outcomes[number].fate in ALIVE]
        say(f"{len(alive)} mutants meet {len(cases)} tests that take {cases[-1].seconds:.1f} s at most")
        shown_s = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            waiting = {pool.submit(runner.judge, number, cases): number for number in alive}
            for count, done in enumerate(concurrent.futures.as_completed(waiting), 1):
                if done.result().fate != "not-reached":
                    outcomes[waiting[done]] = done.result()
                if time.monotonic() - shown_s >= REPORT_INTERVAL_S:
                    shown_s = time.monotonic()
                    say(f"{count} of {len(alive)} judged")
    return outcomes


def known_outcomes(path, mutants):
    """How those died that the last run has not left alive."""
    if not path.exists():
        return {}
    dead = {entry["key"]: Outcome(entry["fate"], entry["by"])
            for entry in json.loads(path.read_text(encoding="utf-8"))["mutants"]
            if entry["fate"] not in (*ALIVE, "refused")}
    return {number: dead[key] for number, mutant in mutants.items() if (key := equivalent.key_of(mutant)) in dead}


def run(options, rooms):
    started_s = time.monotonic()
    known = equivalent.read()
    build = building.Build(options.build, [folder for folder, _ in ROOMS.values()], say)
    programs = [program for room in rooms for program in ROOMS[room][1]]
    build.prepare([program.path for program in programs], PROBES)
    runner = Runner(build.made, build.tree)
    say("recording what each test reaches")
    failing = runner.record(programs, build.folder / "reached")
    for name, output in failing:
        say(f"{name} fails without any mutant:\n{output}")
    if failing:
        return 1
    chosen = chosen_of(build.mutants, rooms, options.only)
    numbers = [number for number in chosen if number not in build.refused]
    say(f"{len(chosen)} mutants, {len(chosen) - len(numbers)} that the compiler refuses; {len(runner.cases)} tests")
    outcomes = known_outcomes(build.folder / "result.json", {number: chosen[number] for number in numbers}) \
        if options.alive else {}
    rest = [number for number in numbers if number not in outcomes]
    outcomes |= judge_all(runner, rest, options.jobs, options.rounds)
    left = [number for number in rest if outcomes[number].fate in ALIVE and chosen[number].file.startswith(STATIC_ROOM)
            and equivalent.key_of(chosen[number]) not in known]
    if left:
        say(f"{len(left)} mutants meet {STATIC_TEST}")
    for number in left:
        if not build.compiles(chosen[number], STATIC_TEST):
            outcomes[number] = Outcome("killed", STATIC_TEST)
    wrong = list(equivalent.disagreements(chosen, outcomes, known, whole=not options.only))
    result = {
        "date": datetime.date.today().isoformat(), "seconds": round(time.monotonic() - started_s),
        "whole": not options.alive,
        "rooms": {room: page.figures(chosen_of(chosen, [room], ""), outcomes, known) for room in rooms},
    }
    (build.folder / "result.json").write_text(json.dumps({
        **result, "mutants": [{"key": equivalent.key_of(mutant), "line": mutant.line,
                               "fate": outcomes[number].fate if number in outcomes else "refused",
                               "by": outcomes[number].by if number in outcomes else ""}
                              for number, mutant in chosen.items()]}, indent=1), encoding="utf-8")
    print(page.summary(result))
    for line in wrong:
        print(line)
    if options.write:
        page.write(result, known)
    return 1 if wrong or not numbers else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("list", "run"))
    parser.add_argument("--room", choices=tuple(ROOMS), action="append", help="by default all")
    parser.add_argument("--build", default=ROOT / "build" / "mutation", type=pathlib.Path)
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", os.cpu_count())))
    parser.add_argument("--alive", action="store_true")
    parser.add_argument("--rounds", type=int, metavar="N")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rooms = options.room or list(ROOMS)
    if options.write and (options.only or len(rooms) < len(ROOMS)):
        parser.error("--write needs all mutants: neither --only nor --room")
    try:
        if options.command == "run":
            return run(options, rooms)
        mutants, _ = building.all_mutants([ROOMS[room][0] for room in rooms])
        for mutant in chosen_of(mutants, rooms, options.only).values():
            print(mutant)
        return 0
    except building.Failure as failure:
        say(failure)
        return 6


if __name__ == "__main__":
    sys.exit(main())
