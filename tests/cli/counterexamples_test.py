"""`conclave check --counterexamples N`: several runs that break claims, in every report and file.

usage: counterexamples_test.py PROGRAM [unittest arguments], in the project's folder
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
THREE = "examples/three-voters.cfg"
BROKEN = [THREE, "--property", "single-leading", "--crashes", "1", "--restarts", "1"]


def check(*arguments):
    return subprocess.run([PROGRAM, "check", *map(str, arguments)], capture_output=True, text=True, timeout=240,
                          check=False)


def runs_of(*arguments):
    done = check(*arguments, "--json")
    return json.loads(done.stdout)["runs"]


def without_times(text):
    return re.sub(r"; [\d.]+ s, [\d.]+( [kM])? states/s; .*", "", text)


class Counterexamples(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_one_is_what_there_was(self):
        for arguments in (BROKEN, [THREE, "--seed-bug", "no-majority"]):
            plain = check(*arguments)
            self.assertEqual(plain.returncode, 1)
            self.assertEqual(without_times(check(*arguments, "--counterexamples", 1).stdout),
                             without_times(plain.stdout))

    def test_several_are_told_shortest_first(self):
        done = check(*BROKEN, "--counterexamples", 5, "--json")
        self.assertEqual(done.returncode, 1, done.stderr)
        report = json.loads(done.stdout)
        runs = report["runs"]
        self.assertEqual((report["counterexamples"], len(runs)), (5, 5))
        lengths = [run["length"] for run in runs]
        self.assertEqual(lengths, sorted(lengths))
        self.assertEqual(runs[0], runs_of(*BROKEN)[0])
        self.assertEqual(len({json.dumps(run["steps"]) for run in runs}), 5)
        for run in runs:
            leading = [[server.get("state") for server in step["servers"]].count("LEADING") for step in run["steps"]]
            self.assertGreater(leading[-1], 1)
            self.assertLess(max(leading[:-1]), 2, "broken before its end")
        # The first of more are the same.
        self.assertEqual(runs_of(*BROKEN, "--counterexamples", 3), runs[:3])

    def test_the_text_tells_each(self):
        done = check(*BROKEN, "--counterexamples", 4)
        self.assertEqual(len(re.findall(r"(?m)^single-leading is broken in \d+ steps \(", done.stdout)), 4)
        self.assertIn("4 counterexamples, as many as were asked for; there may be more.", done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "verdict: violated - single-leading")

    def test_any_number_of_threads_tells_the_same(self):
        for arguments in (BROKEN, [THREE, "--seed-bug", "no-majority"]):
            told = {without_times(check(*arguments, "--counterexamples", 6, "--threads", threads).stdout)
                    for threads in (1, 2, 4)}
            self.assertEqual(len(told), 1)

    def test_claims_that_break_together_have_one_run(self):
        bug = [THREE, "--seed-bug", "zk-157", "--counterexamples", 40]
        runs = runs_of(*bug)
        self.assertGreater(len(runs), 2)
        self.assertEqual(len({json.dumps(run["steps"]) for run in runs}), len(runs))
        together = [run for run in runs if run["also"]]
        self.assertTrue(together)
        for run in together:
            self.assertNotIn(run["property"], run["also"])
        text = check(*bug).stdout
        self.assertEqual(text.count("  broken as well: "), sum(len(run["also"]) for run in runs))
        # All of them are violated, and said to be.
        names = {name for run in runs for name in [run["property"], *run["also"]]}
        self.assertEqual(set(re.findall(r"(?m)^  VIOLATED  (\S+)", text)), names)
        self.assertEqual(set(re.search("verdict: violated - (.*)", text)[1].split(", ")), names)

    def test_a_file_for_each(self):
        done = check(*BROKEN, "--counterexamples", 3, "--html", f"{self.folder}/pages/", "--itf", self.folder / "run",
                     "--json")
        report = json.loads(done.stdout)
        self.assertEqual(sorted(path.name for path in (self.folder / "pages").iterdir()),
                         ["single-leading-2.html", "single-leading-3.html", "single-leading.html"])
        for number, run in zip(("", "-2", "-3"), report["runs"]):
            trace = json.loads((self.folder / f"run{number}").read_text(encoding="utf-8"))
            self.assertEqual(len(trace["states"]), run["length"] + 1)
            self.assertEqual(trace["states"][-1]["text"], run["steps"][-1]["text"])
            page = (self.folder / "pages" / f"single-leading{number}.html").read_text(encoding="utf-8")
            self.assertIn(f"Broken after {run['length']} steps", page)
        self.assertEqual(len(report["outputs"]), 6)

    def test_no_more_than_there_are(self):
        cfg = self.folder / "zoo.cfg"
        cfg.write_text("server.1=a:2888:3888\nserver.2=b:2888:3888\n", encoding="utf-8")
        done = check(cfg, "--seed-bug", "no-majority", "--counterexamples", 500)
        self.assertEqual(done.returncode, 1, done.stderr)
        told = " ".join(done.stdout.split())
        found = re.search(r"(\d+) counterexamples; 500 were asked for, and within these bounds no other run breaks a "
                          "claim for the first time", told)
        self.assertTrue(found, told)
        self.assertLess(int(found[1]), 500)
        # Everything was explored but what follows a broken claim, which is no reason to say that the others hold.
        self.assertNotIn("\n  holds  ", done.stdout)
        self.assertIn("\n  so far  ", done.stdout)

    def test_a_limit_ends_the_search(self):
        done = check(*BROKEN, "--counterexamples", 1000, "--depth", 10)
        self.assertEqual(done.returncode, 1)
        self.assertIn("1000 were asked for, and there may be more beyond the limit: --depth 10 was reached",
                      " ".join(done.stdout.split()))

    def test_the_shortest_of_several_explorations(self):
        cfg = self.folder / "zoo.cfg"
        cfg.write_text("".join(f"server.{sid}=host{sid}:2888:3888\n" for sid in (1, 2, 3)) +
                       "group.1=1:2:3\nweight.1=2\nweight.2=1\nweight.3=1\n", encoding="utf-8")
        for arguments in (["--seed-bug", "round-forgotten"], ["--property", "single-leading"]):
            alone = []
            # 2 and 3 weigh the same, so these stand for all six.
            for order in ((1, 2, 3), (2, 1, 3), (3, 1, 2)):
                history = ",".join(f"{sid}=1:{zxid}" for sid, zxid in enumerate(order, 1))
                alone += [run["length"] for run in runs_of(cfg, *arguments, "--history", history,
                                                           "--counterexamples", 20)]
            alone.sort()
            for wanted in (1, 2, 5, 20):
                lengths = [run["length"] for run in runs_of(cfg, *arguments, "--counterexamples", wanted)]
                self.assertEqual(lengths, alone[:wanted], (arguments, wanted))

    def test_wrong_numbers(self):
        for found in ("0", "1001", "-1", "x", "", "007"):
            done = check(*BROKEN, "--counterexamples", found)
            self.assertEqual((done.returncode, done.stdout), (5, ""), found)
            self.assertIn("--counterexamples", done.stderr)


if __name__ == "__main__":
    unittest.main()
