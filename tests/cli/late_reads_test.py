"""`conclave check --late-reads` from outside.

usage: late_reads_test.py PROGRAM [unittest arguments], in the project's folder
"""
import json
import os
import subprocess
import sys
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
THREE = "examples/three-voters.cfg"
OBSERVED = "examples/one-observer.cfg"


def check(*arguments):
    return subprocess.run([PROGRAM, "check", *arguments], capture_output=True, text=True, timeout=120, check=False)


class LateReads(unittest.TestCase):
    def test_what_is_judged_and_what_is_not(self):
        ended = check(THREE, "--late-reads", "--rounds", "2", "--crashes", "1", "--json")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        report = json.loads(ended.stdout)
        self.assertEqual(report["scope"]["reductions"], ["dead-votes", "late-reads"])
        self.assertEqual(report["verdict"], "exhausted")
        standing = {one["name"]: one["standing"] for one in report["properties"]}
        self.assertEqual({name for name, found in standing.items() if found == "holds"},
                         {"quorum-took-part", "no-deadlock"})
        self.assertEqual({found for name, found in standing.items() if name not in ("quorum-took-part", "no-deadlock")},
                         {"not-applicable"})
        whole = json.loads(check(THREE, "--rounds", "2", "--crashes", "1", "--json").stdout)
        self.assertLess(report["totals"]["states"], whole["totals"]["states"])

    def test_one_leader_is_judged_where_it_is_claimed(self):
        ended = check(THREE, "--late-reads", "--timing", "timely", "--start", "together", "--rounds", "1")
        self.assertEqual(ended.returncode, 0)
        self.assertRegex(ended.stdout, r"holds +one-leader-per-round")
        self.assertIn("Claims about single steps were not judged", " ".join(ended.stdout.split()))
        self.assertIn("verdict: exhausted - every claim about states holds within these bounds", ended.stdout)

    def test_limits_leave_it_bounded(self):
        ended = check(THREE, "--late-reads", "--depth", "3")
        self.assertEqual(ended.returncode, 2)
        self.assertRegex(ended.stdout, r"so far +no-deadlock|untested +no-deadlock")
        self.assertIn("verdict: bounded - ", ended.stdout)

    def test_fingerprints_and_disk_go_with_it(self):
        plain = json.loads(check(THREE, "--late-reads", "--json").stdout)
        other = json.loads(check(THREE, "--late-reads", "--fingerprints", "--json").stdout)
        self.assertEqual(plain["totals"]["states"], other["totals"]["states"])

    def test_what_does_not_go_with_it(self):
        for found in (["--liveness"], ["--property", "single-leading"], ["--show", "all-settled"],
                      ["--html", "run.html"], ["--itf", "run.itf.json"], ["--graph", "graph.dot"],
                      ["--counterexamples", "2"], ["--compare", "latest,fifo:1"],
                      ["--checkpoint", "never.checkpoint"], ["--no-reduction", "dead-votes"],
                      ["--grain", "fine"], ["--seed-bug", "zk-275"],
                      ["--zookeeper", "3.4.5"]):
            with self.subTest(found=found[0]):
                ended = check(THREE, "--late-reads", *found)
                self.assertEqual((ended.returncode, ended.stdout), (5, ""))
                self.assertIn(f"--late-reads: found it with {found[0]}", ended.stderr)
                self.assertIn("; expected", ended.stderr)

    def test_fifo_channels_go_with_it_where_nothing_is_timely(self):
        reports = [json.loads(check(THREE, "--late-reads", "--rounds", "1", "--network", network, "--json").stdout)
                   for network in ("fifo:1", "fifo:4")]
        self.assertEqual([report["verdict"] for report in reports], ["exhausted"] * 2)
        self.assertEqual(reports[0]["totals"]["states"], reports[1]["totals"]["states"])
        whole = json.loads(check(THREE, "--rounds", "1", "--network", "fifo:4", "--json").stdout)
        self.assertLess(reports[0]["totals"]["states"], whole["totals"]["states"])
        ended = check(THREE, "--late-reads", "--network", "fifo:1", "--timing", "timely")
        self.assertEqual((ended.returncode, ended.stdout), (5, ""))
        self.assertIn("--late-reads: found it with --network fifo and --timing timely; expected", ended.stderr)

    def test_ensembles_that_it_is_not_argued_for(self):
        ended = check(OBSERVED, "--late-reads")
        self.assertEqual((ended.returncode, ended.stdout), (5, ""))
        self.assertIn(f"--late-reads: {OBSERVED}: found an observer; expected servers that vote alone", ended.stderr)
        ended = check(THREE, "--late-reads", "--rounds", "4")
        self.assertEqual((ended.returncode, ended.stdout), (5, ""))
        self.assertIn("--late-reads: found it with --rounds 4; expected at most --rounds 3", ended.stderr)


if __name__ == "__main__":
    unittest.main()
