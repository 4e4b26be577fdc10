#!/usr/bin/env python3
"""The pictures of the runs that docs/connections.md shows, drawn from what the program writes as JSON.

usage: connection_pictures.py --program PATH [--write]

For each transcript of a seeded bug there is docs/pictures/connections/NAME.svg, and the page shows it. Without --write:
exit status 1 where one is missing, differs from what would be drawn today, is not shown, or belongs to no transcript.
"""
import html
import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ElementTree

import picture_check
from picture_check import ROOT, Wrong

TRANSCRIPT = re.compile(r"^<!-- transcript: \./conclave (connections .*--seed-bug (\S+)) \| sed .* -->$", re.M)

ROW, NUMBER, LANE, WORDS, HEAD, FOOT, LINE = 34, 40, 130, 470, 34, 36, 16  # in pixels
LETTERS = 58  # of a line of bold words
STYLE = """
svg { --paper: #fffefb; --ink: #1d1b18; --soft: #625c53; --lane: #8a8378; --blue: #17528a; --red: #a3211c; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #171614; --ink: #ebe7df; --soft: #aaa398; --lane: #857e73; --blue: #8dbdf0; --red: #ff9184; }
}
text { font: 12px ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: var(--ink); }
.name { font-weight: 600; font-size: 15px; text-anchor: middle; }
.number { fill: var(--soft); text-anchor: end; }
.change { fill: var(--soft); }
.broken { fill: var(--red); font-weight: 600; }
.up { stroke: var(--ink); stroke-width: 2; }
.down { stroke: var(--lane); stroke-dasharray: 1.5 5; }
.mark { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
.crash { stroke: var(--red); stroke-width: 2.5; }
.line { fill: none; stroke-width: 1.3; stroke: var(--soft); }
.call { stroke-dasharray: 3 3; }
.connection { stroke: var(--blue); stroke-width: 2; }
.open { stroke-dasharray: 7 3; }
.lost { stroke: var(--red); }
.label { fill: var(--blue); font-weight: 600; stroke: var(--paper); stroke-width: 4px; paint-order: stroke; }
"""

# What a step does, from its sentence: a kind, and what has to be known of it.
KINDS = [
    ("start", r"server (\S+) starts"),
    ("crash", r"server (\S+) crashes"),
    ("queue", r"server (\S+) queues what it wants to tell ([^\s,]+)"),
    ("call", r"server (\S+) reaches (\S+), says who"),
    ("heard", r"server (\S+) takes the call of ([^\s,;]+)"),
    ("astray", r"server (\S+) calls (\S+) at 0\.0\.0\.0, and so reaches itself: connection (\S+)"),
    ("open", r"server (\S+) reaches (\S+): connection (\S+)"),
    ("take", r"server (\S+) takes connection (\S+), which (\S+) has opened"),
    ("write", r"server (\S+) writes what it has for (\S+) into connection ([^\s,]+)"),
    ("read", r"server (\S+) gets what (\S+) told it, over (\S+)"),
    ("other", r"(?:server|a thread of server) "),
]


def run_of(program, arguments):
    environment = dict(os.environ, CONCLAVE_DEFAULT_CONFIG="examples/five-voters.cfg")
    done = subprocess.run([program, *shlex.split(arguments), "--json"], cwd=ROOT, text=True, env=environment,
                          stdout=subprocess.PIPE, check=False)
    runs = json.loads(done.stdout)["runs"] if done.returncode == 1 else []
    if not runs:
        raise Wrong(f"conclave {arguments}: found exit status {done.returncode}; expected a run and 1")
    return runs[0]


def told(steps):
    """(row, kind, words) of each step."""
    for row, step in enumerate(steps, 1):
        for kind, pattern in KINDS:
            found = re.match(pattern, step["action"])
            if found:
                yield row, kind, found.groups()
                break
        else:
            raise Wrong(f"a step that is not understood: {step['action']!r}; has its form changed?")


