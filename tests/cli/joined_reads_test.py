"""`conclave check --joined-reads` from outside.

usage: joined_reads_test.py PROGRAM [unittest arguments], in the project's folder
"""
import json
import os
import subprocess
import sys
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
THREE = "examples/three-voters.cfg"
FIVE = "examples/five-voters.cfg"
OBSERVED = "examples/one-observer.cfg"


def check(*arguments):
    return subprocess.run([PROGRAM, "check", *arguments], capture_output=True, text=True, timeout=120, check=False)


class JoinedReads(unittest.TestCase):
    def test_fewer_states_and_the_same_claims(self):
        bounds = [THREE, "--rounds", "2", "--crashes", "1", "--json"]
        ended = check(*bounds, "--joined-reads")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        joined = json.loads(ended.stdout)
        late = json.loads(check(*bounds, "--late-reads").stdout)
        self.assertEqual(joined["scope"]["reductions"], ["dead-votes", "late-reads", "joined-reads"])
        self.assertEqual(joined["verdict"], "exhausted")
        standing = [{one["name"]: one["standing"] for one in report["properties"]} for report in (joined, late)]
        self.assertEqual(*standing)
        self.assertLess(joined["totals"]["states"], late["totals"]["states"])
        scenario = joined["scenarios"][0]
        self.assertEqual(scenario["levels"], [])
        self.assertGreaterEqual(scenario["looks"], scenario["states"])
        self.assertGreaterEqual(scenario["sweeps"], 1)
        self.assertEqual((late["scenarios"][0]["looks"], late["scenarios"][0]["sweeps"]), (None, None))

    def test_five_servers_and_a_second_round(self):
        ended = check(FIVE, "--joined-reads", "--rounds", "2")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertRegex(ended.stderr, r"\A([0-9,]+ states, .*, sweep .*\n)*\Z")  # where it takes ten seconds or more
        self.assertRegex(ended.stdout, r"  [0-9,]+ states, [0-9,]+ steps, looked at [0-9,]+ times in \d+ sweeps; ")
        self.assertIn("reductions: dead-votes, late-reads and joined-reads", ended.stdout)
        self.assertIn("verdict: exhausted - every claim about states holds within these bounds", ended.stdout)

    def test_one_leader_is_judged_where_it_is_claimed(self):
        ended = check(FIVE, "--joined-reads", "--timing", "timely", "--start", "together", "--rounds", "1")
        self.assertEqual(ended.returncode, 0)
        self.assertRegex(ended.stdout, r"holds +one-leader-per-round")

    def test_a_limit_on_time_leaves_it_bounded(self):
        ended = check(FIVE, "--joined-reads", "--rounds", "3", "--time", "1")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("verdict: bounded - ", ended.stdout)
        self.assertRegex(ended.stdout, r"so far +no-deadlock|untested +no-deadlock")

    def test_a_limit_on_memory_leaves_it_bounded(self):
        ended = check(FIVE, "--joined-reads", "--rounds", "3", "--memory", "96M", "--json")
        self.assertEqual(ended.returncode, 2)
        report = json.loads(ended.stdout)
        self.assertEqual((report["verdict"], report["scenarios"][0]["stop"]), ("bounded", "memory"))
        self.assertFalse(report["scenarios"][0]["last_level_complete"])

    def test_what_it_is_at_is_a_sweep_and_no_time_is_promised(self):
        ended = check(FIVE, "--joined-reads", "--rounds", "3", "--time", "11")
        self.assertEqual(ended.returncode, 2)
        self.assertRegex(ended.stderr, r"(?m)^[0-9,]+ states, .*, sweep \d+, queue [0-9,]+, .*, est. unknown$")

    def test_what_does_not_go_with_it(self):
        for found in (["--liveness"], ["--show", "all-settled"], ["--html", "run.html"], ["--graph", "graph.dot"],
                      ["--checkpoint", "never.checkpoint"], ["--no-reduction", "dead-votes"], ["--network", "fifo:2"],
                      ["--depth", "3"], ["--fingerprints"], ["--bitstate", "1M"], ["--disk", "."],
                      ["--audit"], ["--grain", "fine"], ["--seed-bug", "zk-275"], ["--epochs", "established"]):
            with self.subTest(found=found[0]):
                ended = check(THREE, "--joined-reads", *found)
                self.assertEqual((ended.returncode, ended.stdout), (5, ""))
                self.assertIn(f"--joined-reads: found it with {found[0]}", ended.stderr)
                self.assertIn("; expected", ended.stderr)

    def test_what_was_not_put_to_the_test_does_not_hold(self):
        empty = [THREE, "--history", "1=0:-1,2=0:-1"]
        for option in ("--late-reads", "--joined-reads"):
            ended = check(*empty, option)
            self.assertEqual(ended.returncode, 0)
            self.assertRegex(ended.stdout, r"(?m)^verdict: exhausted - no claim about states fails within these "
                                           r"bounds, and \d (was|were) never put to the test$")
            ended = check(THREE, option, "--except", "no-deadlock", "--except", "quorum-took-part")
            self.assertIn("verdict: exhausted - no claim about states was judged\n", ended.stdout)

    def test_ensembles_that_it_is_not_argued_for(self):
        ended = check(OBSERVED, "--joined-reads")
        self.assertEqual((ended.returncode, ended.stdout), (5, ""))
        self.assertIn(f"--joined-reads: {OBSERVED}: found an observer; expected servers that vote alone", ended.stderr)

    def test_the_audit_looks_at_it(self):
        ended = check(THREE, "--audit", "--rounds", "1", "--crashes", "1", "--json")
        self.assertEqual(ended.returncode, 0)
        found = {one["reduction"]: one for one in json.loads(ended.stdout)["audited"][0]["reductions"]}
        self.assertIsNone(found["joined-reads"]["not_used"])
        self.assertIsNone(found["joined-reads"]["failure"])
        self.assertGreater(found["joined-reads"]["pairs"], 100)
        ended = check(THREE, "--audit", "--rounds", "1", "--network", "fifo:1", "--json")
        found = {one["reduction"]: one for one in json.loads(ended.stdout)["audited"][0]["reductions"]}
        self.assertEqual(found["joined-reads"]["not_used"], "it is for the network latest alone")


if __name__ == "__main__":
    unittest.main()
