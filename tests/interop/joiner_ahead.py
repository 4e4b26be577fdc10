#!/usr/bin/env python3
"""A real server that joins keeps the others from electing a leader (docs/reconfiguration.md).

usage: joiner_ahead.py NODE [unittest arguments]

NODE is the program conclave-node, which is not started. All servers are real ZooKeeper 3.8 ones. Of three voters
server 3 is to make room for server 4: all but server 1 have seen the new configuration. Server 1 is gone, and what was
written last has reached server 4 alone: it has a copy of the data of server 1, the others have what they had before.
Needs Debian's package zookeeper; without it all is skipped, and says so.
"""

import os
import re
import shutil
import sys
import unittest

import ensemble
import servers

IGNORED = re.compile(r"Ignoring notification for non-cluster member sid -9223372036854775808 from sid 4$")
OLD, NEW = 0x100000000, 0x200000000
STUCK_S = 20  # an election takes about one


class Attentive(servers.Real):
    """Counts what it ignores of server 4, which proposes nobody."""

    ignored = 0

    def hear(self, line):
        if IGNORED.search(line):
            self.ignored += 1
            return True
        return super().hear(line)


class Reconfigured(ensemble.Ensemble):
    """Four servers, of which the first three are the ensemble until reconfigure() is called."""

    proposed = (1, 2, 4)

    def lines_of(self, sid):
        return [*super().lines_of(sid), "standaloneEnabled=false", "reconfigEnabled=true"]

    def server_lines(self, sids):
        return [f"server.{sid}={self.host(sid)}:{self.quorum[sid]}:{self.election[sid]}:participant;"
                f"{self.host(sid)}:{self.client[sid]}" for sid in sids]

    def write(self, name, lines):
        (self.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def reconfigure(self, sid, voters):
        """Has committed {1 2 3}, or, where it is not among them, what it joins with; has seen what is proposed."""
        cfg = self.folder / f"{sid}.cfg"
        lines = [line for line in cfg.read_text(encoding="utf-8").splitlines()
                 if not line.startswith(("server.", "clientPort", "dynamicConfigFile"))]
        if sid in voters:
            self.write(f"{sid}.cfg.dynamic.{OLD:x}", self.server_lines(voters))
            lines.append(f"dynamicConfigFile={cfg}.dynamic.{OLD:x}")
        else:
            lines += self.server_lines([*voters, sid])
        self.write(f"{sid}.cfg", lines)
        self.write(f"{sid}.cfg.dynamic.next", [*self.server_lines(self.proposed), f"version={NEW:x}"])


@unittest.skipIf(servers.missing(), f"SKIPPED: no real ZooKeeper here ({', '.join(servers.missing())}); "
                                    "install the package zookeeper")
class JoinerAhead(unittest.TestCase):
    def begin(self):
        """Leaves nobody running, and the data of 2 and 3 as it was before the last writes."""
        before = {sid: self.all.folder / f"{sid}.before" for sid in (2, 3)}
        for sid in (1, 2, 3):
            self.all.reconfigure(sid, (1, 2, 3))
            (self.all.folder / f"{sid}.cfg.dynamic.next").unlink()
        self.all.start(1, 2, 3)
        leader = self.all.wait_settled()
        self.all.write_through(leader)
        for sid, copy in before.items():
            shutil.copytree(self.all.data_dir(sid), copy)
        self.all.write_through(leader)
        for sid in (1, 2, 3):
            self.all.kill(sid)
        for sid, copy in before.items():
            shutil.rmtree(self.all.data_dir(sid))
            shutil.move(copy, self.all.data_dir(sid))
        for sid in (2, 3, 4):
            self.all.reconfigure(sid, (1, 2, 3))

    def give_data(self, sid, of):
        shutil.rmtree(self.all.data_dir(sid))
        shutil.copytree(self.all.data_dir(of), self.all.data_dir(sid))
        (self.all.data_dir(sid) / "myid").write_text(f"{sid}\n", encoding="utf-8")

    def test_who_is_ahead_and_joins_is_waited_for(self):
        with Reconfigured(NODE, (), size=4) as self.all:
            self.begin()
            self.give_data(4, 1)
            self.all.start(2, 3, 4)
            running = self.all.running
            self.all.wait(lambda: running[2].ignored > 0 and running[3].ignored > 0, "what 4 says is ignored")
            self.all.hold(lambda: all(running[sid].state == "LOOKING" for sid in (2, 3, 4)), "2, 3 and 4 look", STUCK_S)

    def test_who_is_not_ahead_is_not_in_the_way(self):
        with Reconfigured(NODE, (), size=4) as self.all:
            self.begin()
            self.give_data(4, 2)
            self.all.start(2, 3, 4)
            self.all.wait(lambda: any(server.serving for server in self.all.running.values()), "somebody leads")

    # Server 4 is in place of server 1, which is gone: 2 and 3 are quorums of both configurations.
    def test_whose_vote_is_not_needed_is_not_waited_for(self):
        with Reconfigured(NODE, (), size=4) as self.all:
            self.all.proposed = (2, 3, 4)
            self.begin()
            self.give_data(4, 1)
            self.all.start(4)
            running = self.all.running
            self.all.wait(lambda: running[4].state == "LOOKING", "4 looks")
            self.all.start(2, 3)
            self.all.wait(lambda: running[2].serving or running[3].serving, "2 or 3 leads")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: joiner_ahead.py NODE [unittest arguments]")
    NODE = os.path.abspath(sys.argv.pop(1))
    servers.Real = Attentive
    unittest.main(verbosity=2)
