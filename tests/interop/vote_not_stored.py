#!/usr/bin/env python3
"""A real server that joins decides in round -1 (docs/bugs.md, "Found in today's rules").

usage: vote_not_stored.py NODE [unittest arguments]

NODE is the program conclave-node, beside which conclave is. All three servers are real ZooKeeper 3.8 ones, and nobody
else speaks. The main thread of the one that leads waits between the line that makes it LEADING and the one that stores
its vote: a debugger holds that thread alone, as a busy machine may for a moment. The server that joins is held before
its election until that is so. Needs Debian's package zookeeper; without it all is skipped, and says so.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

import debugger
import ensemble
import servers

QUORUM = "org.apache.zookeeper.server.quorum."
# setPeerState comes before it and QuorumPeer.setCurrentVote after it. (The latter has the lock that reception needs.)
DECIDED = (QUORUM + "FastLeaderElection", "leaveInstance")
BEFORE_ELECTION = (QUORUM + "QuorumPeer", "startLeaderElection")
# A follower tries five times to reach its leader, with so much in between: with 100 ms, the default, server 1 might
# give up before server 3 has heard it.
RETRY_MS = 1500
EARLY, LEADER, LATE = 1, 2, 3
HEARD = re.compile(r"Notification: my state:(\w+); n\.sid:(\d+), n\.state:(\w+), n\.leader:(\d+), n\.round:0x(\w+),")


def signed(hexadecimal):
    number = int(hexadecimal, 16)
    return number - (number >> 63 << 64)


class Listening(servers.Real):
    """Keeps what it hears: (its state, from whom, their state, their leader, their round)."""

    def __init__(self, *arguments, **named):
        self.heard = []
        super().__init__(*arguments, **named)

    def hear(self, line):
        if found := HEARD.search(line):
            self.heard.append((found[1], int(found[2]), found[3], int(found[4]), signed(found[5])))
            return True
        return super().hear(line)


@unittest.skipIf(servers.missing(), f"SKIPPED: no real ZooKeeper here ({', '.join(servers.missing())}); "
                                    "install the package zookeeper")
class VoteNotStored(unittest.TestCase):
    def wait_state(self, sid, state):
        self.all.wait(lambda: self.all.running[sid].state == state, f"server {sid} is {state}")

    def wait_heard(self, sid, wanted):
        """Until the server hears from `wanted[0]` what the rest of it says: state, leader, round."""
        self.all.wait(lambda: any(heard[1:] == wanted for heard in self.all.running[sid].heard),
                      f"server {sid} hears {wanted}")

    def start(self, sid, *jvm):
        self.all.jvm = [*servers.QUICK_JVM, f"-Dzookeeper.leaderConnectDelayDuringRetryMs={RETRY_MS}", *jvm]
        self.all.start(sid)

    def expect_explained(self):
        """The model has such a server: it explains every line."""
        program = pathlib.Path(NODE).with_name("conclave")
        logs = [str(self.all.folder / f"{sid}.log") for sid in self.all.sids]
        done = subprocess.run([str(program), "trace", *logs, "--json"], capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        report = json.loads(done.stdout)
        self.assertEqual(report["divergences"], [])
        self.assertEqual(done.returncode, 0)
        first = [(turn["sid"], turn["end"]["state"], turn["end"]["leader"], turn["end"]["round"])
                 for election in report["elections"] for turn in election["servers"]]
        self.assertIn((LATE, "FOLLOWING", LEADER, -1), first)

    def test_a_decision_in_round_minus_one(self):
        with ensemble.Ensemble(NODE, (), size=3) as self.all, \
                debugger.Held(*DECIDED, ensemble.PATIENCE_S) as leader, \
                debugger.Held(*BEFORE_ELECTION, ensemble.PATIENCE_S) as late:
            self.start(LATE, *late.arguments)
            late.wait()
            self.start(EARLY)
            self.start(LEADER, *leader.arguments)
            leader.wait()
            self.wait_state(LEADER, "LEADING")
            self.wait_state(EARLY, "FOLLOWING")
            # Its word comes last: the round of what is heard last is the one that is taken.
            self.all.running[LEADER].stop()
            late.release()
            self.wait_heard(LATE, (EARLY, "FOLLOWING", LEADER, 1))
            self.all.running[LEADER].go_on()
            # The vote of before the election: for itself, of no round.
            self.wait_heard(LATE, (LEADER, "LEADING", LEADER, -1))
            self.wait_state(LATE, "FOLLOWING")
            leader.release()
            self.assertEqual(self.all.wait_settled(), LEADER)
            # It answers with what it has decided ...
            self.all.kill(EARLY)
            self.start(EARLY)
            self.wait_heard(EARLY, (LATE, "FOLLOWING", LEADER, -1))
            self.all.wait_settled()
            # ... and its next election begins in round 0.
            self.all.kill(LEADER)
            self.wait_heard(LATE, (LATE, "LOOKING", LATE, 0))
            self.all.wait_settled(but_not=LEADER)
            self.expect_explained()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: vote_not_stored.py NODE [unittest arguments]")
    NODE = os.path.abspath(sys.argv.pop(1))
    servers.Real = Listening
    unittest.main(verbosity=2)
