#!/usr/bin/env python3
"""Which lines and branches of model/ and impl/wire do the tests reach? All, but for those that unreached.toml explains.

usage: coverage.py [--build FOLDER] [--write]

FOLDER is what the preset `coverage` builds, with llvm's own counters (clang++ -fprofile-instr-generate
-fcoverage-mapping): these count conditions of the source and know nothing of hidden branches for exceptions. Fails
where something is not reached that unreached.toml does not have, or where that file says what is not so. --write puts
the figures into docs/mutations.md.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import tomllib

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = pathlib.Path(__file__).with_name("unreached.toml")
PAGE = ROOT / "docs" / "mutations.md"
BEGIN, END = "<!-- coverage: begin -->", "<!-- coverage: end -->"

# What is looked at, and the tests that have to reach it; a fuzz target replays the inputs that are kept.
ROOMS = {"model": ("model/include", ["golden_test", "unit_test"]),
         "wire": ("impl/wire", ["wire_test", "fuzz_handshake", "fuzz_notification", "fuzz_quorum"])}


def fail(text):
    print(f"coverage: {text}", file=sys.stderr)
    sys.exit(6)


def tool(name):
    """llvm's, of the same version as Debian's clang."""
    for candidate in (f"{name}-14", name):
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            if os.access(pathlib.Path(folder, candidate), os.X_OK):
                return candidate
    return fail(f"found no {name}; expected it in PATH (Debian: llvm)")


def run_tests(build, programs, folder):
    """Runs each program; returns the profile of all."""
    for name in programs:
        command = [build / "bin" / name]
        if name.startswith("fuzz_"):
            command.append(ROOT / "tests/fuzz/corpus" / name.removeprefix("fuzz_"))
        environment = {**os.environ, "LLVM_PROFILE_FILE": f"{folder}/{name}.profraw", "RC_PARAMS": "seed=20260701"}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            fail(f"{name} fails:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    raw = [f"{folder}/{name}.profraw" for name in programs]
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", *raw, "-o", f"{folder}/all.profdata"], check=True)
    return f"{folder}/all.profdata"


def export(build, programs, profile, form):
    objects = [word for name in programs[1:] for word in ("-object", build / "bin" / name)]
    command = [tool("llvm-cov"), "export", f"-format={form}", f"-instr-profile={profile}",
               "-ignore-filename-regex=^/usr/", build / "bin" / programs[0], *objects]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def name_of(path):
    """Below the project's root, of a file of the rooms; otherwise None. The compiler may have been told of it from
    elsewhere (../..)."""
    path = pathlib.Path(path).resolve()
    if any(path.is_relative_to(ROOT / folder) for folder, _ in ROOMS.values()):
        return path.relative_to(ROOT).as_posix()
    return None


def lines_of(lcov):
    """File -> line -> how often it ran."""
    found, file = {}, None
    for line in lcov.splitlines():
        if line.startswith("SF:"):
            file = name_of(line[3:])
            if file:
                found[file] = collections.Counter()
        elif file and line.startswith("DA:"):
            number, count = line[3:].split(",")[:2]
            found[file][int(number)] += int(count)
    return found


def branches_of(text):
    """File -> place of a condition -> how often it was true, and false. All instantiations of a template together."""
    found = {}
    for file in json.loads(text)["data"][0]["files"]:
        name = name_of(file["filename"])
        if name is None:
            continue
        places = found.setdefault(name, {})
        for line, column, line_end, column_end, true, false, *_ in file["branches"]:
            known = places.setdefault((line, column, line_end, column_end), [0, 0])
            known[0] += true
            known[1] += false
    return found


def text_between(lines, place):
    line, column, line_end, column_end = place
    if line == line_end:
        return lines[line - 1][column - 1:column_end - 1]
    parts = [lines[line - 1][column - 1:], *lines[line:line_end - 1], lines[line_end - 1][:column_end - 1]]
    return " ".join(part.strip() for part in parts)


def is_no_code(line):
    """Comparisons written by `= default` are the compiler's, and a closing brace does nothing."""
    return line.rstrip().endswith("= default;") or line.strip() == "}"


