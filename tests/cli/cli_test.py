"""The program `conclave` from outside: exit status, messages, reports, signals and memory.

usage: cli_test.py PROGRAM [unittest arguments], in the project's folder
"""
import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
THREE = "examples/three-voters.cfg"
OBSERVED = "examples/one-observer.cfg"
FIVE = "examples/five-voters.cfg"
# Far more than can be explored while a test waits.
ENDLESS = [FIVE, "--crashes", "2", "--restarts", "2", "--rounds", "4"]
# Instrumented programs need more memory than they would tell.
SANITIZED = b"__asan_" in open(PROGRAM, "rb").read() or b"__tsan_" in open(PROGRAM, "rb").read()


def environment(**more):
    known = {key: value for key, value in os.environ.items() if key != "CONCLAVE_DEFAULT_CONFIG"}
    return {**known, **more}


def conclave(*arguments, timeout=120, **more):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=timeout,
                          env=environment(**more))


def check(*arguments, **more):
    return conclave("check", *arguments, **more)


def document(*arguments):
    ended = check(*arguments, "--json")
    return ended, json.loads(ended.stdout)


def without_times(text):
    """Speed, memory and times are the only things that may differ between two calls."""
    return re.sub(r"; [\d.]+ s, [\d.]+( [kM])? states/s; .*", "", text)


class Overview(unittest.TestCase):
    def test_alone_it_says_what_it_can_do(self):
        ended = conclave()
        self.assertEqual(ended.returncode, 0)
        self.assertIn("conclave check [FILE]", ended.stdout)
        self.assertEqual(ended.stdout, conclave("--help").stdout)

    def test_version(self):
        self.assertRegex(conclave("--version").stdout, r"^conclave \d+\.\d+\.\d+\n$")

    def test_help_names_every_option(self):
        text = check("--help").stdout
        for option in ("network timing role-ends grain start history crashes restarts rounds threads memory json "
                       "starts resends losses depth time liveness property show no-reduction "
                       "seed-bug zookeeper epochs except list html itf graph graph-of graph-max "
                       "counterexamples reconfig reconfigured last-seen").split():
            self.assertIn("--" + option, text)

    def test_list(self):
        text = check("--list").stdout
        for name in ("quorum-behind-decision", "single-leading", "late-joiner", "decide-by-silence", "no-majority",
                     "zk-1514", "from 3.2.1 until 3.4.4", "needs: a server of weight zero"):
            self.assertIn(name, text)


