"""`conclave simulate` from outside: exit status, messages, reports, files and signals.

usage: program_test.py PROGRAM [unittest arguments], in the project's folder
"""
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
FIVE = "examples/five-voters.cfg"


def simulate(*arguments, timeout=300, **more):
    known = {key: value for key, value in os.environ.items() if key != "CONCLAVE_DEFAULT_CONFIG"}
    return subprocess.run([PROGRAM, "simulate", *arguments], capture_output=True, text=True, timeout=timeout,
                          env={**known, **more})


def without_times(text):
    return re.sub(r"; [\d.]+ s, [\d.]+( [kM])? steps/s", "", text)


class Reports(unittest.TestCase):
    def test_no_violation_is_never_more_than_that(self):
        ended = simulate(FIVE, "--runs", "20")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(ended.stderr, "")
        self.assertEqual(ended.stdout.splitlines()[-1], "verdict: sampled - no violation found in 20 runs")
        self.assertNotIn("holds", ended.stdout)
        self.assertNotIn("exhausted", ended.stdout)
        self.assertRegex(ended.stdout, r"the most recent new local state in run \d+ of 20")

    def test_threads_and_repetition_change_nothing(self):
        first = simulate(FIVE, "--runs", "30", "--threads", "1").stdout
        self.assertEqual(without_times(first), without_times(simulate(FIVE, "--runs", "30", "--threads", "2").stdout))

    def test_json(self):
        ended = simulate("--servers", "5-7", "--runs", "10", "--json")
        document = json.loads(ended.stdout)
        self.assertEqual(document["verdict"], "sampled")
        self.assertEqual(document["exit_code"], ended.returncode)
        self.assertEqual(document["runs"], 10)
        self.assertEqual(sum(document["ends"].values()), 10)
        self.assertEqual(sum(document["actions"].values()), document["steps"])
        self.assertIsNone(document["failure"])
        with open("docs/simulate.md", encoding="utf-8") as page:
            section = page.read().split("## JSON")[1]
        for key in document:
            self.assertIn(f"`{key}`", section, key)

    def test_a_hundred_and_one_servers(self):
        ended = simulate("--servers", "101", "--runs", "2")
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertIn("101 voters", ended.stdout)

    def test_other_quorums(self):
        for name in ("three-groups.cfg", "weights-with-zero-group.cfg", "three-voters-two-observers.cfg"):
            ended = simulate("examples/" + name, "--runs", "40")
            self.assertEqual(ended.returncode, 0, name + ended.stdout + ended.stderr)

    def test_time_alone_is_what_was_asked_for(self):
        ended = simulate(FIVE, "--time", "0.3")
        self.assertEqual(ended.returncode, 0, ended.stdout)
        self.assertIn("verdict: sampled", ended.stdout)

    def test_time_that_is_over_too_early(self):
        ended = simulate(FIVE, "--time", "0.3", "--runs", "1000000000")
        self.assertEqual(ended.returncode, 2, ended.stdout)
        self.assertIn("verdict: bounded - the time of --time is over", ended.stdout)

    def test_interrupted_it_tells_what_it_has(self):
        process = subprocess.Popen([PROGRAM, "simulate", FIVE, "--runs", "1000000000"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        # The handler is there before the first run ends, and no event tells of that but the threads.
        while len(os.listdir(f"/proc/{process.pid}/task")) < 2:
            pass
        process.send_signal(signal.SIGINT)
        report, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 3, report + errors)
        self.assertIn("verdict: aborted - a signal ended it; no violation found in", report)


class Failures(unittest.TestCase):
    def test_every_seeded_bug_is_found_and_its_command_repeats_it(self):
        for bug in ("no-majority", "leader-unchecked", "round-forgotten"):
            ended = simulate(FIVE, "--seed-bug", bug)
            self.assertEqual(ended.returncode, 1, ended.stdout + ended.stderr)
            self.assertIn("verdict: violated", ended.stdout)
            command = re.search(r"^repeat: conclave simulate (.*)$", ended.stdout, re.M)[1]
            again = simulate(*shlex.split(command))
            self.assertEqual(again.returncode, 1)

            def run(text):
                return text[text.index(" is broken in run "):text.index("verdict:")]
            self.assertEqual(run(ended.stdout), run(again.stdout))

    def test_what_is_known_not_to_hold_can_be_claimed(self):
        ended = simulate("--servers", "3", "--property", "single-leading", "--runs", "5000", "--json")
        self.assertEqual(ended.returncode, 1)
        failure = json.loads(ended.stdout)["failure"]
        self.assertEqual(failure["property"], "single-leading")
        leading = [one for one in failure["steps"][-1]["servers"] if one.get("state") == "LEADING"]
        self.assertGreaterEqual(len(leading), 2)

    def test_pages_and_traces(self):
        with tempfile.TemporaryDirectory() as folder:
            page, trace = os.path.join(folder, "run.html"), os.path.join(folder, "run.itf.json")
            ended = simulate(FIVE, "--seed-bug", "no-majority", "--html", page, "--itf", trace)
            self.assertEqual(ended.returncode, 1)
            with open(page, encoding="utf-8") as written:
                text = written.read()
            self.assertIn("quorum-behind-decision", text)
            self.assertIn("--seed 1 --run 1", text)
            with open(trace, encoding="utf-8") as written:
                states = json.load(written)["states"]
            self.assertEqual([state["action"] for state in states], ["init", "start", "silence"])

    def test_no_page_without_a_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, "run.html")
            ended = simulate(FIVE, "--runs", "3", "--html", page)
            self.assertEqual(ended.returncode, 0)
            self.assertIn("warning: --html: no file was written", ended.stdout)
            self.assertFalse(os.path.exists(page))