def without_what_is_no_code(lines, branches):
    for file, counts in lines.items():
        text = (ROOT / file).read_text(encoding="utf-8").splitlines()
        for number in [number for number in counts if is_no_code(text[number - 1])]:
            del counts[number]
        places = branches.get(file, {})
        for place in [place for place in places if is_no_code(text[place[0] - 1])]:
            del places[place]


def unreached(lines, branches):
    """(key, where) of all that is not reached."""
    for file, counts in sorted(lines.items()):
        text = (ROOT / file).read_text(encoding="utf-8").splitlines()
        for number, count in sorted(counts.items()):
            if count == 0:
                yield f"{file} | line | {text[number - 1].strip()}", f"{file}:{number}"
        for place, outcomes in sorted(branches.get(file, {}).items()):
            for outcome, count in zip(("true", "false"), outcomes):
                if count == 0:
                    yield f"{file} | never {outcome} | {text_between(text, place)}", f"{file}:{place[0]}"


def known_reasons():
    if not LIST.exists():
        return {}
    entries = tomllib.loads(LIST.read_text(encoding="utf-8")).get("because", [])
    return {key: entry["reason"] for entry in entries for key in entry["what"]}


def measure(build, folder, programs):
    lines, branches, profile = {}, {}, run_tests(build, programs, folder)
    lines = lines_of(export(build, programs, profile, "lcov"))
    branches = branches_of(export(build, programs, profile, "text"))
    return lines, branches


def figures(lines, branches, known):
    """One row for each room: name, lines, of these reached, explained; branches, of these reached, explained."""
    for name, (folder, _) in ROOMS.items():
        mine = {file: counts for file, counts in lines.items() if file.startswith(folder + "/")}
        ways = [count for file in mine for outcomes in branches.get(file, {}).values() for count in outcomes]
        counts = [count for each in mine.values() for count in each.values()]
        keys = [key for key, _ in unreached(mine, branches) if key in known]
        explained = sum(" | line | " in key for key in keys)
        yield (name, len(counts), sum(count > 0 for count in counts), explained,
               len(ways), sum(count > 0 for count in ways), len(keys) - explained)


def write(rows, known):
    text = PAGE.read_text(encoding="utf-8")
    table = ["| | lines | reached | explained | branches | reached | explained |", "|---|--:|--:|--:|--:|--:|--:|"]
    table += [f"| `{row[0]}` | " + " | ".join(map(str, row[1:])) + " |" for row in rows]
    reasons = collections.defaultdict(list)
    for key, reason in known.items():
        reasons[reason].append(key)
    for reason, keys in reasons.items():
        table += ["", textwrap.fill(f"- {reason}", 118, subsequent_indent="  ")]
        for key in keys:
            file, what, code = key.split(" | ", 2)
            table.append(f"  - [`{file.rsplit('/', 1)[1]}`](../{file}), {what}: `{code}`")
    block = "\n".join([BEGIN, "", *table, "", END])
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: block, text, flags=re.S), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=ROOT / "build" / "coverage", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    programs = [name for _, names in ROOMS.values() for name in names]
    with tempfile.TemporaryDirectory() as folder:
        lines, branches = measure(options.build.resolve(), folder, programs)
    without_what_is_no_code(lines, branches)
    known, found = known_reasons(), dict(unreached(lines, branches))
    wrong = [f"{where}: not reached: {key}" for key, where in found.items() if key not in known]
    wrong += [f"unreached.toml: it is reached, or not there: {key}" for key in known if key not in found]
    rows = list(figures(lines, branches, known))
    for name, all_lines, reached, explained, ways, taken, excused in rows:
        print(f"{name}: {reached} of {all_lines} lines and {explained} explained;"
              f" {taken} of {ways} branches and {excused} explained")
    print("\n".join(wrong))
    if options.write:
        write(rows, known)
    return 1 if wrong or any(row[1] == 0 or row[4] == 0 for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
