#!/usr/bin/env python3
"""Elections of five voters of which some are nodes and the others real ZooKeeper 3.8 servers.

usage: elections.py NODE MIX [unittest arguments]

NODE is the program conclave-node, MIX one of the words below; with "-tls" after it the servers speak TLS among each
other, with "-tls13" its version 1.3. After each step there is exactly one leader, followed by
all, with an epoch that nobody has led before; real servers say so (srvr), and clients are served wherever that is
possible; and what the nodes have recorded is what the model does (conclave trace). Real servers need Debian's package
zookeeper; without it everything with them is skipped, and says so.

What is possible: a transaction, the beginning of a session included, needs copies at three of the five, and nodes keep
none. So clients are served as long as three real servers run. A node leads only where no real server can.
"""

import functools
import os
import sys
import unittest

import ensemble
import servers

MIXES = {  # whose ids are ours
    "one-low": {1}, "one-high": {5},
    "two-low": {1, 2}, "two-high": {4, 5},
    "four-low": {1, 2, 3, 4}, "four-high": {2, 3, 4, 5},
    "own": {1, 2, 3, 4, 5},
}
COPIES = 3  # a quorum of five
SECURITY = {  # ZooKeeper 3.8's own choice is version 1.2, and no cipher suite of 1.3
    "": None, "tls": (),
    "tls13": ("ssl.quorum.protocol=TLSv1.3", "ssl.quorum.ciphersuites=TLS_AES_128_GCM_SHA256"),
}
ELECTIONS = {"own": 100}
ELECTIONS_WITH_REAL = 30


def with_ensemble(test):
    """The test gets self.all, of which nothing runs yet. If it fails, the ends of all logs are shown."""
    @functools.wraps(test)
    def wrapped(self):
        self.epoch, self.leader, self.elections = 0, None, 0
        with ensemble.Ensemble(NODE, MIXES[MIX], recorded=True, tls=TLS) as self.all:
            test(self)
            self.all.expect_same()
    return wrapped