class Picture:
    def __init__(self, run):
        self.run = run
        self.steps = list(told(run["steps"]))
        names = {str(step["server"]) for step in run["steps"]}
        self.lanes = sorted(names | {words[1] for _, kind, words in self.steps if kind == "queue"}, key=int)
        self.right = NUMBER + LANE * len(self.lanes)
        self.parts = []

    def x(self, server):
        return NUMBER + LANE * self.lanes.index(server) + LANE // 2

    @staticmethod
    def y(row):
        return HEAD + ROW * row - ROW // 2

    def line(self, kind, start, end, arrow=True):
        head = ' marker-end="url(#tip)"' if arrow else ""
        ends = f'x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}"'
        self.parts.append(f'<line class="line {kind}" {ends}{head}/>')

    def text(self, kind, x, y, words):
        self.parts.append(f'<text class="{kind}" x="{x}" y="{y}">{html.escape(words)}</text>')

    def draw_lane(self, server, bottom):
        since, up = HEAD, False
        for row, kind, words in [*self.steps, (None, "end", (server,))]:
            if kind not in ("start", "crash", "end") or words[0] != server:
                continue
            y = bottom if row is None else self.y(row)
            self.line("up" if up else "down", (self.x(server), since), (self.x(server), y), arrow=False)
            since, up = y, kind == "start"

    def meets(self, row, kinds, fits):
        return next((later for later, kind, words in self.steps if later > row and kind in kinds and fits(words)), None)

    def draw_arrows(self, bottom):
        heard = set()
        for row, kind, words in self.steps:
            start = (self.x(words[0]), self.y(row)) if words and words[0] in self.lanes else None
            if kind == "call":
                end = next((later for later, other, pair in self.steps if other == "heard" and later > row
                            and pair == (words[1], words[0]) and later not in heard), None)
                heard.add(end)
                if end:
                    self.line("call", start, (self.x(words[1]), self.y(end)))
            elif kind == "open":
                end = self.meets(row, ("take",), lambda other, a=words: other[1] == a[2] and other[2] == a[0])
                target = (self.x(words[1]), self.y(end) if end else bottom)
                self.line("connection" if end else "connection open", start, target, arrow=bool(end))
                self.text("label", (start[0] + target[0]) // 2 + 4, (start[1] + target[1]) // 2 - 4, words[2])
            elif kind == "astray":
                left = start[0] - 46
                self.parts.append(f'<path class="line connection" d="M {start[0]} {start[1]} C {left} {start[1] - 22}, '
                                  f'{left} {start[1] + 22}, {start[0] - 7} {start[1] + 4}" marker-end="url(#tip)"/>')
                self.text("label", left - 2, start[1] + 4, words[2])
            elif kind == "write":
                end = self.meets(row, ("read",), lambda other, a=words: other[2] == a[2] and other[1] == a[0])
                if end:
                    self.line("", start, (self.x(words[1]), self.y(end)))
                else:  # not read, or not yet
                    aside = 40 if self.x(words[1]) > start[0] else -40
                    self.line("lost", start, (start[0] + aside, start[1] + 12))

    def svg(self):
        bottom = self.y(len(self.steps)) + ROW // 2
        for server in self.lanes:
            self.text("name", self.x(server), 22, server)
            self.draw_lane(server, bottom)
        self.draw_arrows(bottom)
        for (row, kind, _), step in zip(self.steps, self.run["steps"]):
            x, y = self.x(str(step["server"])), self.y(row)
            if kind == "crash":
                self.parts.append(f'<path class="crash" d="M {x - 6} {y - 6} l 12 12 m 0 -12 l -12 12"/>')
            else:
                self.parts.append(f'<circle class="mark" cx="{x}" cy="{y}" r="4.5"/>')
            self.text("number", NUMBER - 12, y + 4, str(row))
            self.text("", self.right, y + (-2 if step["changes"] else 4), step["action"])
            if step["changes"]:
                self.text("change", self.right, y + 13, "; ".join(step["changes"]))
        broken = textwrap.wrap(self.run["clause"], LETTERS)
        for i, line in enumerate(broken):
            self.text("broken", self.right, bottom + 20 + LINE * i, line)
        width, height = self.right + WORDS, bottom + FOOT + LINE * (len(broken) - 1)
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                f'viewBox="0 0 {width} {height}" role="img">')
        tip = ('<defs><marker id="tip" viewBox="0 0 8 8" refX="11" refY="4" markerWidth="7" markerHeight="7" '
               'markerUnits="userSpaceOnUse" orient="auto"><path d="M 0 0 L 8 4 L 0 8 z" style="fill: var(--soft)"/>'
               "</marker></defs>")
        paper = f'<rect width="{width}" height="{height}" style="fill: var(--paper)"/>'
        title = f"<title>{html.escape(self.run['clause'])}</title>"
        text = "\n".join([head, title, f"<style>{STYLE}</style>", tip, paper, *self.parts, "</svg>"]) + "\n"
        ElementTree.fromstring(text)  # that it can be read
        return text


if __name__ == "__main__":
    sys.exit(picture_check.main(__doc__, "connections", TRANSCRIPT,
                                lambda program, command: Picture(run_of(program, command)).svg()))
