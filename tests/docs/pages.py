#!/usr/bin/env python3
"""Holds the pages to the code: links lead somewhere, tables are the code's, the quoted example is the one compiled.

usage: pages.py [--write]

--write puts the rows of the tables right. A row that is missing has to be put in by hand.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.S | re.M)


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def anchors_of(page):
    anchors = set()
    for heading in re.findall(r"^#+ +(.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M):
        plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
        anchors.add(plain.replace(" ", "-"))
    return anchors


def broken_links():
    pages = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))
    for page in pages:
        for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            there = (page.parent / path).resolve() if path else page
            where = f"{page.relative_to(ROOT)}: {target}"
            if not there.exists():
                yield f"{where} leads nowhere"
            elif anchor and there.suffix == ".md" and anchor not in anchors_of(there):
                yield f"{where}: there is no such heading"


def names_in(source, pattern):
    found = re.findall(pattern, text_of(source))
    if not found:
        raise SystemExit(f"{source}: no names found; has its form changed?")
    return found


def rows_of(page):
    """The names in the first column of the page's tables, as `name`."""
    return re.findall(r"^\| `([a-z0-9-]+)` \|", text_of(page), re.M)


def compare(page, source, names):
    """Names of one table; a page may have several tables, so only what is missing is looked for here."""
    for name in names:
        if name not in rows_of(page):
            yield f"{page}: no row for {name} of {source}"


def wrong_names():
    rules = names_in("model/include/conclave/model/rule.hpp", r'\{Rule::\w+,\s*"([^"]+)"')
    properties = names_in("spec/src/property_infos.cpp", r'\{Property::\w+,\s*PropertyKind::\w+,\s*"([^"]+)"')
    bugs = names_in("spec/src/rules.cpp", r'variant<\w+>\(\s*"([^"]+)"')
    historic = names_in("spec/src/zookeeper_bugs.cpp", r'\{Bug::\w+,\s*"([^"]+)"')
    yield from compare("docs/model.md", "rule.hpp", rules)
    yield from compare("docs/properties.md", "property_infos.cpp", properties)
    yield from compare("docs/properties.md", "rules.cpp", bugs)
    yield from compare("docs/bugs.md", "zookeeper_bugs.cpp", historic)
    known = {"docs/bugs.md": set(historic), "docs/model.md": set(rules),
             "docs/properties.md": set(properties) | set(bugs)}
    for page, names in known.items():
        for name in rows_of(page):
            if name not in names:
                yield f"{page}: {name} is no name of the code"


STRINGS = r'((?:"[^"]*"\s*)+)'
# Page, source, what finds (name, strings of the other columns) in it.
TABLES = [
    ("docs/model.md", "model/include/conclave/model/rule.hpp",
     r'\{Rule::\w+,\s*"([^"]+)",\s*' + STRINGS + r",\s*" + STRINGS + r"\}"),
    ("docs/properties.md", "spec/src/property_infos.cpp",
     r'\{Property::\w+,\s*PropertyKind::\w+,\s*"([^"]+)",\s*' + r",\s*".join([STRINGS] * 3) + r"\}"),
    ("docs/bugs.md", "spec/src/zookeeper_bugs.cpp",
     r'\{Bug::\w+,\s*"([^"]+)",\s*' + r",\s*".join([STRINGS] * 3) + r","),
    ("docs/properties.md", "spec/src/rules.cpp", r'variant<\w+>\(\s*"([^"]+)",\s*' + STRINGS + r"\)"),
]


def fresh_rows(source, pattern):
    """The rows as the code has them, by name; a column that says nothing is left out at the end, `-` elsewhere."""
    for match in re.finditer(pattern, text_of(source)):
        cells = ["".join(re.findall(r'"([^"]*)"', strings)).replace("|", "\\|") for strings in match.groups()[1:]]
        while cells and not cells[-1] and len(cells) > 2:
            cells.pop()
        yield match[1], f"| `{match[1]}` | " + " | ".join(cell or "-" for cell in cells) + " |"


def stale_rows(write):
    for page, source, pattern in TABLES:
        text = text_of(page)
        for name, row in fresh_rows(source, pattern):
            if f"\n{row}\n" in text or name == "zookeeper":
                continue
            if write:
                text = re.sub(rf"^\| `{name}` \|.*$", lambda match, row=row: row, text, flags=re.M)
            else:
                yield f"{page}: {source} says otherwise (--write puts it right): {row}"
        if write:
            (ROOT / page).write_text(text, encoding="utf-8")


def other_steps():
    """The table of what the checker finds has the claim and the length of the run that the bug's section shows."""
    text = text_of("docs/bugs.md")
    sections = dict(re.findall(r"^## (zk-\S+)\n(.*?)(?=^## )", text, re.S | re.M))
    rows = re.findall(r"^\| \[(zk-\S+)\]\(#zk-\S+\) \|.*\| \[`([a-z-]+)`\]\(properties.md\) \| (\d+) \|", text, re.M)
    if not rows:
        yield "docs/bugs.md: no table of runs found; has its form changed?"
    for name, claim, steps in rows:
        if f"\n{claim} is broken in {steps} steps (there is no shorter run)\n" not in sections.get(name, ""):
            yield f"docs/bugs.md: the section on {name} shows no run of {steps} steps that breaks {claim}"


def other_example():
    if text_of("tests/docs/library_example.cpp") not in text_of("docs/model.md"):
        yield "docs/model.md: the example is not tests/docs/library_example.cpp"


def main():
    wrong = [*broken_links(), *wrong_names(), *stale_rows("--write" in sys.argv), *other_steps(),
             *other_example()]
    print("\n".join(wrong) if wrong else "the pages agree with the code")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
