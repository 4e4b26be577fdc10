#!/usr/bin/env python3
"""Reductions put to the test, and networks compared: --audit, --compare and --no-reduction on the command line.

usage: reductions_test.py PROGRAM [unittest arguments]
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
THREE = "examples/three-voters.cfg"
FIVE = "examples/five-voters.cfg"


def conclave(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=280, check=False)


def total(count):
    return sum(count) if isinstance(count, list) else count


class Reductions(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="conclave-reductions-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def expect(self, status, done, *words):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, " ".join((done.stdout + done.stderr).split()))

    # --- audit -------------------------------------------------------------------------------------------------------

    def test_every_pair_of_three(self):
        done = conclave("check", THREE, "--rounds", "1", "--crashes", "1", "--audit")
        self.expect(0, done, "dead-votes agrees: all ", "local-states agrees: all ", "histories agrees: ",
                    "each under 8 other orders or numberings",
                    "verdict: exhausted - within these bounds each reduction agrees with the system without it")

    def test_numbers_do_not_depend_on_threads(self):
        def counts(threads):
            report = json.loads(conclave("check", THREE, "--audit", "--threads", threads, "--json").stdout)
            kept = [{key: value for key, value in one.items() if key != "seconds"}
                    for entry in report["audited"] for one in entry["reductions"]]
            return kept, report["verdict"], report["exit_code"]
        self.assertEqual(counts(1), counts(3))

    def test_random_runs(self):
        arguments = ["check", FIVE, "--audit", "--runs", "5", "--seed", "7", "--json"]
        report = json.loads(conclave(*arguments).stdout)
        self.assertEqual((report["verdict"], report["exit_code"], report["failed"]), ("sampled", 0, False))
        by_name = {one["reduction"]: one for one in report["audited"][0]["reductions"]}
        self.assertEqual(by_name["dead-votes"]["runs"], 5)
        self.assertGreater(by_name["dead-votes"]["pairs"], 50)
        self.assertEqual(by_name["histories"]["renamings"], 24)
        again = json.loads(conclave(*arguments, "--threads", "1").stdout)
        self.assertEqual([one["pairs"] for one in again["audited"][0]["reductions"] if "pairs" in one],
                         [one["pairs"] for one in report["audited"][0]["reductions"] if "pairs" in one])

    def test_a_limit_ends_it(self):
        self.expect(2, conclave("check", FIVE, "--audit", "--time", "2"), "agrees so far",
                    "verdict: bounded - --time 2 s was reached - no difference in what was looked at")
        self.expect(2, conclave("check", THREE, "--audit", "--depth", "3"), "--depth 3 was reached")

    def test_where_it_is_not_used(self):
        done = conclave("check", THREE, "--audit", "--network", "fifo:1", "--rounds", "1", "--start", "together",
                        "--history", "equal")
        self.expect(0, done, "local-states not used: it is for the network latest alone",
                    "histories not used: --history gives one")
        done = conclave("check", THREE, "--audit", "--no-reduction", "all", "--no-reduction", "histories")
        self.expect(0, done, "dead-votes not used: --no-reduction switches it off",
                    "warning: no reduction is used in this scope, so that nothing was compared")

    def test_several_orders(self):
        cfg = self.folder / "zoo.cfg"
        cfg.write_text("".join(f"server.{sid}=host{sid}:2888:3888\n" for sid in (1, 2, 3)) +
                       "group.1=1:2\ngroup.2=3\nweight.1=1\nweight.2=1\nweight.3=1\n", encoding="utf-8")
        self.expect(0, conclave("check", cfg, "--audit", "--rounds", "1"), "histories: 3 of 3 explorations")

    def test_rules_for_which_a_reduction_is_not_argued(self):
        # They let votes be counted for something else than they say.
        for bug in ("zk-157", "zk-1818", "zk-975-all", "no-majority", "round-forgotten"):
            # With the first a server begins one election after another, without end.
            limit, status = (["--depth", "12"], 2) if bug == "zk-157" else ([], 0)
            self.expect(status, conclave("check", THREE, "--seed-bug", bug, "--audit", "--start", "together", *limit),
                        f"dead-votes not used: with {bug} decisions rest on other votes")
            report = json.loads(conclave("check", THREE, "--seed-bug", bug, "--json").stdout)
            plain = json.loads(conclave("check", THREE, "--seed-bug", bug, "--no-reduction", "all", "--json").stdout)
            self.assertEqual(report["totals"]["states"], plain["totals"]["states"])

    def test_what_goes_together(self):
        for more in (["--liveness"], ["--show", "all-settled"], ["--property", "single-leading"],
                     ["--html", self.folder / "x"], ["--itf", self.folder / "x"], ["--fingerprints"],
                     ["--bitstate", "1M"], ["--disk", self.folder]):
            self.expect(5, conclave("check", THREE, "--audit", *more), f"{more[0]}: found it with --audit")
            self.expect(5, conclave("check", THREE, "--compare", "latest,fifo:1", *more),
                        f"{more[0]}: found it with --compare")
        self.expect(5, conclave("check", THREE, "--audit", "--compare", "latest,fifo:1"), "--audit: found it with")
        self.expect(5, conclave("check", THREE, "--runs", "5"), "--runs: found it without --audit")
        self.expect(5, conclave("check", THREE, "--audit", "--seed", "5"), "--seed: found it without --runs")
        self.expect(5, conclave("check", THREE, "--audit", "--runs", "5", "--depth", "5"),
                    "--depth: found it with --runs")
        self.expect(5, conclave("check", THREE, "--network", "fifo:1", "--compare", "latest,fifo:1"),
                    "--network: found it with --compare")

    # --- the switch of histories ----------------------------------------------------------------------------------

    def test_every_order_comes_to_the_same(self):
        one = json.loads(conclave("check", THREE, "--crashes", "1", "--json").stdout)
        all_orders = json.loads(conclave("check", THREE, "--crashes", "1", "--no-reduction", "histories",
                                         "--json").stdout)
        self.assertEqual((len(one["scenarios"]), len(all_orders["scenarios"])), (1, 6))
        for scenario in all_orders["scenarios"]:
            for key in ("states", "steps", "levels", "ends", "local_steps", "notifications"):
                self.assertEqual(scenario[key], one["scenarios"][0][key])
            self.assertEqual(sorted(scenario["local_states"]), sorted(one["scenarios"][0]["local_states"]))
        first = [(found["name"], found["standing"], found["first_seen"]) for found in one["properties"]]
        self.assertEqual(first, [(found["name"], found["standing"], found["first_seen"])
                                 for found in all_orders["properties"]])

    def test_too_many_orders(self):
        cfg = self.folder / "zoo.cfg"
        cfg.write_text("".join(f"server.{sid}=host{sid}:2888:3888\n" for sid in range(1, 10)), encoding="utf-8")
        self.expect(5, conclave("check", cfg, "--starts", "5", "--no-reduction", "histories"),
                    "--no-reduction histories: found 15120 orders of initial votes; expected at most 5040")

    # --- networks ----------------------------------------------------------------------------------------------------

    def test_two_networks(self):
        done = conclave("check", THREE, "--compare", "latest,fifo:1", "--rounds", "1", "--json")
        report = json.loads(done.stdout)
        self.assertEqual((done.returncode, report["verdict"], report["exit_code"]), (0, "exhausted", 0))
        latest, fifo = report["compared"][0]["networks"]
        self.assertEqual((latest["network"], fifo["network"]), ("latest", "fifo:1"))
        for one, other in ((latest, fifo), (fifo, latest)):
            shared = [all_of - only for all_of, only in zip(one["local_states"], one["only_here"]["local_states"])]
            self.assertEqual(shared, [all_of - only for all_of, only in
                                      zip(other["local_states"], other["only_here"]["local_states"])])
            self.assertEqual(one["combinations"] - one["only_here"]["combinations"],
                             other["combinations"] - other["only_here"]["combinations"])
            for example in one["examples"]:
                self.assertEqual(len(example["steps"]), example["length"] + 1)
        # The other way round it is the same.
        back = json.loads(conclave("check", THREE, "--compare", "fifo:1,latest", "--rounds", "1", "--json").stdout)
        for one, same in zip((latest, fifo), reversed(back["compared"][0]["networks"])):
            self.assertEqual({**one, "seconds": 0}, {**same, "seconds": 0})
        # And as many states as a check without reductions has.
        for network in (latest, fifo):
            alone = json.loads(conclave("check", THREE, "--network", network["network"], "--rounds", "1",
                                        "--no-reduction", "all", "--json").stdout)
            self.assertEqual(network["states"], alone["totals"]["states"])

    def test_what_the_page_says(self):
        files = {"3 voters": [THREE], "2 of 3 voters, 2 observers":
                 ["examples/three-voters-two-observers.cfg", "--starts", "2"]}
        states_max = 50_000
        rows = 0
        for line in pathlib.Path("docs/networks.md").read_text(encoding="utf-8").splitlines():
            cells = [cell.strip(" `") for cell in line.split("|")[1:-1]]
            if len(cells) != 11 or cells[0] not in files:
                continue
            numbers = [int(number) for number in re.findall(r"\d+", " ".join(cells[3:]).replace(",", ""))]
            if max(numbers) > states_max:
                continue
            with self.subTest(scope=cells[:3]):
                done = conclave("check", *files[cells[0]], *cells[1].split(), "--compare", f"latest,{cells[2]}",
                                "--json")
                entries = json.loads(done.stdout)["compared"]
                sums = [{key: sum(total(entry["networks"][side][key]) for entry in entries)
                         for key in ("states", "local_states")} |
                        {key: sum(total(entry["networks"][side]["only_here"][key]) for entry in entries)
                         for key in ("noticed", "combinations")} |
                        {"only": sum(total(entry["networks"][side]["only_here"]["local_states"]) for entry in entries)}
                        for side in (0, 1)]
                found = [one[key] for key in ("states", "local_states") for one in sums]
                found += [one[key] for one in sums for key in ("only", "noticed")]
                found += [one["combinations"] for one in sums]
                self.assertEqual(found, numbers)
                for entry in entries:
                    self.assertEqual(*[set(network["first_seen"]) for network in entry["networks"]])
            rows += 1
        self.assertGreaterEqual(rows, 12)

    def test_an_unfinished_comparison(self):
        self.expect(2, conclave("check", FIVE, "--compare", "latest,fifo:2", "--time", "2"), "does not so far",
                    "verdict: bounded - --time 2 s was reached; what was not reached may still be")

    def test_wrong_networks(self):
        for networks in ("latest", "latest,fifo", "latest,fifo:0", "fifo:1,fifo:65", "a,b", "latest,fifo:1,fifo:2"):
            self.expect(5, conclave("check", THREE, "--compare", networks),
                        f"--compare: found '{networks}'; expected two networks with a comma between them")
        self.expect(5, conclave("check", THREE, "--compare", "fifo:2,fifo:2"), "expected two different networks")
        self.expect(5, conclave("check", THREE, "--compare", ""), "--compare: found nothing")


if __name__ == "__main__":
    unittest.main()
