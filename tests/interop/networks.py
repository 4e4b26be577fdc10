#!/usr/bin/env python3
"""Elections over bad networks: partitions, one-way ones too, lost and late packets.

usage: networks.py NODE [unittest arguments]

NODE is the program conclave-node. Each server has a network namespace of its own (wire.py). Where the machine does not
permit that, everything is skipped, and says what was not permitted.
"""

import functools
import os
import random
import sys
import unittest

import ensemble
import servers
import wire

SEED = int(os.environ.get("CONCLAVE_SEED", "20240601"))
OURS, MIXED = {1, 2, 3, 4, 5}, {1, 5}  # with three real servers
ROUNDS = 4


class Apart(ensemble.Ensemble):
    """An ensemble whose servers can reach each other over a wire only."""

    def __init__(self, nodes):
        self.wire = wire.Wire(range(1, 6), SEED)
        super().__init__(NODE, nodes)

    def __exit__(self, *what):
        try:
            super().__exit__(*what)
        finally:
            self.wire.close()

    def host(self, sid):
        return self.wire.host(sid)

    def prefix(self, sid):
        return self.wire.command_prefix(sid)

    def connection(self, sid):
        return lambda timeout: self.wire.connect(sid, self.client[sid], timeout)

    def settled_among(self, group):
        """The leader whom all of the group follow, serving, in one epoch; or None."""
        views = [self.running[sid] for sid in group]
        leaders = {view.leader for view in views if view.serving}
        whole = len(leaders) == 1 and leaders <= set(group) and all(view.serving for view in views)
        return leaders.pop() if whole else None

    def wait_settled_among(self, group, but_not=None):
        def so():
            leader = self.settled_among(group)
            return None if leader == but_not else leader
        return self.wait(so, f"a leader among {sorted(group)}, but not {but_not}")


def over_a_wire(nodes):
    """The test gets self.all, which has started and settled."""
    def decorate(test):
        @functools.wraps(test)
        def wrapped(self):
            if nodes != OURS and servers.missing():
                self.skipTest(f"SKIPPED: no real ZooKeeper here ({', '.join(servers.missing())})")
            with Apart(nodes) as self.all:
                self.wire, self.chance = self.all.wire, random.Random(SEED)
                self.all.start()
                self.all.wait_settled()
                test(self)
                self.epochs_are_of_one_leader()
        return wrapped
    return decorate


class Networks(unittest.TestCase):
    def epochs_are_of_one_leader(self):
        epochs = [epoch for epoch, _ in self.all.led_epochs()]
        self.assertEqual(len(epochs), len(set(epochs)), f"an epoch was led twice: {self.all.led_epochs()}")

    def rest(self, *some):
        return [sid for sid in self.all.sids if sid not in some]

    def heal(self):
        self.wire.heal()
        leader = self.all.wait_settled()
        self.epochs_are_of_one_leader()
        return leader

    def cut_off_the_leader(self, others=0):
        """With so many followers. Returns the leader before, and the one after."""
        leader, epoch = self.all.settled(), self.all.epoch()
        minority = [leader, *self.chance.sample(self.rest(leader), others)]
        majority = self.rest(*minority)
        self.wire.divide(minority, majority)
        after = self.all.wait_settled_among(majority, but_not=leader)
        self.assertGreater(self.all.running[after].epoch or epoch + 1, epoch)
        self.all.wait_nobody_leads(*minority)
        return leader, after

    @over_a_wire(OURS)
    def test_the_leader_is_cut_off(self):
        for others in (0, 1) * ROUNDS:
            _, after = self.cut_off_the_leader(others)
            self.assertEqual(self.heal(), after)  # who comes back joins, and does not disturb

    @over_a_wire(OURS)
    def test_no_part_is_a_quorum(self):
        for _ in range(ROUNDS):
            sids = self.chance.sample(self.all.sids, 5)
            self.wire.divide(sids[:2], sids[2:4], sids[4:])
            self.all.wait_nobody_leads()
            self.heal()

    @over_a_wire(OURS)
    def test_the_leader_is_not_heard(self):
        # What it sends gets lost, and what it is sent arrives.
        for _ in range(ROUNDS):
            leader = self.all.settled()
            self.wire.cut([leader], self.rest(leader), both_ways=False)
            self.all.wait_settled_among(self.rest(leader), but_not=leader)
            self.heal()

    @over_a_wire(OURS)
    def test_the_leader_does_not_hear(self):
        for _ in range(ROUNDS):
            leader = self.all.settled()
            self.wire.cut(self.rest(leader), [leader], both_ways=False)
            self.all.wait_nobody_leads(leader)
            self.heal()

    @over_a_wire(OURS)
    def test_two_do_not_reach_each_other(self):
        # Whoever leads reaches a quorum, though not everybody.
        for _ in range(ROUNDS):
            leader = self.all.settled()
            follower = self.chance.choice(self.rest(leader))
            self.wire.cut([leader], [follower])
            self.all.wait(lambda sid=follower: not self.all.running[sid].serving, f"server {follower} without leader")
            self.heal()

    @over_a_wire(OURS)
    def test_packets_are_lost_and_late(self):
        for loss, delay_ms in ((0.0, (20, 60)), (0.1, (0, 0)), (0.2, (0, 40))):
            with self.subTest(loss=loss, delay_ms=delay_ms):
                self.wire.disturb(loss, delay_ms)
                for _ in range(ROUNDS):
                    leader = self.all.wait_settled()
                    self.all.kill(leader)
                    self.all.wait_settled(but_not=leader)
                    self.all.start(leader)
                self.wire.disturb()
                self.all.wait_settled()
        self.assertGreater(self.wire.counts["lost"], 0)

    @over_a_wire(OURS)
    def test_anything_for_a_while(self):
        # Cuts of any kind, each until something has changed or a while is over, with lost and late packets.
        self.wire.disturb(0.05, (0, 30))
        for _ in range(10 * ROUNDS):
            one, other = self.chance.sample(self.all.sids, 2)
            self.wire.heal()
            self.wire.cut([one], self.rest(one) if self.chance.random() < 0.5 else [other],
                          both_ways=self.chance.random() < 0.5)
            with self.all.changed:
                self.all.changed.wait(self.chance.uniform(0, 2 * ensemble.SYNC_S))
        self.heal()

    @over_a_wire(MIXED)
    def test_a_real_leader_is_cut_off(self):
        for others in (0, 1):
            _, after = self.cut_off_the_leader(others)
            self.assertEqual(self.heal(), after)
            for sid in self.all.reals:
                self.all.write_through(sid)

    @over_a_wire(MIXED)
    def test_packets_between_real_servers_and_ours_are_lost_and_late(self):
        self.wire.disturb(0.05, (0, 30))
        for _ in range(2):
            leader = self.all.wait_settled()
            self.all.kill(leader)
            self.all.wait_settled(but_not=leader)
            self.all.start(leader)
            self.all.wait_settled(among=self.all.reals)
            self.all.write_through(self.all.reals[0])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: networks.py NODE [unittest arguments]")
    if forbidden := wire.go_private():
        Networks = unittest.skip(f"SKIPPED: network namespaces are not permitted here: {forbidden}")(Networks)
    NODE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
