#!/usr/bin/env python3
"""The pictures of the runs that docs/bugs.md shows: made from the pages that `--html` writes.

usage: run_pictures.py --program PATH [--write]

For each transcript of a seeded bug there is docs/pictures/bugs/NAME.svg, and the page shows it. Without --write: exit
status 1 where one is missing, differs from what the program draws today, is not shown, or belongs to no transcript.
"""
import html
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
import xml.etree.ElementTree as ElementTree

import picture_check
from picture_check import ROOT, Wrong

# A backslash goes on in the next line.
TRANSCRIPT = re.compile(r"^<!-- transcript: \./conclave (check (?:.|(?<=\\)\n)*--seed-bug (\S+)) \| sed .* -->$", re.M)

# In pixels; the page has the same heights.
ROW, NUMBER, LANE, WORDS, HEAD, MARGIN, LINE = 42, 40, 118, 400, 34, 10, 16
LETTERS = 52  # of a line of bold words
STYLE = """
svg { background: var(--paper); }
.head { font: 600 15px var(--sans); text-anchor: middle; }
.number { fill: var(--soft); text-anchor: end; }
.come { fill: var(--soft); }
.broken { fill: var(--red); font-weight: 600; }
.rule { stroke: var(--rule); }
"""


def page_of(program, arguments):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "run.html"
        words = shlex.split(arguments.replace("\\\n", " "))
        done = subprocess.run([program, *words, "--html", str(path)], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                              check=False)
        if done.returncode != 1 or not path.exists():
            raise Wrong(f"conclave {arguments}: found exit status {done.returncode}; expected a run and 1")
        return path.read_text(encoding="utf-8")


def one(pattern, page):
    found = re.search(pattern, page, re.S)
    if not found:
        raise Wrong(f"the page of a run has no {pattern!r}; has its form changed?")
    return found.group(1)


def style_of(page):
    """Colours, and what is said of the picture."""
    css = one(r"<style>(.*?)</style>", page)
    colours = re.findall(r"^:root \{.*?^\}|^@media \(prefers-color-scheme: dark\) \{.*?^\}", css, re.S | re.M)
    return "\n".join([*colours, *re.findall(r"^svg .*$", css, re.M)]) + STYLE


def texts(pattern, page):
    return [tuple(html.unescape(text) for text in row) for row in re.findall(pattern, page)]


def picture_of(page):
    lanes = texts(r"<li><b>(.*?)</b>()", one(r'<ul aria-label="servers">(.*?)</ul>', page))
    rows = texts(r'<span class="say"><span>(.*?)</span><span>(.*?)</span>', one(r'<ol class="rows"(.*?)</ol>', page))
    drawing = one(r'<svg class="lanes"[^>]*>(.*?\n)</svg>', page)
    because = html.unescape(one(r'<div class="end"><p class="failed">(.*?)</p>', page))
    wide = LANE * len(lanes)
    broken = textwrap.wrap(because, LETTERS)
    width, height = NUMBER + wide + WORDS, HEAD + ROW * (len(rows) + 1) + LINE * (len(broken) - 1) + MARGIN
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}" role="img">',
             f"<title>{html.escape(because)}</title>", f"<style>{style_of(page)}</style>",
             f'<rect width="{width}" height="{height}" style="fill: var(--paper)"/>']
    for i, (name, _) in enumerate(lanes):
        parts.append(f'<text class="head" x="{NUMBER + LANE * (2 * i + 1) / 2:g}" y="22">{html.escape(name)}</text>')
    parts.append(f'<line class="rule" x1="0" x2="{width}" y1="{HEAD}" y2="{HEAD}"/>')
    parts.append(f'<svg x="{NUMBER}" y="{HEAD}" width="{wide}" height="{height - HEAD}" overflow="visible">'
                 f"{drawing}</svg>")
    for i, (what, outcome) in enumerate(rows):
        middle = HEAD + ROW * i + ROW // 2
        left = NUMBER + wide + 14
        parts.append(f'<text class="number" x="{NUMBER - 12}" y="{middle + 4}">{i}</text>')
        parts.append(f'<text x="{left}" y="{middle + (-3 if outcome else 4)}">{html.escape(what)}</text>')
        if outcome:
            parts.append(f'<text class="come" x="{left}" y="{middle + 12}">{html.escape(outcome)}</text>')
    for i, line in enumerate(broken):
        down = HEAD + ROW * len(rows) + 26 + LINE * i
        parts.append(f'<text class="broken" x="{NUMBER + wide + 14}" y="{down}">{html.escape(line)}</text>')
    text = "\n".join([*parts, "</svg>"]) + "\n"
    ElementTree.fromstring(text)  # that it can be read
    return text


if __name__ == "__main__":
    sys.exit(picture_check.main(__doc__, "bugs", TRANSCRIPT,
                                lambda program, command: picture_of(page_of(program, command))))
