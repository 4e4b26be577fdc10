"""equivalent.toml: mutants that change nothing that anybody could notice, with the reason of each.

    [[because]]
    reason = "..."
    mutants = ["FILE | FUNCTION | OPERATOR | WAS -> NOW", ...]

A number goes with what is there more than once in a function: `... -> NOW | 2`.
"""

import pathlib
import tomllib

PATH = pathlib.Path(__file__).with_name("equivalent.toml")


def key_of(mutant):
    key = f"{mutant.file} | {mutant.function} | {mutant.operator} | {mutant.was} -> {mutant.now or '(nothing)'}"
    return key if mutant.nth == 1 else f"{key} | {mutant.nth}"


def read(path=PATH):
    """Key -> reason."""
    known = {}
    if not path.exists():
        return known
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("because", []):
        for key in entry["mutants"]:
            if key in known:
                raise SystemExit(f"{path}: found twice: {key}")
            known[key] = entry["reason"]
    return known


def disagreements(mutants, outcomes, known, whole=True):
    """Sentences: who lives without a reason, who is listed and dies, who is listed and is no mutant."""
    alive = {}
    for number, mutant in mutants.items():
        if number in outcomes:
            alive[key_of(mutant)] = outcomes[number].fate in ("survived", "not-reached"), outcomes[number]
    for key, (lives, outcome) in alive.items():
        if lives and key not in known:
            yield f"{outcome.fate}: {key}"
        elif not lives and key in known:
            yield f"equivalent.toml: {outcome.fate} by {outcome.by}, so not equivalent: {key}"
    if whole:
        files = {mutant.file for mutant in mutants.values()}
        for key in known:
            if key.split(" | ")[0] in files and key not in alive:
                yield f"equivalent.toml: there is no such mutant (any more): {key}"
