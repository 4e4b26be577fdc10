#!/usr/bin/env python3
"""The pictures of the runs that docs/connections.md shows, drawn from what the program writes as JSON.

usage: connection_pictures.py --program PATH [--write]

For each transcript of a seeded bug there is docs/pictures/connections/NAME.svg, and the page shows it. Without --write:
exit status 1 where one is missing, differs from what would be drawn today, is not shown, or belongs to no transcript.
"""
import re
import sys

import picture_check
from lanes import HEAD, Lanes, run_of, told

TRANSCRIPT = re.compile(r"^<!-- transcript: \./conclave (connections .*--seed-bug (\S+)) \| sed .* -->$", re.M)

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


class Picture(Lanes):
    def __init__(self, run):
        self.run = run
        steps = list(told(run["steps"], KINDS))
        names = {str(step["server"]) for step in run["steps"]}
        lanes = sorted(names | {words[1] for _, kind, words in steps if kind == "queue"}, key=int)
        super().__init__(steps, lanes, run["clause"])

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

    def draw_under(self, bottom):
        for server in self.lanes:
            self.text("name", self.x(server), 22, server)
            self.draw_lane(server, bottom)
        self.draw_arrows(bottom)

    def picture(self):
        return self.svg([(str(step["server"]), step["action"], step["changes"]) for step in self.run["steps"]])


if __name__ == "__main__":
    sys.exit(picture_check.main(__doc__, "connections", TRANSCRIPT,
                                lambda program, command: Picture(run_of(program, command)).picture()))
