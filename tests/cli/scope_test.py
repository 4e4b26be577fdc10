#!/usr/bin/env python3
"""What a verdict covers, and no more: several explorations in one call, claims that nothing tested, options without a
value.

usage: scope_test.py PROGRAM [unittest arguments]
"""

import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
SANITIZED = b"__asan_init" in pathlib.Path(PROGRAM).read_bytes() or b"__tsan_init" in pathlib.Path(PROGRAM).read_bytes()
THREE = "examples/three-voters.cfg"
SERVERS = [f"server.{sid}=host{sid}:2888:3888" for sid in (1, 2, 3)]


def conclave(*arguments, **more):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=240, check=False,
                          **more)


class Covered(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="conclave-scope-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def configuration(self, *lines):
        path = self.folder / "zoo.cfg"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def expect(self, status, done, *words):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, " ".join((done.stdout + done.stderr).split()))

    # --- several explorations ----------------------------------------------------------------------------------------

    def test_of_all_scenarios_the_shortest_run_is_told(self):
        cfg = self.configuration(*SERVERS, "group.1=1:2:3", "weight.1=2", "weight.2=1", "weight.3=1")
        bug = ["check", cfg, "--seed-bug", "round-forgotten"]
        done = conclave(*bug)
        told = "quorum-behind-decision is broken in {} steps (there is no shorter run)"
        self.expect(1, done, "of 3 explorations", told.format(10))
        # All six orders, each alone: one of the three has a longer run, one has none.
        found = []
        for order in itertools.permutations((1, 2, 3)):
            history = ",".join(f"{sid}=1:{zxid}" for sid, zxid in enumerate(order, 1))
            runs = json.loads(conclave(*bug, "--history", history, "--json").stdout)["runs"]
            found.append(runs[0]["length"] if runs else None)
        self.assertEqual(found, [12, 12, 10, 10, None, None])

    def test_of_all_scenarios_the_shortest_run_is_shown(self):
        cfg = self.configuration(*SERVERS[:2], "oraclePath=/dev/null")
        report = json.loads(conclave("check", cfg, "--show", "some-leading", "--show", "all-settled", "--json").stdout)
        first = {found["name"]: found["first_seen"] for found in report["properties"]}
        runs = {run["property"]: run["length"] for run in report["runs"]}
        self.assertEqual(runs, {name: first[name] for name in ("some-leading", "all-settled")})

    def test_weights_as_large_as_they_may_be(self):
        cfg = self.configuration(*SERVERS, "group.1=1:2:3", "weight.1=9223372036854775805", "weight.2=1", "weight.3=1")
        self.expect(0, conclave("check", cfg), "every claim holds within these bounds")

    # --- what nothing tested -----------------------------------------------------------------------------------------

    def test_epochs_that_nothing_tested(self):
        done = conclave("epoch", THREE, "--epochs", "1", "--stops", "1", "--transactions", "0")
        self.expect(0, done,
                    "verdict: exhausted - no claim fails within these bounds, and 3 were never put to the test")

    def test_why_epochs_were_not_explored_to_the_end(self):
        arguments = ["epoch", THREE, "--any-stops", "--time", "0.2"]
        self.expect(2, conclave(*arguments), "verdict: bounded - --time 0.2 s was reached")
        report = json.loads(conclave(*arguments, "--json").stdout)
        self.assertEqual((report["why"], report["exit_code"]), ("--time 0.2 s was reached", 2))

    def test_a_claim_that_is_not_judged_here(self):
        for name in ("decided-as-recent-as-supporters", "decided-round-begun"):
            done = conclave("check", THREE, "--property", name)
            self.expect(5, done, f"--property: found {name}, which is not judged in this scope; expected")
            self.assertEqual(done.stdout, "")

    def test_an_old_bug_that_can_not_show(self):
        self.expect(0, conclave("check", THREE, "--seed-bug", "zk-491"),
                    "warning: zk-491 breaks nothing here; to show it needs a server of weight zero")
        small = ["epoch", THREE, "--epochs", "1", "--stops", "0", "--transactions", "0"]
        needs = "zk-1294 breaks nothing here; to show it needs an observer and a stop, with --observers and --ticks"
        self.expect(0, conclave(*small, "--seed-bug", "zk-1294"), "warning: " + needs)
        self.assertEqual(json.loads(conclave(*small, "--seed-bug", "zk-1294", "--json").stdout)["warnings"], [needs])
        self.assertNotIn("warning", conclave(*small).stdout)

    def test_what_epochs_can_be_asked_for_is_listed(self):
        self.expect(0, conclave("epoch", "--list"), "as-recent-as-quorum", "always-startable", "zk-4785",
                    "needs: three epochs, a transaction and three stops", "releases: from 3.4.0 until 3.4.3")

    def test_a_rival_takes_three_voters(self):
        self.expect(5, conclave("check", "examples/two-voters.cfg", "--property", "no-rival-lead", "--timing", "timely",
                                "--crashes", "1", "--restarts", "1"), "expected what it needs: three voters, timely")

    # --- options and input -------------------------------------------------------------------------------------------

    def test_values_that_say_nothing(self):
        for command, option in (("check", "--seed-bug"), ("check", "--zookeeper"), ("check", "--memory"),
                                ("epoch", "--seed-bug"), ("epoch", "--memory"), ("simulate", "--seed-bug")):
            self.expect(5, conclave(command, THREE, option, ""), f"{option}: found nothing; expected a value")
        self.expect(5, conclave("simulate", "--servers", ""), "--servers: found nothing")
        for seed in ("18446744073709551616", "-1", "x"):
            self.expect(5, conclave("simulate", THREE, "--seed", seed),
                        f"--seed: found '{seed}'; expected a number from 0 to 18446744073709551615")

    @unittest.skipIf(SANITIZED, "the sanitizer's own memory counts too")
    def test_more_threads_than_there_is_memory_for(self):
        # In a process of its own, whose only child it is: the peak is that of the largest.
        script = ("import resource, subprocess, sys; ended = subprocess.run(sys.argv[1:]);"
                  "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(ended.returncode)")
        done = subprocess.run([sys.executable, "-c", script, PROGRAM, "check", THREE, "--threads", "256", "--memory",
                               "32M"], capture_output=True, text=True, timeout=240, check=False)
        self.expect(0, done, "--memory 32.0 MiB has room for", "not for 256", "every claim holds")
        self.assertLess(int(re.search(r"peak (\d+)", done.stdout)[1]), 36 * 1024)

    def test_a_name_that_is_no_text(self):
        strange = os.fsencode(self.folder) + b"/\xff.cfg"
        with open(strange, "w", encoding="utf-8") as file:
            file.write("\n".join(SERVERS))
        for command in (["check"], ["epoch", "--stops", "0", "--epochs", "1"], ["simulate", "--runs", "1"]):
            done = subprocess.run([PROGRAM, command[0], strange, *command[1:], "--json"], capture_output=True,
                                  timeout=240, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            json.loads(done.stdout)

    def test_a_signal_while_the_configuration_is_read(self):
        pipe = self.folder / "pipe.cfg"
        os.mkfifo(pipe)
        for command in ("check", "simulate", "epoch"):
            with subprocess.Popen([PROGRAM, command, pipe], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                # Opens for writing as soon as the program reads, and says nothing.
                with open(pipe, "wb"):
                    process.send_signal(signal.SIGINT)
                    process.communicate(timeout=60)
                self.assertEqual(process.returncode, -signal.SIGINT, command)


if __name__ == "__main__":
    unittest.main(verbosity=2)
