#!/usr/bin/env python3
"""What a node is to real ZooKeeper 3.8 servers, as a follower and as a leader, over the quorum port.

usage: roles.py NODE [unittest arguments]

NODE is the program conclave-node. Needs Debian's package zookeeper; without it everything is skipped, and says so.
"""

import os
import sys
import unittest

import ensemble
import servers


@unittest.skipIf(servers.missing(), f"SKIPPED: no real ZooKeeper here ({', '.join(servers.missing())}); "
                                    "install the package zookeeper")
class Roles(unittest.TestCase):
    def test_a_real_leader_counts_it(self):
        # Of three voters the node and one real server are there: a quorum with the node only.
        for node, real in ((1, 3), (3, 1)):
            with self.subTest(node=node), ensemble.Ensemble(NODE, {node}, size=3) as both:
                both.start(node, real)
                self.assertEqual(both.wait_settled(), real)
                both.expect_modes(real)
                both.hold(lambda real=real, both=both: both.settled() == real, "leading", 2 * ensemble.SYNC_S)

    def test_writes_do_not_cost_it_its_leader(self):
        # ZooKeeper sends away a follower that does not acknowledge a transaction within syncLimit.
        with ensemble.Ensemble(NODE, {1}) as five:
            five.start()
            leader = five.wait_settled()
            five.write_through(leader)
            five.hold(lambda: five.settled() == leader, "followed by all after a write", 2 * ensemble.SYNC_S)
            five.write_through(leader)

    def test_it_joins_where_much_was_written(self):
        # The leader's history comes as transactions, or as a snapshot of more than one part.
        with ensemble.Ensemble(NODE, {1}) as five:
            five.start(2, 3, 4, 5)
            leader = five.wait_settled()
            five.fill(leader, 40, bytes(50_000))
            five.start(1)
            self.assertEqual(five.wait_settled(), leader)
            for sid in five.reals:  # a leader that starts from its disk has only a snapshot for an empty server
                five.kill(sid)
            five.kill(1)
            five.start()
            five.wait_settled()
            five.write_through(2)

    def test_an_empty_one_leads_empty_ones(self):
        with ensemble.Ensemble(NODE, {5}, options=["--empty-history"]) as five:
            five.start()
            self.assertEqual(five.wait_settled(), 5)
            five.expect_modes(5)
            five.hold(lambda: five.settled() == 5, "leading four real servers", 2 * ensemble.SYNC_S)
            # It can't number transactions, and a session is one.
            five.expect_no_session(1)
            epoch = five.epoch()
            five.kill(5)
            leader = five.wait_settled(but_not=5)
            self.assertGreater(five.epoch(), epoch)
            five.write_through(1)
            # Now they have data, and it follows.
            five.start(5)
            self.assertEqual(five.wait_settled(), leader)
            five.kill(leader)
            five.wait_settled(among=set(five.reals) - {leader})
            five.write_through(1)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: roles.py NODE [unittest arguments]")
    NODE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
