#!/usr/bin/env python3
"""conclave check --reconfig: what is explored, what is told of it, and what is refused.

usage: reconfig_test.py PROGRAM [unittest arguments]
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
OLD = "examples/reconfig/zoo.cfg"
REPLACED = "examples/reconfig/replaces-3.next"
FEWER = "examples/reconfig/removes-3.next"
AHEAD = ["--reconfigured", "none", "--last-seen", "2,3,4"]


def conclave(*arguments):
    return subprocess.run([PROGRAM, "check", *map(str, arguments)], capture_output=True, text=True, timeout=240,
                          check=False)


class Reconfiguration(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="conclave-reconfig-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def file(self, name, voters, *more):
        path = self.folder / name
        lines = [f"server.{sid}=host{sid}:2888:3888" for sid in voters]
        path.write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")
        return path

    def expect(self, status, done, *words):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, " ".join((done.stdout + done.stderr).split()))

    def refused(self, status, arguments, *words):
        done = conclave(*arguments)
        self.expect(status, done, *words)
        self.assertEqual(done.stdout, "")

    # --- what is explored --------------------------------------------------------------------------------------------

    def test_without_reconfig_enabled_nobody_has_only_seen_it(self):
        self.refused(5, ["examples/three-voters.cfg", "--reconfig", "examples/reconfig/replaces-3.next", "--last-seen",
                         "2"], "--last-seen: found it with examples/three-voters.cfg", "reconfigEnabled is not true")

    def test_every_moment(self):
        old = self.file("old.cfg", (1, 2), "reconfigEnabled=true")
        new = self.file("new.cfg", (1, 2, 3))
        done = conclave(old, "--reconfig", new, "--rounds", "1")
        self.expect(0, done, "reconfigured to", "27 moments", "none, for --reconfig", "verdict: exhausted",
                    "holds no-second-quorum", "of 27 explorations", "16,637 states", "3s > 2s > 1o: ")
        self.assertNotIn("adopt-newer-config", done.stdout.split("rules: ")[0])

    def test_who_knows_what_can_be_said(self):
        arguments = [OLD, "--reconfig", FEWER, "--history", "1=1:1,2=1:2,3=1:3", "--rounds", "1"]
        report = json.loads(conclave(*arguments, "--reconfigured", "1", "--last-seen", "2", "--json").stdout)
        self.assertEqual([[(one["id"], one["configuration"], one["last_seen"]) for one in scenario["history"]]
                          for scenario in report["scenarios"]],
                         [[(1, "new", "new"), (2, "old", "new"), (3, "old", "old")]])
        self.assertEqual(report["reconfiguration"]["file"], FEWER)
        self.assertTrue(report["reconfiguration"]["enabled"])
        self.assertEqual(len(report["reconfiguration"]["ensemble"]["servers"]), 2)
        self.assertIsNone(report["scope"]["orders"])
        self.assertGreater(report["rules"]["restart-for-newer-config"], 0)

    def test_who_proposes_nobody_is_not_ahead_by_its_id(self):
        old = self.file("old.cfg", (1, 2), "reconfigEnabled=true")
        done = conclave(old, "--reconfig", self.file("new.cfg", (1, 2, 3)), "--reconfigured", "1", "--last-seen", "2",
                        "--history", "equal", "--rounds", "1")
        self.expect(0, done, "holds decided-as-recent-as-voters")

    def test_all_three_rules_are_taken(self):
        taken = {}
        same = self.file("same.cfg", (1, 2, 3), "version=7")
        old = self.file("old.cfg", (1, 2, 3), "reconfigEnabled=true")
        for arguments in ([OLD, "--reconfig", FEWER], [old, "--reconfig", same]):
            done = conclave(*arguments, "--rounds", "2", "--crashes", "1", "--grain", "fine", "--reconfigured", "1",
                            "--last-seen", "2", "--history", "equal", "--depth", "14", "--json")
            for rule, times in json.loads(done.stdout)["rules"].items():
                taken[rule] = taken.get(rule, 0) + times
        for rule in ("restart-for-newer-config", "adopt-newer-config"):
            self.assertGreater(taken[rule], 0, rule)

    def test_a_run_tells_of_configurations(self):
        done = conclave(OLD, "--reconfig", REPLACED, *AHEAD, "--rounds", "1")
        self.assertNotIn("does not start without", done.stdout)
        self.expect(1, done, "VIOLATED no-deadlock", "the new configuration: last seen by {2 3 4}, unknown to {1}",
                    "looking for ever: 2, 3, 4")
        shown = conclave(OLD, "--reconfig", FEWER, "--reconfigured", "1", "--last-seen", "2", "--history", "equal",
                         "--show", "all-settled", "--rounds", "1")
        self.expect(0, shown, "with the new configuration", "takes the new configuration over")
        page = self.folder / "run.html"
        self.expect(1, conclave(OLD, "--reconfig", REPLACED, *AHEAD, "--html", page), "written:")
        text = page.read_text(encoding="utf-8")
        for word in ("reconfigured to", "votes, then is not there", "is not there, then votes", "old, new seen"):
            self.assertIn(word, text)

    def test_checkpoints_are_of_one_moment(self):
        file = self.folder / "checkpoint"
        said = [OLD, "--reconfig", FEWER, "--last-seen", "2", "--history", "equal"]
        self.refused(5, [OLD, "--reconfig", FEWER, "--checkpoint", file], "found 30 histories", "--last-seen with")
        self.expect(2, conclave(*said, "--reconfigured", "1", "--depth", "5", "--checkpoint", file))
        self.expect(0, conclave(*said, "--reconfigured", "1", "--resume", file), "269 states")
        self.refused(4, [*said[:3], "--last-seen", "none", *said[5:], "--reconfigured", "1,2", "--resume", file],
                     "another ensemble", "committed by {1}, last seen by {2}")

    def test_without_reconfig_enabled(self):
        old = self.file("old.cfg", (1, 2, 3))
        new = self.file("new.cfg", (1, 2, 4))
        done = conclave(old, "--reconfig", new, "--except", "no-deadlock", "--rounds", "1")
        self.expect(1, done, "has no reconfigEnabled=true", "VIOLATED no-second-quorum", "LEADING at once")
        self.expect(1, done, "who has the new configuration, each with every order of initial votes;",
                    "n: has the new one, o: has the old one")

    def test_what_is_done_by_hand_has_the_version_that_is_written_down(self):
        old = self.file("old.cfg", (1, 2, 3))
        for more, begins_anew in (((), False), (("version=1",), True)):
            arguments = [old, "--reconfig", self.file("new.cfg", (1, 2), *more), "--rounds", "1", "--json",
                         "--except", "no-deadlock", "--except", "no-second-quorum"]
            rules = json.loads(conclave(*arguments).stdout)["rules"]
            self.assertEqual(rules["restart-for-newer-config"] > 0, begins_anew, more)
        older = self.file("older.cfg", (1, 2, 3), "version=b")
        self.refused(4, [older, "--reconfig", self.file("new.cfg", (1, 2))], "found none, which is version 0",
                     "expected a later version than b")

    # --- what has to happen eventually -------------------------------------------------------------------------------

    # 3 comes to lead when 1 and 2, which could elect 2, are in the next round already. It answers them until initLimit.
    def test_who_leads_in_vain_gives_that_up(self):
        done = conclave(OLD, "--reconfig", FEWER, "--reconfigured", "none", "--last-seen", "2,3", "--rounds", "2",
                        "--liveness")
        self.expect(2, done, " 0 of them fair; 0 ends", "unknown eventually-settled", "unknown settled-reachable")

    def test_elections_end(self):
        done = conclave(OLD, "--reconfig", FEWER, "--reconfigured", "1", "--last-seen", "2,3", "--liveness")
        self.expect(0, done, "holds eventually-settled", "holds settled-reachable")

    # --- what is refused ---------------------------------------------------------------------------------------------

    def test_files_that_are_no_reconfiguration(self):
        self.refused(4, [OLD, "--reconfig", self.folder / "none"], "found no such file")
        same = self.file("same.cfg", (1, 2, 3))
        self.refused(4, [self.file("old.cfg", (1, 2, 3)), "--reconfig", same], "no reconfiguration", "expected others")
        old = self.file("older.cfg", (1, 2, 3), "version=b")
        self.refused(4, [old, "--reconfig", self.file("new.cfg", (1, 2), "version=b")], "found version b",
                     "expected a later version than b")
        for version in "0", "a":
            self.refused(4, [old, "--reconfig", self.file("new.cfg", (1, 2), f"version={version}")],
                         f"found version {version}; expected a later version than b, which")
        fresh = self.file("fresh.cfg", (1, 2, 3), "reconfigEnabled=true")
        self.refused(4, [fresh, "--reconfig", self.file("new.cfg", (1, 2), "version=0")], "found version 0",
                     "expected a later version than 0")
        self.refused(4, [OLD, "--reconfig", self.file("many.cfg", range(4, 10))], "found 9, with those of",
                     "expected at most 8")

    # ZooKeeper writes no version into zoo.cfg.dynamic.VERSION.
    def test_a_version_in_the_name_of_a_file(self):
        old = self.file("old.cfg", (1, 2, 3), "reconfigEnabled=true", "version=b")
        self.refused(4, [old, "--reconfig", self.file("zoo.cfg.dynamic.a", (1, 2))], "found version a",
                     "expected a later version than b")
        self.refused(4, [self.file("zoo.cfg.dynamic.c", (1, 2, 3)), "--reconfig", old], "found version b",
                     "expected a later version than c")
        for name in ("zoo.cfg.dynamic.c", "zoo.cfg.dynamic", "zoo.cfg.a"):
            self.expect(0, conclave(old, "--reconfig", self.file(name, (1, 2)), "--rounds", "1"), "30 moments")

    def test_ids_and_moments_that_can_not_be(self):
        self.refused(5, [OLD, "--reconfig", FEWER, "--reconfigured", "4"], "found server 4", "{1 2 3}")
        self.refused(5, [OLD, "--reconfig", FEWER, "--last-seen", "1,4"], "--last-seen: found server 4")
        self.refused(5, [OLD, "--reconfig", FEWER, "--history", "4=1:1"], "--history: found server 4")
        self.refused(5, [OLD, "--reconfig", FEWER, "--reconfigured", "1,x"], "found 'x'", "or none")
        self.refused(5, [OLD, "--reconfig", FEWER, "--reconfigured", "1", "--last-seen", "1"], "found 1, as with")
        self.refused(5, [OLD, "--reconfigured", "1"], "without --reconfig")
        self.refused(5, [OLD, "--last-seen", "1"], "without --reconfig")

    # Each says what, where, and what was expected.
    def test_moments_that_can_not_be(self):
        both = "--reconfigured, --last-seen: found "
        adds = "examples/reconfig/adds-4.next"
        for new, committed, seen, *words in (
                (FEWER, "none", "none", both + "none with both", "expected somebody who knows"),
                (FEWER, "1,2,3", None, "--reconfigured: found all servers, {1 2 3}; expected one or more that have"),
                (adds, "4", "1,2", f"--reconfigured: found {{4}}, of whom none votes in {OLD}", "the leader commits"),
                (FEWER, "1", "none", both + "only {1} to have logged", f"a quorum of {OLD} among them"),
                (FEWER, "1", "3", both + "only {1 3} to have logged", f"a quorum of {FEWER} among them"),
                (adds, "none", "4", None), (FEWER, None, "2", None)):
            given = [option for name, ids in (("--reconfigured", committed), ("--last-seen", seen)) if ids
                     for option in (name, ids)]
            if words == [None]:
                self.expect(0, conclave(OLD, "--reconfig", new, *given, "--history", "equal", "--rounds", "1"))
            else:
                self.refused(5, [OLD, "--reconfig", new, *given], *words)
        old = self.file("old.cfg", (1, 2), "reconfigEnabled=true", "server.3=host3:2888:3888:observer")
        self.refused(5, [old, "--reconfig", self.file("new.cfg", (1, 2, 3)), "--last-seen", "3"],
                     f"--last-seen: found server 3, which observes in {old}", "what is committed alone")
        self.refused(5, [self.file("by-hand.cfg", (1, 2)), "--reconfig", self.file("new.cfg", (1, 2, 3)),
                         "--reconfigured", "none"], "--reconfigured: found none; expected somebody who has the new")

    def test_who_has_only_seen_it_has_not_committed_it(self):
        report = json.loads(conclave(OLD, "--reconfig", FEWER, "--last-seen", "2", "--history", "equal", "--rounds",
                                     "1", "--json").stdout)
        for scenario in report["scenarios"]:
            self.assertEqual((scenario["history"][1]["configuration"], scenario["history"][1]["last_seen"]),
                             ("old", "new"))

    def test_what_does_not_go_with_it(self):
        for option, *words in (["--audit", "nothing is reduced"], ["--compare", "latest,fifo:1"],
                               ["--network", "fifo:1"], ["--starts", "2"], ["--no-reduction", "histories"],
                               ["--zookeeper", "1=3.8.0"], ["--zookeeper", "3.4.5"]):
            arguments = [option] if option == "--audit" else [option, *words]
            done = conclave(OLD, "--reconfig", FEWER, *arguments)
            self.expect(5, done, option, "--reconfig", "expected")
        self.refused(5, [OLD, "--reconfig", FEWER, "--liveness", "--timing", "timely"],
                     "--liveness and --timing timely: found it with --reconfig; expected --timing async")
        oracle = self.file("oracle.cfg", (1, 2), "oraclePath=/tmp/oracle")
        self.refused(5, [oracle, "--reconfig", self.file("new.cfg", (1, 2, 3))], "found an oracle in", "expected none")


if __name__ == "__main__":
    unittest.main()