class Verdicts(unittest.TestCase):
    def test_everything_explored_and_every_claim_holds(self):
        ended = check(THREE)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(ended.stderr, "")
        lines = ended.stdout.splitlines()
        self.assertEqual(lines[-1], "verdict: exhausted - every claim holds within these bounds")
        self.assertIn("1 of the 6 orders of initial votes", ended.stdout)
        self.assertLess(len(lines), 50)
        self.assertLess(max(map(len, lines)), 120)

    def test_the_default_configuration(self):
        ended = check(CONCLAVE_DEFAULT_CONFIG=THREE)
        self.assertEqual(ended.returncode, 0)
        self.assertEqual(without_times(ended.stdout), without_times(check(THREE).stdout))

    def test_a_claim_is_violated(self):
        ended = check(THREE, "--property", "single-leading")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("VIOLATED  single-leading", ended.stdout)
        self.assertRegex(ended.stdout, r"(?m)^  9\. server \d reads server \d's answer: FOLLOWING leader=")
        self.assertIn("because: LEADING at once: 2 (round 1) and 3 (round 1)", ended.stdout)
        self.assertEqual(ended.stdout.splitlines()[-1], "verdict: violated - single-leading")

    def test_a_seeded_bug_is_found_and_named(self):
        ended = check(THREE, "--seed-bug", "no-majority")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("SEEDED BUG: no-majority", ended.stdout)

    def test_an_old_release_is_checked_with_its_bugs(self):
        ended = check(THREE, "--zookeeper", "3.4.5")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("OLD RULES: zookeeper-3.4.5: today's rules with zk-261, zk-1732, zk-2988, zk-3537", ended.stdout)
        self.assertIn("With the rules of zookeeper-3.4.5.", " ".join(ended.stdout.split()))
        self.assertNotIn("SEEDED BUG", ended.stdout)
        self.assertNotIn("can't show", check(THREE, "--zookeeper", "3.4.3", "--rounds", "1").stdout)
        mended = check(THREE, "--zookeeper", "3.9.5")
        self.assertEqual(mended.returncode, 0)
        self.assertIn("OLD RULES: zookeeper-3.9.5: today's rules, with none of the bugs that --list names",
                      mended.stdout)
        report = json.loads(check(THREE, "--zookeeper", "3.4.5", "--json").stdout)
        self.assertEqual(report["scope"]["rules"], "zookeeper-3.4.5")

    def test_releases_run_beside_each_other(self):
        ended = check(THREE, "--zookeeper", "1=3.4.5,2=3.5.5,3=3.5.5")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("MIXED RULES: server 1 runs zookeeper-3.4.5: today's rules with zk-261, zk-1732", ended.stdout)
        self.assertIn("no-deadlock is broken in 3 steps", ended.stdout)
        self.assertIn("reductions: none", ended.stdout)
        ended, report = document(THREE, "--zookeeper", "1=3.8.4,2=3.9.5,3=3.9.5", "--rounds", "1")
        self.assertEqual(ended.returncode, 0)
        scope = report["scope"]
        self.assertEqual(scope["rules"], "1=zookeeper-3.8.4,2=zookeeper-3.9.5,3=zookeeper-3.9.5,others=zookeeper")
        self.assertEqual((scope["epochs"], scope["reductions"], scope["scenarios"]), ("established", [], 3))
        ended, report = document(THREE, "--zookeeper", "1=3.8.4", "--epochs", "voted", "--rounds", "1")
        self.assertEqual((ended.returncode, report["scope"]["epochs"]), (0, "voted"))

    def test_a_claim_that_is_left_out_is_still_told_of(self):
        ended, report = document(THREE, "--zookeeper", "3.4.5", "--rounds", "1", "--except", "joins-round-quorum")
        self.assertEqual(ended.returncode, 0)
        left_out = next(one for one in report["properties"] if one["name"] == "joins-round-quorum")
        self.assertEqual((left_out["claimed"], left_out["standing"], left_out["first_seen"]), (False, "seen", 8))

    def test_a_bug_that_can_not_show_is_warned_of(self):
        ended = check(THREE, "--seed-bug", "round-forgotten", "--rounds", "1")
        self.assertEqual(ended.returncode, 0)
        self.assertIn("warning: round-forgotten can't show within --rounds 1", ended.stdout)
        self.assertEqual(check(THREE, "--seed-bug", "round-forgotten").returncode, 1)

    def test_an_ensemble_that_can_not_elect_is_warned_of(self):
        ended = check(THREE, "--history", "2=0:-1,3=0:-1")
        self.assertIn("warning: nobody can be elected", ended.stdout)
        ended = check(THREE, "--history", "3=0:-1")
        self.assertNotIn("nobody can be elected", ended.stdout)

    def test_what_can_not_be_written_is_no_success(self):
        for arguments in (["check", "--list"], ["check", "--help"], ["--version"], []):
            with open("/dev/full", "w", encoding="utf-8") as full:
                ended = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                       env=environment(), check=False)
            self.assertEqual(ended.returncode, 74, arguments)
            self.assertIn("could not be written to stdout", ended.stderr)

    def test_a_run_is_shown_and_the_check_goes_on(self):
        ended = check(THREE, "--show", "single-leading")
        self.assertEqual(ended.returncode, 0)
        self.assertIn("single-leading is broken in 9 steps", ended.stdout)

    def test_a_limit_that_was_set(self):
        ended = check(THREE, "--depth", "3")
        self.assertEqual(ended.returncode, 2)
        self.assertEqual(ended.stdout.splitlines()[-1], "verdict: bounded - --depth 3 was reached")
        self.assertNotIn("holds  ", ended.stdout)
        ended = check(*ENDLESS, "--time", "0.5")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("--time 0.5 s was reached", ended.stdout)

    def test_the_shipped_examples(self):
        for name in ("one-server", "three-voters-two-observers", "dynamic/zoo"):
            ended = check(f"examples/{name}.cfg", "--time", "60")
            self.assertEqual(ended.returncode, 0, name + ended.stdout + ended.stderr)

    def test_an_oracle_makes_up_for_a_quorum_of_two_only(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "zoo.cfg")
            for voters, words in ((2, "any 2 voters are a quorum, and an oracle may make up for one"),
                                  (3, "any 2 voters are a quorum, and with more than 2 voters the oracle makes up for "
                                      "none")):
                with open(path, "w", encoding="utf-8") as file:
                    file.write("oraclePath=oracle\n")
                    file.writelines(f"server.{i}=host{i}:2888:3888\n" for i in range(1, voters + 1))
                ended = check(path, "--depth", "1")
                self.assertEqual(ended.returncode, 2, ended.stderr)
                self.assertIn(words, " ".join(ended.stdout.split()))

    def test_groups_have_several_orders(self):
        ended, report = document("examples/weights-with-zero-group.cfg", "--depth", "4")
        self.assertEqual(ended.returncode, 2)
        self.assertEqual(len(report["scenarios"]), 10)
        self.assertEqual(report["scope"]["orders"], 120)

    def test_large_ensembles_with_fewer_starts(self):
        ended = check("examples/three-groups.cfg", "--starts", "4", "--depth", "3")
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertIn("of 4 of the voters", ended.stdout)

    def test_given_histories(self):
        ended, report = document(THREE, "--history", "1=2:0x200000005,2=1:0,3=0:-1")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(report["scenarios"][0]["history"],
                         [{"id": 1, "epoch": 2, "zxid": 0x200000005}, {"id": 2, "epoch": 1, "zxid": 0},
                          {"id": 3, "epoch": 0, "zxid": -1}])
        self.assertEqual(check(THREE, "--history", "equal").returncode, 0)


