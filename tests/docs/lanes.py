"""What the scripts have in common that draw a run as lanes, one for each server, with its steps told beside them."""
import html
import json
import os
import re
import shlex
import subprocess
import textwrap
import xml.etree.ElementTree as ElementTree

from picture_check import ROOT, Wrong

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

def run_of(program, arguments):
    environment = dict(os.environ, CONCLAVE_DEFAULT_CONFIG="examples/five-voters.cfg")
    done = subprocess.run([program, *shlex.split(arguments), "--json"], cwd=ROOT, text=True, env=environment,
                          stdout=subprocess.PIPE, check=False)
    runs = json.loads(done.stdout)["runs"] if done.returncode == 1 else []
    if not runs:
        raise Wrong(f"conclave {arguments}: found exit status {done.returncode}; expected a run and 1")
    return runs[0]


def told(steps, kinds):
    """(row, kind, words) of each step, by the first of `kinds` whose pattern its sentence begins with."""
    for row, step in enumerate(steps, 1):
        for kind, pattern in kinds:
            found = re.match(pattern, step["action"])
            if found:
                yield row, kind, found.groups()
                break
        else:
            raise Wrong(f"a step that is not understood: {step['action']!r}; has its form changed?")


class Lanes:
    """Who derives from it draws what lies under the steps, in draw_under(bottom)."""

    style = STYLE

    def __init__(self, steps, lanes, clause):
        self.steps, self.lanes, self.clause = steps, lanes, clause
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

    def mark(self, kind, x, y):
        if kind == "crash":
            self.parts.append(f'<path class="crash" d="M {x - 6} {y - 6} l 12 12 m 0 -12 l -12 12"/>')
        else:
            self.parts.append(f'<circle class="mark" cx="{x}" cy="{y}" r="4.5"/>')

    def svg(self, told_steps):
        """`told_steps`: of each step its server, its sentence and what it changes."""
        bottom = self.y(len(self.steps)) + ROW // 2
        self.draw_under(bottom)
        for (row, kind, _), (server, sentence, changes) in zip(self.steps, told_steps):
            x, y = self.x(server), self.y(row)
            self.mark(kind, x, y)
            self.text("number", NUMBER - 12, y + 4, str(row))
            self.text("", self.right, y + (-2 if changes else 4), sentence)
            if changes:
                self.text("change", self.right, y + 13, "; ".join(changes))
        broken = textwrap.wrap(self.clause, LETTERS)
        for i, line in enumerate(broken):
            self.text("broken", self.right, bottom + 20 + LINE * i, line)
        width, height = self.right + WORDS, bottom + FOOT + LINE * (len(broken) - 1)
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                f'viewBox="0 0 {width} {height}" role="img">')
        tip = ('<defs><marker id="tip" viewBox="0 0 8 8" refX="11" refY="4" markerWidth="7" markerHeight="7" '
               'markerUnits="userSpaceOnUse" orient="auto"><path d="M 0 0 L 8 4 L 0 8 z" style="fill: var(--soft)"/>'
               "</marker></defs>")
        paper = f'<rect width="{width}" height="{height}" style="fill: var(--paper)"/>'
        title = f"<title>{html.escape(self.clause)}</title>"
        text = "\n".join([head, title, f"<style>{self.style}</style>", tip, paper, *self.parts, "</svg>"]) + "\n"
        ElementTree.fromstring(text)  # that it can be read
        return text
