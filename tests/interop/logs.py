#!/usr/bin/env python3
"""Elections of real ZooKeeper 3.8 servers, of which `conclave trace` then explains the logs.

usage: logs.py NODE MIX [unittest arguments]

NODE is the program conclave-node, beside which conclave is; MIX one of the words below. Servers are killed, started
again, and stopped for a while, until so many leaders were established. Then the model must explain every line, and
nearly all notifications be accounted for. Needs Debian's package zookeeper; without it all is skipped, and says so.
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

import ensemble
import servers

OBSERVERS = {4, 5}
GROUPS = ["group.1=1:2", "group.2=3:4", "group.3=5"] + [f"weight.{sid}=1" for sid in range(1, 6)]
ACCOUNTED_MIN = 0.99
# name: (servers, observers, lines that all configurations have, DEBUG too, established leaders)
MIXES = {
    "three": (3, set(), [], False, 40),
    "three-debug": (3, set(), [], True, 10),
    "five": (5, set(), [], False, 40),
    "observers": (5, OBSERVERS, [], False, 15),
    "groups": (5, set(), GROUPS, False, 15),
}


class Logged(ensemble.Ensemble):
    """Servers of which some observe, and whose logs are to be read."""

    def __init__(self, size, observers, lines):
        self.observers, self.lines = observers, lines
        super().__init__(NODE, (), size=size)

    def configure(self, sid):
        super().configure(sid)
        path = self.folder / f"{sid}.cfg"
        lines = path.read_text(encoding="utf-8").splitlines() + self.lines
        lines = [line + ":observer" if line.startswith("server.") and int(line[7:line.index("=")]) in self.observers
                 else line for line in lines]
        if sid in self.observers:
            lines.append("peerType=observer")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def voters(self):
        return [sid for sid in self.sids if sid not in self.observers]

    def logs(self):
        return [str(self.folder / f"{sid}.log") for sid in self.sids]

    def keep(self):
        return shutil.copytree(self.folder, tempfile.mkdtemp(prefix="conclave-logs-"), dirs_exist_ok=True)


@unittest.skipIf(servers.missing(), f"SKIPPED: no real ZooKeeper here ({', '.join(servers.missing())}); "
                                    "install the package zookeeper")
class Logs(unittest.TestCase):
    # --- what happens to the servers ---------------------------------------------------------------------------------

    def leader_is_killed(self):
        leader = self.all.wait_settled()
        self.all.kill(leader)
        if self.chance.random() < 0.5:
            self.all.wait_settled(but_not=leader)
        self.all.start(leader)

    def leader_is_stopped(self):
        leader = self.all.wait_settled()
        self.all.running[leader].stop()
        self.all.wait_settled(but_not=leader)
        self.all.running[leader].go_on()

    def another_is_killed_with_the_leader(self):
        leader = self.all.wait_settled()
        other = self.chance.choice([sid for sid in self.all.sids if sid != leader])
        self.all.kill(other)
        self.all.kill(leader)
        self.all.start(*self.chance.sample([leader, other], 2))

    def another_is_started_again(self):
        leader = self.all.wait_settled()
        other = self.chance.choice([sid for sid in self.all.sids if sid != leader])
        self.all.kill(other)
        self.all.start(other)
        if self.chance.random() < 0.5:  # while it still looks
            self.all.kill(leader)
            self.all.start(leader)

    def all_are_started_again(self):
        for sid in list(self.all.running):
            self.all.kill(sid)
        order = self.chance.sample(list(self.all.sids), self.all.size)
        self.all.start(*order)

    # --- what is then required ---------------------------------------------------------------------------------------

    def trace(self, *arguments):
        program = pathlib.Path(NODE).with_name("conclave")
        done = subprocess.run([str(program), "trace", *self.all.logs(), "--json", *arguments], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, json.loads(done.stdout)

    def judge(self, led, *arguments):
        status, report = self.trace(*arguments)
        heard, accounted = report["notifications"]["heard"], report["notifications"]["accounted"]
        ends = sum(len(election["servers"]) for election in report["elections"])
        print(f"{MIX} {' '.join(arguments[:1])}: {len(report['elections'])} elections with {led} established leaders, "
              f"{ends} decisions, {heard} notifications, {accounted} accounted for, "
              f"{len(report['divergences'])} divergences", file=sys.stderr)
        if report["divergences"]:
            self.fail(f"logs, kept in {self.all.keep()}: {report['divergences'][:3]}")
        self.assertEqual((status, report["verdict"]), (0, "same"))
        self.assertGreaterEqual(accounted, ACCOUNTED_MIN * heard)
        self.assertGreater(heard, 2 * led)
        established = {election["epoch"] for election in report["elections"]} - {None}
        self.assertEqual(established, {epoch for epoch, _ in self.all.led_epochs()})
        for wrong in ("not_as_configured", "clocks", "unknown_places"):
            self.assertEqual(report[wrong], [])
        self.assertEqual([file["not_understood"] for file in report["files"]], [[]] * self.all.size)

    def test_elections(self):
        size, observers, lines, debug, wanted = MIXES[MIX]
        if debug:
            servers.LOGGING += "log4j.logger.org.apache.zookeeper.server.quorum.FastLeaderElection=DEBUG\n"
        self.chance = random.Random(MIX)
        events = [self.leader_is_killed, self.leader_is_stopped, self.another_is_killed_with_the_leader,
                  self.another_is_started_again, self.all_are_started_again]
        with Logged(size, observers, lines) as self.all:
            self.all.start()
            while len(self.all.led_epochs()) < wanted:
                self.all.wait_settled()
                if self.chance.random() < 0.4:
                    self.all.write_through(self.chance.choice(list(self.all.running)))
                self.chance.choice(events)()
            self.all.wait_settled()
            led = len(self.all.led_epochs())
            if not lines:  # groups can't be told from logs
                self.judge(led)
            self.judge(led, "--config", str(self.all.folder / "1.cfg"))


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[2] not in MIXES:
        sys.exit(f"usage: logs.py NODE {'|'.join(MIXES)} [unittest arguments]")
    NODE, MIX = os.path.abspath(sys.argv.pop(1)), sys.argv.pop(1)
    unittest.main(verbosity=2)