class Claims(unittest.TestCase):
    def test_what_was_not_tested_is_not_said_to_hold(self):
        done = check(THREE, "--starts", "1")
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("every claim holds", done.stdout)
        self.assertIn("untested  no-deadlock", done.stdout)
        self.assertRegex(done.stdout, "verdict: exhausted - no claim fails within these bounds, "
                                      r"and \d+ were never put")

    def test_a_seeded_bug_gets_the_rounds_that_it_needs(self):
        done = check(FIVE, "--depth", "3")
        self.assertEqual(done.returncode, 2)
        self.assertIn(", 1 round,", " ".join(done.stdout.split()))
        done = check(FIVE, "--depth", "3", "--seed-bug", "round-forgotten")
        self.assertEqual(done.returncode, 2)
        self.assertIn(", 2 rounds,", " ".join(done.stdout.split()))
        done = check(THREE, "--seed-bug", "round-forgotten")
        self.assertEqual(done.returncode, 1)
        self.assertIn("verdict: violated - quorum-behind-decision", done.stdout)


class WrongUse(unittest.TestCase):
    def assert_refused(self, arguments, *words, status=5, **more):
        ended = conclave(*arguments, **more)
        self.assertEqual(ended.returncode, status, (arguments, ended.stdout, ended.stderr))
        self.assertEqual(ended.stdout, "")
        for word in words:
            self.assertIn(word, ended.stderr)

    def test_command_line(self):
        for arguments, words in (
                (["chekc"], ["found the command 'chekc'", "expected check, simulate, epoch"]),
                (["check", THREE, "--crashes", "many"], ["--crashes", "many"]),
                (["check", THREE, "--crashes", "-1"], ["--crashes"]),
                (["check", THREE, "--crashes"], ["--crashes"]),
                (["check", THREE, "--what"], ["--what"]),
                (["check", THREE, THREE], []),
                (["check", THREE, "--network", "fifo:0"], ["--network", "'fifo:0'", "expected"]),
                (["check", THREE, "--timing", "slow"], ["--timing", "slow"]),
                (["check", THREE, "--role-ends", "never"], ["--role-ends", "never"]),
                (["check", THREE, "--role-ends", "any", "--timing", "timely"], ["--role-ends", "timely", "async"]),
                (["check", THREE, "--crashes", "010"], ["--crashes", "'010'", "without zeros in front"]),
                (["check", THREE, "--threads", "0x2"], ["--threads", "'0x2'"]),
                (["epoch", THREE, "--epochs", "02"], ["--epochs", "'02'"]),
                (["epoch", THREE, "--without-history", "1,02"], ["--without-history", "'02'"]),
                *((["epoch", THREE, "--without-history", ids], ["--without-history", *words])
                  for ids, *words in (("1,,2", "found no id in a place of '1,,2'"), ("", "found no id"),
                                      ("x", "found 'x'", "expected ids of servers"), ("1,2,1", "server 1 twice"),
                                      ("99999999999999999999", "'99999999999999999999'", "to 9223372036854775807"))),
                (["epoch", THREE, "--seed-bug", "zk-453"], ["'zk-453', which `conclave connections` takes"]),
                (["epoch", "--list", "--json"], ["--list", "--json"]),
                (["epoch", "--list", "--seed-bug", "nothing"], ["'nothing'", "zk-790"]),
                (["check", THREE, "--seed-bug", "zk-790"], ["'zk-790', which `conclave epoch` takes"]),
                (["check", "--list", "--json"], ["--list", "--json"]),
                (["check", "--list", "--seed-bug", "nothing"], ["'nothing'", "no-majority"]),
                (["check", THREE, "--property", "no-deadlock", "--except", "no-deadlock"], ["--except", "--property"]),
                (["check", THREE, "--zookeeper", "3.3.6", "--epochs", "established"], ["--epochs", "3.4.0 on"]),
                (["simulate", "--zookeeper", "3.4.5", THREE], ["the option --zookeeper", "`conclave check`"]),
                (["check", "--what", THREE], ["the option --what; expected"]),
                (["check", ""], ["FILE", "empty name"]),
                (["epoch", ""], ["FILE", "empty name"]),
                (["check", THREE, "--html", ""], ["--html", "empty name"]),
                (["check", THREE, "--show", "some-leading", "--html", "./examples/../" + THREE],
                 ["--html", "the configuration itself"]),
                *((["check", THREE, "--time", found], ["--time", f"'{found}'", "expected seconds, from 0.001"])
                  for found in ("nan", "inf", "0", "-1", "1s", "")),
                (["check", THREE, "--memory", "lots"], ["--memory", "'lots'", "expected"]),
                (["check", THREE, "--memory", "1M"], ["--memory", "'1M'", "at least"]),
                (["check", THREE, "--history", "1=2"], ["--history", "'1=2'", "expected"]),
                (["check", THREE, "--history", "1=0:0,1=0:1"], ["--history", "server 1 twice"]),
                (["check", THREE, "--history", "1=0:-2"], ["zxid '-2'"]),
                (["check", THREE, "--history", "9=0:0"], ["conclave: --history: found server 9", "{1 2 3}"]),
                (["check", THREE, "--property", "nothing"], ["'nothing'", "single-leading"]),
                (["check", THREE, "--property", "late-joiner"], ["'late-joiner'"]),
                (["check", THREE, "--seed-bug", "nothing"], ["'nothing'", "no-majority"]),
                (["check", THREE, "--zookeeper", "2.2.1"], ["--zookeeper", "'2.2.1'", "from 3.0.0 to 3.9."]),
                (["check", THREE, "--zookeeper", "3.4"], ["'3.4'", "such as 3.4.5"]),
                (["check", THREE, "--zookeeper", "3.4.5", "--seed-bug", "zk-1514"], ["--zookeeper", "--seed-bug"]),
                (["check", THREE, "--zookeeper", "1=3.3.6"], ["'3.3.6' for server 1", "from 3.4.0 to 3.9."]),
                (["check", THREE, "--zookeeper", "1=3.4.5,1=3.4.6"], ["server 1 twice"]),
                (["check", THREE, "--zookeeper", "1=3.4.5,"], ["--zookeeper: found ''", "1=3.4.5,2=3.4.6"]),
                (["check", THREE, "--zookeeper", "x=3.4.5"], ["'x=3.4.5'", "ID=X.Y.Z"]),
                (["check", THREE, "--zookeeper", "9=3.4.5"], ["--zookeeper: found server 9", "{1 2 3}"]),
                (["check", THREE, "--epochs", "never"], ["--epochs", "established"]),
                (["check", THREE, "--except", "nothing"], ["--except", "'nothing'", "no-deadlock"]),
                (["check", THREE, "--except", "single-leading"], ["--except", "which is not claimed"]),
                (["check", THREE, "--losses", "1"], ["--losses", "fifo"]),
                (["check", THREE, "--restarts", "1"], ["--restarts", "--crashes"]),
                (["check", THREE, "--crashes", "1", "--restarts", "2"], ["--restarts", "found 2", "at most 1"]),
                (["check", THREE, "--starts", "4"], ["--starts", "found 4", "3 voters"]),
                (["check"], ["FILE", "CONCLAVE_DEFAULT_CONFIG"])):
            with self.subTest(arguments=arguments):
                self.assert_refused(arguments, *words)

    def test_configuration(self):
        servers = "".join(f"server.{i}=host{i}:2888:3888\n" for i in range(1, 10))
        with tempfile.TemporaryDirectory() as folder:
            for name, text, line, words in (
                    ("empty", "tickTime=2000\n", None, ["expected"]),
                    ("duplicate", "server.1=a:1:2\nserver.1=b:1:2\n", 2, ["found", "expected"]),
                    ("address", "server.1=a:1:2\n\nserver.2=b:1\n", 3, ["found", "expected"]),
                    ("id", "server.x=a:1:2\n", 1, ["found", "expected"]),
                    ("weight", "server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\ngroup.1=1:2:3\nweight.7=1\n", 5,
                     ["found", "expected"]),
                    ("overlap", "server.1=a:1:2\nserver.2=b:1:2\ngroup.1=1:2\ngroup.2=2\n", 4, ["found", "expected"]),
                    ("nine", servers, None, ["found 9 voters", "expected", "--starts 5"])):
                path = os.path.join(folder, name + ".cfg")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                with self.subTest(name=name):
                    where = path if line is None else f"{path}:{line}:"
                    self.assert_refused(["check", path], where, *words, status=4)
            missing = os.path.join(folder, "missing.cfg")
            self.assert_refused(["check", missing], missing, "no such file", "expected", status=4)
            self.assert_refused(["check", missing, "--json"], missing, status=4)