class WrongUse(unittest.TestCase):
    def refused(self, code, *arguments):
        ended = simulate(*arguments)
        self.assertEqual(ended.returncode, code, ended.stdout + ended.stderr)
        self.assertEqual(ended.stdout, "")
        return ended.stderr

    def test_options(self):
        for arguments, expected in (
                ((FIVE, "--runs", "0"), "--runs"),
                ((FIVE, "--runs", "-3"), "--runs"),
                ((FIVE, "--seed", "-1"), "--seed"),
                ((FIVE, "--seed", "x"), "--seed"),
                ((FIVE, "--steps", "0"), "--steps"),
                ((FIVE, "--time", "soon"), "--time"),
                ((FIVE, "--run", "3", "--runs", "4"), "--run: found it with --runs"),
                ((FIVE, "--servers", "5"), "--servers: found it with"),
                (("--servers", "129"), "expected N or N-M, from 1 to 128"),
                (("--servers", "7-5"), "expected N or N-M"),
                (("--servers", "five"), "expected N or N-M"),
                ((), "FILE: found none"),
                ((FIVE, "--network", "carrier-pigeon"), "--network: found 'carrier-pigeon'"),
                ((FIVE, "--timing", "timely", "--role-ends", "any"), "--role-ends: found any with --timing timely"),
                ((FIVE, "--history", "9=1:1"), "--history: found server 9"),
                ((FIVE, "--history", "1=1"), "--history: found '1=1'"),
                (("--servers", "5", "--history", "6=1:1"), "--history: found server 6"),
                ((FIVE, "--seed-bug", "none-such"), "--seed-bug: found 'none-such'; expected one of"),
                ((FIVE, "--property", "all-settled"), "--property: found 'all-settled'"),
                ((FIVE, "--html", "/no/such/folder/x.html"), "--html"),
                ((FIVE, "--html", FIVE), "which is the configuration itself"),
                ((FIVE, "--bogus"), "--bogus")):
            self.assertIn(expected, self.refused(5, *arguments), arguments)

    def test_configuration(self):
        self.assertIn("/no/such/file", self.refused(4, "/no/such/file"))


if __name__ == "__main__":
    unittest.main()
