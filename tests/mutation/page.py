"""docs/mutations.md: its figures are written here, between two marks."""

import collections
import os
import re
import textwrap

from building import ROOT
from equivalent import key_of
from operators import OPERATORS

PAGE = ROOT / "docs" / "mutations.md"
BEGIN, END = "<!-- mutation: begin -->", "<!-- mutation: end -->"
FATES = ("killed", "crashed", "timed-out", "refused", "equivalent", "alive")


def fate_of(number, mutant, outcomes, known):
    if number not in outcomes:
        return "refused"
    fate = outcomes[number].fate
    if fate in ("survived", "not-reached"):
        return "equivalent" if key_of(mutant) in known else "alive"
    return fate


def figures(mutants, outcomes, known):
    """Operator -> how many of which fate."""
    table = {operator: collections.Counter() for operator in OPERATORS}
    for number, mutant in mutants.items():
        table[mutant.operator][fate_of(number, mutant, outcomes, known)] += 1
    return {operator: {fate: row[fate] for fate in FATES} for operator, row in table.items() if row}


def total(room):
    return {fate: sum(row[fate] for row in room.values()) for fate in FATES}


def score(row):
    """Of those that can be noticed, how many are, in percent."""
    dead = row["killed"] + row["crashed"] + row["timed-out"]
    return 100 * dead / (dead + row["alive"]) if dead + row["alive"] else 0


def summary(result):
    lines = []
    for name, room in result["rooms"].items():
        row = total(room)
        lines.append(f"{name}: {sum(row.values())} mutants: " + ", ".join(f"{row[fate]} {fate}" for fate in FATES) +
                     f"; score {score(row):.1f} %")
    return "\n".join([*lines, f"{result['seconds']} s"])


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.split(":", 1)[1] for line in lines if line.startswith("model name")), "an unnamed processor")
    return f"{' '.join(model.split())}, {os.cpu_count()} cores"


def cell(text):
    return text.replace("|", "\\|")


def rows(result, known):
    took = f"{result['seconds'] // 60} minutes; " if result["whole"] else ""
    yield f"Measured on: {machine()}; {took}{result['date']}."
    for name, room in result["rooms"].items():
        yield ""
        yield f"| `{name}` | mutants | a test fails | crash | too long | refused | equivalent | alive | score |"
        yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
        for operator, row in [*room.items(), ("all", total(room))]:
            numbers = " | ".join(str(row[fate]) for fate in FATES)
            yield f"| {operator} | {sum(row.values())} | {numbers} | {score(row):.1f} % |"
    yield ""
    yield "Those that are equivalent, with the reason:"
    reasons = collections.defaultdict(list)
    for key, reason in known.items():
        reasons[reason].append(key)
    for reason, keys in reasons.items():
        yield ""
        yield textwrap.fill(f"- {reason}", 118, subsequent_indent="  ")
        for key in keys:
            file, function, operator, change = (part.strip() for part in key.split(" | ", 3))
            yield f"  - [`{file.rsplit('/', 1)[1]}`](../{file}) `{function.split('(')[0]}`, {operator}: `{change}`"


def write(result, known):
    text = PAGE.read_text(encoding="utf-8")
    block = "\n".join([BEGIN, "", *rows(result, known), "", END])
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: block, text, flags=re.S), encoding="utf-8")