class Elections(unittest.TestCase):
    # --- judging -----------------------------------------------------------------------------------------------------

    def settle(self, but_not=None):
        """Waits for the leader, and returns it. It is a real one wherever one runs."""
        reals = [sid for sid in self.all.awake() if sid in self.all.reals]
        leader = self.all.wait_settled(but_not, reals or None)
        epoch = self.all.epoch()
        self.assertGreaterEqual(epoch, self.epoch)
        if leader != self.leader:
            self.assertGreater(epoch, self.epoch, f"the epoch of {self.leader}, and again of {leader}")
        self.elections += epoch > self.epoch
        self.epoch, self.leader = epoch, leader
        epochs = [epoch for epoch, _ in self.all.led_epochs()]
        self.assertEqual(len(epochs), len(set(epochs)), f"an epoch was led twice: {self.all.led_epochs()}")
        return leader

    def judge(self, but_not=None):
        """Settled, and clients are served or not, as it has to be. Returns the leader."""
        leader = self.settle(but_not)
        reals = [sid for sid in self.all.awake() if sid in self.all.reals]
        self.all.expect_modes(leader)
        if len(reals) >= COPIES:
            for sid in reals:
                self.all.write_through(sid)
        elif reals:
            self.all.expect_no_session(reals[0])
        return leader

    def start_all(self):
        self.all.start(*(sid for sid in self.all.sids if sid not in self.all.running))

    # --- the steps ---------------------------------------------------------------------------------------------------

    @with_ensemble
    def test_cold_start(self):
        self.start_all()
        self.judge()

    @with_ensemble
    def test_one_after_the_other(self):
        # Nodes first: they find a leader as soon as they are enough, and give it up for a real one.
        order = sorted(self.all.nodes) + self.all.reals
        for count, sid in enumerate(order, 1):
            self.all.start(sid)
            if count >= COPIES:
                self.settle()
        self.judge()

    @with_ensemble
    def test_the_leader_is_killed(self):
        self.start_all()
        first = self.judge()
        self.all.kill(first)
        second = self.judge(but_not=first)
        self.all.kill(second)  # three are left: still a quorum
        self.judge(but_not=second)
        self.all.start(first, second)
        self.judge()

    @with_ensemble
    def test_each_is_killed_and_comes_back(self):
        self.start_all()
        self.judge()
        for sid in self.all.sids:
            self.all.kill(sid)
            self.judge(but_not=sid)
            self.all.start(sid)
            self.judge()

    @with_ensemble
    def test_the_leader_is_stopped_and_goes_on(self):
        self.start_all()
        for _ in range(2):
            leader = self.judge()
            self.all.running[leader].stop()
            self.judge(but_not=leader)
            self.all.running[leader].go_on()
            self.judge()

    @with_ensemble
    def test_a_leader_of_ours_is_stopped_and_goes_on(self):
        if len(self.all.reals) > 1:
            self.skipTest("where two real servers are left, ours do not lead")
        self.start_all()
        self.settle()
        for sid in self.all.reals:
            self.all.kill(sid)
        leader = self.settle()
        self.all.running[leader].stop()
        self.settle(but_not=leader)
        self.all.running[leader].go_on()
        self.settle()

    @with_ensemble
    def test_the_quorum_is_lost_and_comes_back(self):
        self.start_all()
        leader = self.judge()
        lost = [leader, *[sid for sid in self.all.sids if sid != leader][:2]]
        for sid in lost:
            self.all.kill(sid)
        self.all.wait_nobody_leads()
        self.all.start(lost[0])
        self.judge()
        self.all.start(*lost[1:])
        self.judge()

    @with_ensemble
    def test_later_transactions_win(self):
        if not self.all.reals:
            self.skipTest("nobody has transactions")
        self.start_all()
        behind = self.judge()
        if len(self.all.reals) == 1:
            return self.the_only_history_wins(behind)
        # What comes after the first leader's end, it does not have, whatever its id.
        self.all.kill(behind)
        ahead = self.judge(but_not=behind)
        written = None
        if len(self.all.reals) > COPIES:
            written = self.all.write_through(ahead)
        for sid in list(self.all.running):
            self.all.kill(sid)
        self.start_all()
        leader = self.settle(but_not=behind)
        histories = {sid: self.all.running[sid].first_zxid for sid in self.all.reals}
        self.assertEqual(histories[leader], max(histories.values()), histories)
        self.assertLess(histories[behind], histories[leader], histories)
        self.judge()
        for sid in self.all.reals if written else []:
            self.all.read_through(sid, written)

    def the_only_history_wins(self, real):
        # The session that nobody could grant is in its log.
        self.all.kill(real)
        self.settle(but_not=real)  # one of ours leads, in a later epoch
        self.all.start(real)
        self.assertEqual(self.judge(), real)
        self.assertGreater(self.all.running[real].first_zxid, 0)
        for sid in list(self.all.running):
            self.all.kill(sid)
        self.start_all()
        self.assertEqual(self.judge(), real)

    @with_ensemble
    def test_many_elections_in_a_row(self):
        self.start_all()
        leader, judged = self.judge(), 0
        while self.elections < ELECTIONS.get(MIX, ELECTIONS_WITH_REAL):
            self.all.kill(leader)
            self.settle(but_not=leader)
            self.all.start(leader)
            due = self.elections >= judged + 10
            leader = self.judge() if due else self.settle()  # a real one that comes back may lead again
            judged = self.elections if due else judged
        self.judge()


if __name__ == "__main__":
    MIX, dash, version = (sys.argv[2] if len(sys.argv) > 2 else "").partition("-tls")
    security = f"tls{version}" if dash else ""
    if MIX not in MIXES or security not in SECURITY:
        sys.exit(f"usage: elections.py NODE MIX[-tls|-tls13] [unittest arguments]; MIX is one of {', '.join(MIXES)}")
    NODE, TLS = os.path.abspath(sys.argv.pop(1)), SECURITY[security]
    del sys.argv[1]
    if servers.missing() and MIX != "own":
        Elections = unittest.skip(f"SKIPPED: no real ZooKeeper here ({', '.join(servers.missing())}); "
                                  "install the package zookeeper")(Elections)
    unittest.main(verbosity=2)
