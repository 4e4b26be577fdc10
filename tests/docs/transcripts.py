#!/usr/bin/env python3
"""Refreshes, or with --check compares, the transcripts in README.md and docs/.

usage: transcripts.py [--check] [--all] [--program PATH] [PAGE...]

A transcript is a block fenced with ```console after the line

    <!-- transcript: COMMAND -->

COMMAND runs in the project's folder; its standard output, and its exit status where that is not 0, replace the
block. --check changes nothing and fails where a block says something else, but for times, speeds and memory.
`<!-- transcript, slow: COMMAND -->` is left alone without --all. --program takes the place of ./conclave.
"""

import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"<!-- transcript(?P<slow>, slow)?: (?P<command>.+?) -->\n\n?```console\n(?P<body>.*?)```\n", re.S)
NUMBER = r"[0-9][0-9,.]*"
VARIES = [
    (re.compile(NUMBER + r" ?(ms|s|min)\b"), "<time>"),
    (re.compile(NUMBER + r" ?[kMG]? ?(states|steps)/s"), "<speed>"),
    (re.compile(NUMBER + r" ?([KMGT]i?B|bytes|B)(/state)?\b"), "<memory>"),
]


def output_of(command, program):
    shown = command
    if program:
        command = re.sub(r"\./conclave(?= (check|connections|epoch|simulate|trace))", program, command)
    environment = dict(os.environ, LC_ALL="C.UTF-8", CONCLAVE_DEFAULT_CONFIG="examples/five-voters.cfg")
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    text = done.stdout.replace(str(ROOT) + "/", "")
    lines = [line.expandtabs().rstrip() for line in text.rstrip("\n").split("\n")]
    if done.returncode != 0:
        lines += ["$ echo $?", str(done.returncode)]
    return "\n".join([f"$ {shown}"] + lines) + "\n"


def without_measurements(text):
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    return re.sub(r" +", " ", text)


def pages_of(arguments):
    if arguments.pages:
        return [pathlib.Path(page).resolve() for page in arguments.pages]
    return [ROOT / "README.md"] + sorted((ROOT / "docs").glob("*.md"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--program")
    parser.add_argument("pages", nargs="*")
    arguments = parser.parse_args()
    stale = 0
    for page in pages_of(arguments):
        name = page.relative_to(ROOT)

        def renewed(match, name=name):
            nonlocal stale
            if match["slow"] and not arguments.all:
                return match[0]
            fresh = output_of(match["command"], arguments.program)
            old, new = without_measurements(match["body"]), without_measurements(fresh)
            if old == new:
                return match[0]
            stale += 1
            if arguments.check:
                print(f"{name}: another transcript of: {match['command']}")
                print("\n".join(difflib.unified_diff(old.split("\n"), new.split("\n"), "page", "now", lineterm="")))
            start = match.start("body") - match.start()
            return match[0][:start] + fresh + "```\n"

        text = page.read_text(encoding="utf-8")
        result = BLOCK.sub(renewed, text)
        if result != text and not arguments.check:
            page.write_text(result, encoding="utf-8")
            print(f"{name}: renewed")
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
