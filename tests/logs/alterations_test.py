#!/usr/bin/env python3
"""Logs of real servers, altered in one place: each kind of alteration is noticed.

usage: alterations_test.py PROGRAM [unittest arguments], in the project's folder

Each kind is tried at every place of the shipped logs where it can be made, and has to be noticed there. Of a few kinds
some places make another log that could be true, which nobody can notice: a vote that its sender sent a moment later
(the network may lose one), the same vote of another that sent it too, a state that ended in that moment. Of these, most
places must be noticed.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
SIDS = (1, 2, 3)
LOGS = {sid: pathlib.Path(f"examples/logs/{sid}.log").read_text(encoding="utf-8").splitlines(keepends=True)
        for sid in SIDS}
KINDS_MIN = 20

# Of those that led.
QUORUM_PORTS = sorted({line.rsplit(":", 1)[1].strip() for lines in LOGS.values() for line in lines
                       if "Successfully connected to leader" in line})
HEARD = re.compile(r"Notification: my state:(\w+); n\.sid:(\d+), n\.state:(\w+), n\.leader:(\d+)")
DATE = re.compile(r"\d{4}-\d\d-\d\d (\d\d):(\d\d):(\d\d),(\d{3})")


def heard(line, sid, own, looking=True):
    """Is it a notification that a looking server (`looking`: by its own word) had of itself, or of another?"""
    found = HEARD.search(line)
    return found and (int(found[2]) == sid) == own and (not looking or found[1] == "LOOKING")


def changed(pattern, new):
    """Replaces what the pattern finds by `new(what it found)`."""
    def alter(lines, i, sid):
        del sid
        text = re.sub(pattern, lambda found: new(found[0]), lines[i], count=1)
        return None if text == lines[i] else lines[:i] + [text] + lines[i + 1:]
    return alter


def number_changed(field):
    return changed(rf"(?<={field}0x)[0-9a-f]+", lambda digits: f"{int(digits, 16) ^ 4:x}")


def another_of(words):
    return lambda word: words[(words.index(word) + 1) % len(words)]


def deleted(lines, i, sid):
    del sid
    return lines[:i] + lines[i + 1:]


def inserted(message, thread="QuorumPeer[myid={}](plain=127.0.0.1:2181)(secure=disabled):QuorumPeer@1"):
    """One more line behind that one, at the same moment."""
    def alter(lines, i, sid):
        line = f"{DATE.match(lines[i])[0]} [myid:{sid}] - INFO  [{thread.format(sid)}] - {message}\n"
        return lines[:i + 1] + [line] + lines[i + 1:]
    return alter


def moved_up(lines, i, sid):
    """Two lines, the state and the role, to where the election has just begun."""
    del sid
    begun = max((j for j in range(i) if "New election." in lines[j]), default=None)
    if begun is None or f" - {lines[i].rsplit(' ', 1)[1].strip().upper()}\n" not in lines[i + 1]:
        return None
    stamp = DATE.match(lines[begun])[0]
    pair = [DATE.sub(stamp, line, count=1) for line in lines[i:i + 2]]
    return lines[:begun + 1] + pair + lines[begun + 1:i] + lines[i + 2:]


def hurried(lines, i, sid):
    """Everything from the last notification before a decision on is written 150 ms later: so the wait is shorter."""
    del sid
    last = max((j for j in range(i) if "Notification: my state:LOOKING" in lines[j]), default=None)
    begun = max((j for j in range(i) if "New election." in lines[j]), default=0)
    if last is None or last < begun or ms_of(lines[i]) - ms_of(lines[last]) < 190:
        return None  # it joined others, without a wait
    return lines[:i] + [later(line, -150) for line in lines[i:i + 2]] + lines[i + 2:]


def ms_of(line):
    hours, minutes, seconds, ms = map(int, DATE.match(line).groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms


def later(line, ms):
    found = DATE.match(line)
    if not found:
        return line
    all_ms = ms_of(line) + ms
    seconds, rest = divmod(all_ms, 1000)
    return (f"{line[:11]}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{rest:03}" + line[found.end():])


def swapped(lines, i, sid):
    """Two notifications of its own in the wrong order."""
    following = next((j for j in range(i + 1, len(lines)) if heard(lines[j], sid, True)), None)
    begins = next((j for j in range(i + 1, len(lines)) if "New election." in lines[j]), len(lines))
    if following is None or following > begins or HEARD.search(lines[i])[0] == HEARD.search(lines[following])[0]:
        return None
    message = [lines[j][lines[j].index("Notification: "):] for j in (i, following)]
    copy = list(lines)
    copy[i] = lines[i][:lines[i].index("Notification: ")] + message[1]
    copy[following] = lines[following][:lines[following].index("Notification: ")] + message[0]
    return copy


def own(line, sid):
    return heard(line, sid, True)


def others(line, sid):
    return heard(line, sid, False)


def has(words):
    return lambda line, sid: line.rstrip("\n").endswith(words)


def says(words):
    return lambda line, sid: words in line


STATES = ["LOOKING", "FOLLOWING", "LEADING"]
COULD_BE_TRUE = "could be true"
# (name, which lines, how, and of some COULD_BE_TRUE)
KINDS = [
    ("own vote: another leader", own, changed(r"(?<=n\.leader:)\d", another_of("123"))),
    ("own vote: another zxid", own, number_changed(r"n\.zxid:")),
    ("own vote: another epoch", own, number_changed(r"n\.peerEpoch:")),
    ("own vote: another round", own, number_changed(r"n\.round:")),
    ("own vote: another state", own, changed(r"(?<=n\.state:)\w+", another_of(STATES))),
    ("own vote: missing", own, deleted),
    ("own votes: in another order", own, swapped),
    ("another's vote: another leader", others, changed(r"(?<=n\.leader:)\d", another_of("123")), COULD_BE_TRUE),
    ("another's vote: another zxid", others, number_changed(r"n\.zxid:")),
    ("another's vote: another epoch", others, number_changed(r"n\.peerEpoch:")),
    ("another's vote: another round", others, number_changed(r"n\.round:")),
    ("another's vote: another state", others, changed(r"(?<=n\.state:)\w+", another_of(STATES)), COULD_BE_TRUE),
    ("a vote of the wrong sender", others, changed(r"(?<=n\.sid:)\d", another_of("123")), COULD_BE_TRUE),
    ("a state that it is not in, while looking", lambda line, sid: own(line, sid) or others(line, sid),
     changed(r"(?<=my state:)\w+", another_of(STATES)), COULD_BE_TRUE),
    ("a decision without a quorum", lambda line, sid: re.search(r"Peer state changed: (leading|following)$", line),
     moved_up),
    ("a decision without its wait", lambda line, sid: re.search(r"Peer state changed: (leading|following)$", line),
     hurried),
    ("it follows, and says that it leads", has("Peer state changed: following"),
     changed("following$", lambda _: "leading")),
    ("it leads, and says that it follows", has("Peer state changed: leading"),
     changed("leading$", lambda _: "following")),
    ("a role that was not decided for", has(" - FOLLOWING"), changed("FOLLOWING", lambda _: "LEADING")),
    ("the leader's role missing", has(" - LEADING"), changed("LEADING", lambda _: "OBSERVING")),
    ("an election that begins with another zxid", says("New election."), changed(r"(?<=zxid=0x)\w+", lambda _: "77")),
    ("an election of another server", says("New election."), changed(r"(?<=My id = )\d", another_of("123"))),
    ("an election that does not begin", says("New election."), deleted),
    ("an election that begins twice", says("New election."), inserted("New election. My id = 1, proposed zxid=0x0")),
    ("a wait that was none", says("New election."), inserted("Notification time out: 400 ms")),
    ("looking while in a role", has(" - LEADING"), inserted("LOOKING")),
    ("up to date with itself", has(" - LEADING"), inserted("Learner received UPTODATE message")),
    ("connected to another leader", says("Successfully connected to leader"),
     changed(r"(?<=127\.0\.0\.1:)\d+$", lambda port: QUORUM_PORTS[(QUORUM_PORTS.index(port) + 1) % len(QUORUM_PORTS)])),
    ("an epoch that nobody else has", says("Have quorum of supporters"),
     changed(r"(?<=zxid: 0x)\d(?=0{8})", lambda _: "e")),
    ("an epoch without a quorum", says("Have quorum of supporters"), changed(r"\[\[\d, ", lambda _: "[[")),
    ("an epoch that is not new", says("Have quorum of supporters"), changed(r"(?<=zxid: 0x)\d", lambda _: "0")),
]


def trace(folder):
    files = [str(folder / f"{sid}.log") for sid in SIDS]
    done = subprocess.run([PROGRAM, "trace", *files, "--json"], capture_output=True, text=True, timeout=60, check=False)
    return done, json.loads(done.stdout) if done.stdout else None


class Alterations(unittest.TestCase):
    def places(self, which, how):
        """(server, line, the server's log altered there)"""
        for sid, lines in LOGS.items():
            for i, line in enumerate(lines):
                if which(line, sid):
                    altered = how(lines, i, sid)
                    if altered is not None:
                        yield sid, i, altered

    def missed(self, sid, altered):
        """Empty, or what is wrong."""
        with tempfile.TemporaryDirectory(prefix="conclave-altered-") as folder:
            folder = pathlib.Path(folder)
            for other, lines in LOGS.items():
                text = "".join(altered if other == sid else lines)
                (folder / f"{other}.log").write_text(text, encoding="utf-8")
            done, report = trace(folder)
            if done.returncode != 1 or report["verdict"] != "diverges":
                return f"exit status {done.returncode}, {done.stderr or report['verdict']}"
            return ""

    def test_there_are_enough_kinds(self):
        self.assertEqual(len({name for name, *_ in KINDS}), len(KINDS))
        self.assertGreaterEqual(len(KINDS), KINDS_MIN)

    def test_the_logs_as_they_are(self):
        self.assertEqual(self.missed(1, LOGS[1]), "exit status 0, same")

    def test_every_kind_is_noticed_at_every_place(self):
        for name, which, how, *could_be_true in KINDS:
            with self.subTest(kind=name):
                tried, missed = 0, []
                for sid, i, altered in self.places(which, how):
                    tried += 1
                    wrong = self.missed(sid, altered)
                    if wrong:
                        missed.append(f"examples/logs/{sid}.log:{i + 1}: {wrong}")
                self.assertGreater(tried, 0, "no place for it")
                print(f"{name}: noticed at {tried - len(missed)} of {tried} places", file=sys.stderr)
                if could_be_true:
                    self.assertLess(2 * len(missed), tried, missed)
                else:
                    self.assertEqual(missed, [])


if __name__ == "__main__":
    unittest.main()