class Liveness(unittest.TestCase):
    def test_elections_end(self):
        done, report = document(THREE, "--crashes", "1", "--rounds", "3", "--liveness")
        self.assertEqual(done.returncode, 0, done.stderr)
        liveness = report["liveness"]
        self.assertEqual((liveness["eventually_settled"], liveness["settled_reachable"]), ("holds", "holds"))
        self.assertGreater(liveness["pending"], 1000)
        self.assertIsNone(liveness["lasso"])
        self.assertIsNone(document(THREE)[1]["liveness"])

    def test_an_endless_run_leads_back(self):
        arguments = [THREE, "--role-ends", "any", "--liveness"]
        done, report = document(*arguments)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(report["verdict"], "violated")
        lasso = report["liveness"]["lasso"]
        self.assertTrue(lasso["unpromised"])
        steps = lasso["steps"]
        self.assertLess(lasso["cycle_from"], len(steps) - 1)
        self.assertEqual(steps[-1]["servers"], steps[lasso["cycle_from"]]["servers"])
        text = check(*arguments).stdout
        self.assertIn("VIOLATED  eventually-settled", text)
        self.assertIn("over and over", text)
        self.assertIn("verdict: violated - eventually-settled", text)

    def test_a_bound_is_no_end(self):
        done = check("examples/three-voters-two-observers.cfg", "--liveness")
        self.assertEqual(done.returncode, 2)
        self.assertIn("unknown   eventually-settled", done.stdout)
        self.assertIn("verdict: bounded - a bound cuts off what happens after (--rounds 1)", done.stdout)

    def test_what_cannot_be_judged_is_refused(self):
        for arguments, words in ((["--grain", "fine"], ["fine", "expected --grain coarse"]),
                                 (["--crashes", "1", "--restarts", "1"], ["restarts", "expected --restarts 0"])):
            done = check(THREE, "--liveness", *arguments)
            self.assertEqual((done.returncode, done.stdout), (5, ""))
            for word in ["--liveness", *words]:
                self.assertIn(word, done.stderr)


