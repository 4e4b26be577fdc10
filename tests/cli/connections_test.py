#!/usr/bin/env python3
"""`conclave connections` as people and scripts see it.

usage: connections_test.py PROGRAM [unittest arguments]
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
THREE = "examples/three-voters.cfg"


def connections(*arguments):
    environment = {name: value for name, value in os.environ.items() if name != "CONCLAVE_DEFAULT_CONFIG"}
    return subprocess.run([PROGRAM, "connections", *map(str, arguments)], capture_output=True, text=True, timeout=240,
                          check=False, env=environment)


class Connections(unittest.TestCase):
    def configuration(self, *lines):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="conclave-connections-"))
        self.addCleanup(shutil.rmtree, folder)
        path = folder / "zoo.cfg"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def expect(self, status, done, *words):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, " ".join((done.stdout + done.stderr).split()))

    def test_every_claim_holds(self):
        done = connections(THREE)
        self.expect(0, done, "bounds: servers {1 2}; 2 crashes; 1 message beyond", "verdict: exhausted - every claim")
        self.assertNotIn("untested", done.stdout)
        self.expect(0, connections(THREE, "--servers", "3,1", "--crashes", "0"), "servers {1 3}; no crash; 1 message")

    def test_each_bug_is_shown(self):
        for bug, claim, *bounds in (
                ("zk-453", "connected-at-rest", "--crashes", "1"),
                ("zk-822-entry", "one-sender"),
                ("zk-822-time-out", "connected-at-rest", "--servers", "1,2,3", "--out-of-reach", "1"),
                ("zk-2164", "connected-at-rest", "--wildcard", "1"),
                ("zk-2781", "connected-at-rest"),
                ("last-not-again", "message-arrives")):
            done = connections(THREE, "--seed-bug", bug, *bounds)
            self.expect(1, done, f"seeded bug {bug}:", f"{claim} is broken in", "because:",
                        f"verdict: violated - {claim}")

    # What is untested is said, as is a bug that needs more than these bounds have.
    def test_nothing_is_claimed_that_nothing_tested(self):
        done = connections(THREE, "--out-of-reach", "1,2")
        self.expect(0, done, "untested connected-at-rest", "and 3 were never put to the test")
        self.expect(0, connections(THREE, "--crashes", "0", "--seed-bug", "zk-453"), "holds connected-at-rest",
                    "untested one-sender", "and 1 was never put to the test")

    def test_the_file_says_who_is_at_any_address(self):
        cfg = self.configuration("server.4=0.0.0.0:2888:3888", "server.7=other:2888:3888")
        done = connections(cfg, "--seed-bug", "zk-2164", "--crashes", "0")
        self.expect(1, done, "servers {4 7}", "{4} at 0.0.0.0", "server 7 calls 4 at 0.0.0.0, and so reaches itself")

    def test_limits(self):
        three = ("--servers", "1,2,3", "--crashes", "1")
        self.expect(2, connections(THREE, *three, "--time", "0.2"), "verdict: bounded - --time")
        self.expect(2, connections(THREE, *three, "--memory", "40M"), "verdict: bounded")
        # More connections at once than there is room for are not passed over in silence.
        done = connections(THREE, "--crashes", "3", "--messages", "2")
        self.expect(2, done, "steps were not taken: more than 6 connections", "verdict: bounded", "so far one-sender")

    def test_a_bug_that_shows_nothing_here_says_what_it_needs(self):
        warning = "zk-2164 breaks nothing here; to show it needs a server that says so (--wildcard)"
        self.expect(0, connections(THREE, "--crashes", "0", "--seed-bug", "zk-2164"), "warning: " + warning)
        done = connections(THREE, "--crashes", "0", "--seed-bug", "zk-2164", "--json")
        self.assertEqual(json.loads(done.stdout)["warnings"], [warning])
        self.assertNotIn("warning", connections(THREE, "--crashes", "0").stdout)

    def test_ids_are_read_as_a_whole(self):
        for option in ("--servers", "--wildcard", "--out-of-reach"):
            for ids, words in (("1,,2", "found no id in a place of '1,,2'"), ("", "found no id"), ("1,1", "1 twice"),
                               ("1,b", "found 'b'"), ("9" * 20, "'; expected an id")):
                self.expect(5, connections(THREE, option, ids), f"{option}: found", words)

    def test_what_is_listed_is_asked_for_by_known_names(self):
        self.expect(0, connections("--list"), "zk-2164")
        self.expect(5, connections(THREE, "--list", "--seed-bug", "foo"), "'foo'; expected one of")
        self.expect(5, connections("--list", "--json"), "--list: found it with --json")
        self.expect(5, connections("--list", "--seed-bug", "zk-790"), "which `conclave epoch` takes")

    def test_wrong_use(self):
        for arguments, words in (
                ((THREE, "--seed-bug", "x"), ["--seed-bug: found 'x'", "zk-453"]),
                ((THREE, "--show", "x"), ["--show: found 'x'", "half-open-ended"]),
                ((THREE, "--show", "one-sender"), ["--show: found 'one-sender'"]),
                ((THREE, "--servers", "1"), ["--servers: found 1; expected two or three"]),
                ((THREE, "--servers", "1,9"), ["--servers: found 9; expected voters of"]),
                ((THREE, "--servers", "1,02"), ["--servers", "'02'"]),
                ((THREE, "--wildcard", "3"), ["--wildcard: found 3; expected one of the servers {1 2}"]),
                ((THREE, "--out-of-reach", "x"), ["--out-of-reach: found 'x'"]),
                ((THREE, "--crashes", "8"), ["--crashes"]),
                ((THREE, "--messages", "01"), ["--messages", "'01'"]),
                ((THREE, "--memory", "x"), ["--memory: found 'x'"]),
                ((THREE, "--time", "nan"), ["--time: found 'nan'; expected seconds"]),
                ((THREE, "--what"), ["--what", "conclave connections --help"]),
                ((), ["FILE: found none"])):
            done = connections(*arguments)
            self.assertEqual((done.returncode, done.stdout), (5, ""), (arguments, done.stderr))
            for word in words:
                self.assertIn(word, done.stderr)

    def test_wrong_files(self):
        done = connections("no-such.cfg")
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertIn("no-such.cfg", done.stderr)
        self.expect(4, connections("examples/one-server.cfg"), "found 1 voter; expected two voters or more")

    def test_help_and_list(self):
        self.expect(0, connections("--help"), "--out-of-reach", "--seed-bug")
        self.expect(0, connections("--list"), "one-sender", "half-open-ended", "zk-2781", "needs: a crash and a re")
        self.expect(0, subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=False),
                    "conclave connections")

    def test_json(self):
        done = connections(THREE, "--show", "half-open-ended", "--seed-bug", "zk-2164", "--json")
        report = json.loads(done.stdout)
        self.assertEqual((done.returncode, report["exit_code"], report["verdict"]), (0, 0, "exhausted"))
        self.assertEqual(report["bounds"], {"servers": [1, 2], "crashes": 2, "messages": 1, "wildcard": [],
                                            "out_of_reach": []})
        self.assertEqual(report["rules"], "zk-2164")
        first = {entry["name"]: entry["first_seen"] for entry in report["properties"]}
        (run,) = report["runs"]
        self.assertEqual((run["property"], len(run["steps"])), ("half-open-ended", first["half-open-ended"]))
        self.assertIsNone(first["one-sender"])


if __name__ == "__main__":
    unittest.main()
