#!/usr/bin/env python3
"""The pictures of the runs that docs/epoch.md shows, drawn from what the program writes as JSON.

usage: epoch_pictures.py --program PATH [--write]

For each transcript of a seeded bug there is docs/pictures/epoch/NAME.svg, and the page shows it. Without --write: exit
status 1 where one is missing, differs from what would be drawn today, is not shown, or belongs to no transcript.
"""
import re
import sys

import picture_check
from lanes import HEAD, STYLE, Lanes, run_of, told

TRANSCRIPT = re.compile(r"^<!-- transcript: \./conclave (epoch [^|>]*--seed-bug (\S+))\s[^|>]*\| .* -->$", re.M)

# What a step does, from its sentence: a kind, and what has to be known of it.
KINDS = [
    ("packet", r"server (\S+) gets (.+?) from server (\S+)$"),
    ("packet", r"server (\S+) (logs) what server (\S+) has"),
    ("connect", r"server (\S+) connects to server (\S+), which leads"),
    ("stop", r"server (\S+) stops"),
    ("write", r"server (\S+) (?:writes|logs)"),
    ("other", r"(?:what )?server (\S+?),? "),
]
DISK = {"acceptedEpoch": "acceptedEpoch={}", "currentEpoch": "currentEpoch={}", "zxid": "zxid={}"}
NOTHING = {"role": "LOOKING", "acceptedEpoch": 0, "currentEpoch": 0, "zxid": "0x0"}


def changes(steps):
    """Of each step: what its server is afterwards that it was not, and what is on its disk."""
    last = {}
    for step in steps:
        before = last.get(step["server"], NOTHING)
        new = [step["role"]] if step["role"] != before["role"] else []
        disk = [words.format(step[name]) for name, words in DISK.items() if step[name] != before[name]]
        last[step["server"]] = step
        yield new + (["on disk: " + " ".join(disk)] if disk else [])


class Picture(Lanes):
    style = STYLE + ".leads { stroke: var(--ink); stroke-width: 5; }\n"

    def __init__(self, run):
        self.run = run
        steps = list(told(run["steps"], KINDS))
        super().__init__(steps, sorted({str(step["server"]) for step in run["steps"]}, key=int),
                         f"After step {len(steps)}: {run['property']} is broken.")

    # Thick while it leads, thin while it follows or observes, dotted while it looks.
    def draw_lane(self, server, bottom):
        since, style = HEAD, "down"
        for (row, _, _), step in zip(self.steps, self.run["steps"]):
            role = step["role"].split(",")[0]
            now = {"LEADING": "leads", "LOOKING": "down"}.get(role, "up")
            if str(step["server"]) != server or now == style:
                continue
            self.line(style, (self.x(server), since), (self.x(server), self.y(row)), arrow=False)
            since, style = self.y(row), now
        self.line(style, (self.x(server), since), (self.x(server), bottom), arrow=False)

    def draw_under(self, bottom):
        for server in self.lanes:
            self.text("name", self.x(server), 22, server)
            self.draw_lane(server, bottom)
        for row, kind, words in self.steps:
            if kind == "packet":  # when it is received; it was sent at some earlier step
                start, end, name = self.x(words[2]), self.x(words[0]), words[1]
                self.line("connection", (start, self.y(row)), (end, self.y(row)))
                self.text("label", min(start, end) + 10, self.y(row) - 5, short(name))
            elif kind == "connect":
                self.line("call", (self.x(words[0]), self.y(row)), (self.x(words[1]), self.y(row)))

    def mark(self, kind, x, y):
        if kind == "write":
            self.parts.append(f'<rect class="mark" x="{x - 5}" y="{y - 5}" width="10" height="10"/>')
        else:
            super().mark("crash" if kind == "stop" else kind, x, y)

    def picture(self):
        return self.svg([(str(step["server"]), step["action"], new)
                         for step, new in zip(self.run["steps"], changes(self.run["steps"]))])


def short(packet):
    """The name alone: its numbers are beside it."""
    return "history" if packet.startswith("the history") else packet.split()[0]


def draw(program, command):
    return Picture(run_of(program, command.replace("\\\n", " "))).picture()


if __name__ == "__main__":
    sys.exit(picture_check.main(__doc__, "epoch", TRANSCRIPT, draw))