class Epoch(unittest.TestCase):
    def test_every_claim_holds(self):
        done = conclave("epoch", THREE, "--stops", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("verdict: exhausted", done.stdout)
        self.assertNotIn("untested", done.stdout)

    def test_observers_take_part_where_they_are_asked_for(self):
        alone = conclave("epoch", OBSERVED, "--stops", "1")
        self.assertEqual(alone.returncode, 0, alone.stderr)
        self.assertNotIn("observer", alone.stdout.split("explored")[1])
        done = conclave("epoch", OBSERVED, "--stops", "1", "--observers", "--show", "observer-up-to-date")
        self.assertEqual(done.returncode, 0, done.stderr)
        for words in ["  observers {3}\n", "OBSERVERINFO accepted=0 from server 3", "OBSERVING, is up to date with"]:
            self.assertIn(words, done.stdout)
        of_none = conclave("epoch", OBSERVED, "--stops", "1", "--observers", "--without-history", "3")
        self.assertEqual(of_none.returncode, 0, of_none.stderr)

    def test_ticks(self):
        small = ["--epochs", "1", "--stops", "1", "--transactions", "0"]
        without = conclave("epoch", OBSERVED, *small, "--observers", "--seed-bug", "zk-1294")
        self.assertEqual(without.returncode, 0, without.stderr)
        self.assertNotIn("kept-by-quorum", without.stdout)
        done = conclave("epoch", OBSERVED, *small, "--observers", "--ticks", "--seed-bug", "zk-1294")
        self.assertEqual(done.returncode, 1, done.stderr)
        for words in ["  ticks: a leader", "violated  kept-by-quorum", "finds its connection with server 1 ended",
                      "looks, at a tick, for its quorum"]:
            self.assertIn(words, done.stdout)
        report = json.loads(conclave("epoch", OBSERVED, *small, "--ticks", "--json").stdout)
        self.assertEqual((report["ticks"], report["observers"], report["exit_code"]), (True, False, 0))
        standing = {entry["name"]: entry["standing"] for entry in report["properties"]}
        self.assertEqual(standing["kept-by-quorum"], "holds")

    def test_a_seeded_bug_is_shown(self):
        done = conclave("epoch", THREE, "--seed-bug", "accept-twice", "--transactions", "0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("one-leader-per-epoch is broken in", done.stdout)
        self.assertIn("verdict: violated", done.stdout)

    def test_limits(self):
        self.assertEqual(conclave("epoch", THREE, "--any-stops", "--time", "0.2").returncode, 2)
        self.assertEqual(conclave("epoch", THREE, "--any-stops", "--memory", "40M").returncode, 2)

    def test_wrong_use(self):
        for arguments, words in [
            ([THREE, "--seed-bug", "x"], ["--seed-bug: found 'x'", "accept-twice"]),
            ([THREE, "--show", "x"], ["--show: found 'x'", "second-epoch"]),
            ([THREE, "--stops", "1", "--any-stops"], ["--any-stops"]),
            ([THREE, "--memory", "x"], ["--memory: found 'x'"]),
            ([THREE, "--time", "nan"], ["--time: found 'nan'; expected seconds"]),
            ([THREE, "--epochs", "0"], ["--epochs"]),
            ([THREE, "--without-history", "9"], ["conclave: --without-history: found 9; expected a voter of"]),
            ([OBSERVED, "--without-history", "3"], ["--without-history: found 3; expected a voter of"]),
            ([OBSERVED, "--observers", "--without-history", "4"], ["found 4; expected a server of"]),
            ([THREE, "--observers"], ["--observers: found none in", "expected a server line with :observer"]),
            ([OBSERVED, "--show", "observer-up-to-date"], ["--show: found 'observer-up-to-date'"]),
            ([OBSERVED, "--show", "leader-gives-up"], ["--show: found 'leader-gives-up'"]),
            ([], ["FILE: found none"]),
        ]:
            done = conclave("epoch", *arguments)
            self.assertEqual(done.returncode, 5, arguments)
            self.assertEqual(done.stdout, "")
            for word in words:
                self.assertIn(word, done.stderr)
        for file in ["no-such.cfg", "examples/three-groups.cfg"]:
            done = conclave("epoch", file)
            self.assertEqual(done.returncode, 4, file)
            self.assertIn(file, done.stderr)

    def test_json(self):
        done = conclave("epoch", THREE, "--stops", "2", "--show", "history-truncated", "--json")
        report = json.loads(done.stdout)
        self.assertEqual(report["verdict"], "exhausted")
        self.assertEqual(report["bounds"], {"epochs": 2, "transactions": 1, "stops": 2})
        run = report["runs"][0]
        first = {entry["name"]: entry["first_seen"] for entry in report["properties"]}
        self.assertEqual(run["property"], "history-truncated")
        self.assertEqual(len(run["steps"]), first["history-truncated"])


class Json(unittest.TestCase):
    def test_documented_keys(self):
        ended, report = document(THREE)
        self.assertEqual(ended.returncode, 0)
        with open("docs/json.md", encoding="utf-8") as file:
            page = file.read()
        documented = re.findall(r"(?m)^\| `(\w+)(?:\[\])?` \|", page)
        self.assertEqual(sorted(documented), sorted(report))
        for parts in (report["scenarios"], report["properties"]):
            for key in parts[0]:
                self.assertRegex(page, rf"`{key}(\[\])?`")
        self.assertEqual(report["verdict"], "exhausted")
        self.assertEqual(report["exit_code"], 0)
        self.assertEqual(report["tolerance"], {"any_crashes": 1, "smallest_fatal": [[1, 2], [1, 3], [2, 3]]})
        scenario = report["scenarios"][0]
        self.assertEqual(sum(level["states"] for level in scenario["levels"]), scenario["states"])
        self.assertEqual(sum(level["steps"] for level in scenario["levels"]), scenario["steps"])
        standings = {entry["name"]: entry["standing"] for entry in report["properties"]}
        self.assertEqual(standings["no-deadlock"], "holds")
        self.assertEqual(standings["single-leading"], "seen")
        self.assertEqual(standings["one-leader-per-round"], "not-applicable")

    def test_a_run(self):
        ended, report = document(THREE, "--property", "single-leading")
        self.assertEqual((ended.returncode, report["exit_code"], report["verdict"]), (1, 1, "violated"))
        run = report["runs"][0]
        self.assertEqual((run["property"], run["why"], run["length"]), ("single-leading", "violation", 9))
        self.assertEqual([step["step"] for step in run["steps"]], list(range(10)))
        leading = [server["id"] for server in run["steps"][-1]["servers"] if server.get("state") == "LEADING"]
        self.assertEqual(leading, [2, 3])


class Running(unittest.TestCase):
    def start(self, *arguments, **more):
        return subprocess.Popen([PROGRAM, "check", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env=environment(), **more)

    def test_interrupted_it_reports_what_it_has(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.start(*ENDLESS, "--json")
            time.sleep(1)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 3, err)
            report = json.loads(out)
            self.assertEqual((report["verdict"], report["exit_code"]), ("aborted", 3))
            self.assertIn("signal", report["why"])
            self.assertFalse(report["scenarios"][0]["last_level_complete"])

    def test_a_second_signal_ends_it_at_once(self):
        process = self.start(*ENDLESS)
        time.sleep(0.5)
        process.send_signal(signal.SIGSTOP)  # so that the first can't be served in between
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
        self.assertIn(process.returncode, (-signal.SIGTERM, -signal.SIGINT))

    @unittest.skipIf(SANITIZED, "the sanitizer's own memory counts too")
    def test_memory_limit_is_kept(self):
        script = ("import resource, subprocess, sys; ended = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
                  "print(ended.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        # The second prepares a reduction first, which takes memory as well.
        for arguments, sizes in ((ENDLESS, (64, 128)), ([FIVE], (32, 64, 128))):
            for size in sizes:
                ended = subprocess.run([sys.executable, "-c", script, PROGRAM, "check", *arguments, "--memory",
                                        f"{size}M", "--threads", "2"], capture_output=True, text=True, timeout=120,
                                       check=True)
                status, peak_kib = map(int, ended.stdout.split())
                self.assertEqual(status, 2)
                self.assertLess(peak_kib, (size + 4) * 1024)

    @unittest.skipIf(SANITIZED, "a sanitizer takes more address space than is given here")
    def test_without_memory_or_threads_it_goes_as_far_as_it_can(self):
        def limited(what, value):
            return lambda: resource.setrlimit(what, (value, value))
        aborted = subprocess.run([PROGRAM, "check", FIVE, "--threads", "2"], capture_output=True, text=True,
                                 timeout=120, preexec_fn=limited(resource.RLIMIT_AS, 100_000 << 10))
        self.assertEqual(aborted.returncode, 3, aborted.stderr)
        self.assertIn("verdict: aborted - the available memory was used up", aborted.stdout)
        # No room for the stacks of so many threads, of 8 MiB each. What the last one leaves may be too little to go
        # on with: with some MiB more it is not.
        ends = {}
        for limit in (700 << 20, 703 << 20, 706 << 20):
            few = subprocess.run([PROGRAM, "check", THREE, "--threads", "100"], capture_output=True, text=True,
                                 timeout=120, preexec_fn=limited(resource.RLIMIT_AS, limit))
            ends[few.returncode] = few.stdout
        self.assertIn(0, ends)
        self.assertLessEqual(set(ends), {0, 3})
        self.assertEqual(without_times(ends[0]), without_times(check(THREE).stdout))

    def test_preparations_count_as_well(self):
        with tempfile.TemporaryDirectory() as folder:
            six = os.path.join(folder, "six.cfg")
            with open(six, "w", encoding="utf-8") as file:
                file.writelines(f"server.{i}=host{i}:2888:3888\n" for i in range(1, 7))

            def seconds(*limit):
                began = time.monotonic()
                self.assertEqual(check(six, *limit).returncode, 2)
                return time.monotonic() - began
            self.assertLess(seconds("--time", "0.05"), seconds("--depth", "1") / 2)

    def test_any_number_of_threads_tells_the_same(self):
        for arguments in ([THREE, "--crashes", "1", "--restarts", "1", "--show", "single-leading"],
                          ["examples/three-voters-two-observers.cfg", "--seed-bug", "no-majority"]):
            reports = [check(*arguments, "--threads", str(threads)) for threads in (1, 2, 4)]
            self.assertEqual(len({report.returncode for report in reports}), 1)
            self.assertEqual(len({without_times(report.stdout) for report in reports}), 1)

    def test_on_a_terminal_one_line_is_rewritten_and_cleared(self):
        parent, child = pty.openpty()
        process = subprocess.Popen([PROGRAM, "check", *ENDLESS, "--time", "1.5"], stdout=subprocess.PIPE, stderr=child,
                                   env=environment())
        os.close(child)
        out = process.communicate(timeout=60)[0].decode()
        shown = b""
        try:
            while part := os.read(parent, 65536):
                shown += part
        except OSError:  # how the end looks like on Linux
            pass
        os.close(parent)
        lines = shown.decode().split("\r\033[K")
        self.assertGreaterEqual(len(lines), 4)
        number = r"[\d.,]+( [kM])?"
        self.assertRegex(lines[2],
                         rf"^{number} states, {number}/s, level \d+, queue {number}, .*, est. .*(left|unknown)$")
        self.assertLess(max(map(len, lines)), 80)  # as wide as a terminal of unknown width is taken to be
        self.assertIn("est.", max(lines, key=len)[:200])
        self.assertEqual(lines[-1], "")
        self.assertNotIn("\033", out)

    def test_without_a_terminal_short_work_says_nothing(self):
        self.assertEqual(check(*ENDLESS, "--time", "1").stderr, "")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unittest.main()
