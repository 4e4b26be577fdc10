"""`conclave check` with states kept in other ways: on disk, by fingerprints, by bits.

usage: storage_test.py PROGRAM [unittest arguments], in the project's folder
"""
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
# Instrumented programs need more memory than they would tell.
SANITIZED = b"__asan_" in open(PROGRAM, "rb").read() or b"__tsan_" in open(PROGRAM, "rb").read()
SERVERS = "".join(f"server.{i}=10.0.0.{i}:2888:3888\n" for i in range(1, 5))
SCOPE = ["--crashes", "1", "--no-reduction", "all"]
STATES, STEPS = 1525650, 13498936  # also Spin's and Rumur's (docs/other-checkers.md)


def limit_files():
    """A bound on the size of files stands for a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


class Storage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "four.cfg")
        self.folder = os.path.join(folder.name, "states")
        os.mkdir(self.folder)
        with open(self.file, "w", encoding="utf-8") as out:
            out.write("tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir=/tmp\nclientPort=2181\n" + SERVERS)

    def check(self, *arguments, **more):
        return subprocess.run([PROGRAM, "check", self.file, *SCOPE, *arguments], capture_output=True, text=True,
                              timeout=250, **more)

    def document(self, *arguments):
        ended = self.check(*arguments, "--json")
        found = json.loads(ended.stdout)
        self.assertEqual(found["exit_code"], ended.returncode)
        return found

    @unittest.skipIf(SANITIZED, "memory is not told")
    def test_what_memory_has_no_room_for_goes_to_disk(self):
        without = self.document("--memory", "34M")
        self.assertEqual(without["verdict"], "bounded")
        self.assertLess(without["totals"]["states"], STATES)
        found = self.document("--memory", "32M", "--disk", self.folder)
        self.assertEqual(found["verdict"], "exhausted")
        self.assertEqual((found["totals"]["states"], found["totals"]["steps"]), (STATES, STEPS))
        self.assertGreater(found["scenarios"][0]["bytes_on_disk"], 0)
        self.assertEqual(os.listdir(self.folder), [])

    @unittest.skipIf(SANITIZED, "memory is not told")
    def test_a_full_disk_is_said_and_nothing_is_claimed(self):
        ended = self.check("--memory", "32M", "--disk", self.folder, preexec_fn=limit_files)
        self.assertEqual(ended.returncode, 3)
        self.assertRegex(ended.stdout, r"verdict: aborted - .*states.*: File too large")
        self.assertIn(self.folder, ended.stdout.splitlines()[-1])
        self.assertEqual(os.listdir(self.folder), [])

    def test_fingerprints_say_how_probable_an_omission_is(self):
        found = self.document("--fingerprints")
        self.assertEqual((found["verdict"], found["exit_code"]), ("bounded", 2))
        self.assertEqual(found["scope"]["kept"], "fingerprints")
        self.assertEqual((found["totals"]["states"], found["totals"]["steps"]), (STATES, STEPS))
        self.assertEqual(found["scenarios"][0]["stop"], "omissions")
        expected = STATES * (STATES - 1) / 2**65
        self.assertAlmostEqual(found["scenarios"][0]["omissions_expected"] / expected, 1)
        text = self.check("--fingerprints", "--disk", self.folder).stdout
        self.assertIn("verdict: bounded - told apart by 64 bits: one was missed with a probability of at most "
                      f"{expected:.0e}", text)
        self.assertIn("so far", text)
        self.assertNotIn("holds", text)

    def test_bits_say_about_how_many_were_missed(self):
        found = self.document("--bitstate", "4M")
        self.assertEqual((found["verdict"], found["exit_code"]), ("bounded", 2))
        missed = STATES - found["totals"]["states"]
        self.assertGreater(missed, 0)
        self.assertGreater(found["scenarios"][0]["omissions_expected"], missed / 2)
        self.assertLess(found["scenarios"][0]["omissions_expected"], missed * 2)

    def test_a_violation_is_one_however_states_are_kept(self):
        usual = None
        for how in ([], ["--disk", self.folder], ["--fingerprints"], ["--bitstate", "16M"]):
            ended = self.check("--seed-bug", "no-majority", *how)
            self.assertEqual(ended.returncode, 1, ended.stderr)
            run = re.search(r"is broken in \d+ steps.*?because: .*?\n", ended.stdout, re.S).group()
            usual = usual or run
            self.assertEqual(run, usual, how)

    def test_wrong_use(self):
        for arguments, wrong in [
                (["--disk", "/nowhere"], "--disk: /nowhere: No such file or directory; expected a folder"),
                (["--disk", self.file], f"--disk: {self.file}: Not a directory; expected a folder"),
                (["--fingerprints", "--bitstate", "1M"], "--fingerprints excludes --bitstate"),
                (["--bitstate", "many"], "--bitstate: found 'many'; expected a size"),
                (["--bitstate", "1K"], "--bitstate: found '1K'; expected at least 64.0 KiB"),
                (["--liveness", "--fingerprints"], "--liveness: found it with --fingerprints, which may miss states"),
                (["--liveness", "--bitstate", "1M"], "--liveness: found it with --bitstate, which may miss states")]:
            with self.subTest(arguments=arguments):
                ended = self.check(*arguments)
                self.assertEqual(ended.returncode, 5)
                self.assertEqual(ended.stdout, "")
                self.assertIn(f"conclave: {wrong}", ended.stderr)


if __name__ == "__main__":
    unittest.main()
