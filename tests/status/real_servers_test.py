#!/usr/bin/env python3
"""A node from outside beside real ZooKeeper 3.8 servers: the same words in the same form, and one look at all of them.

usage: real_servers_test.py CONCLAVE NODE [unittest arguments]

Needs Debian's package zookeeper; without it everything is skipped, and says so. With promtool (package prometheus) that
judges /metrics, too.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import unittest

import ensemble

CONCLAVE, NODE = (os.path.abspath(program) for program in (sys.argv.pop(1), sys.argv.pop(1)))
VERSION = re.compile(r"\d+\.\d+\.\d+(-\S+)?-\S+, built on \d{4}-\d\d-\d\d \d\d:\d\d UTC")
PORT = r":\d+"
# Of data, latencies and Java: what a node without them has no need to tell.
WORDS = ["ruok", "srvr", "stat", "mntr", "conf", "isro", "envi", "cons", "dump", "dirs", "wchs", "wchc", "wchp"]
ABOUT_DATA = ["dump", "dirs", "wchs", "wchc", "wchp"]
# A node that can be compared with a server: by itself it never leads one, and follows as an observer.
EMPTY = ["--empty-history"]
REFUSAL = b"This ZooKeeper instance is not currently serving requests\n"


def form(text):
    """The text with words for what differs from server to server: versions, numbers, folders."""
    text = VERSION.sub("<version>", text)
    text = re.sub(r"=/\S+", "=<folder>", text)
    return re.sub(r"(?<![\w.])-?\d+(?:\.\d+)?(?:E\d+)?", "<n>", re.sub(r"0x[0-9a-f]+", "<n>", text))


def status(cfg, *arguments):
    return subprocess.run([CONCLAVE, "status", str(cfg), "--timeout", "20000", *arguments], capture_output=True,
                          text=True, timeout=120, check=False)


def start_led_by_3(servers, start_3):
    """Server 1 runs already. Of these two it can only be 3 that leads; whoever comes later follows it."""
    start_3()
    servers.wait_served(s1="follower", s3="leader")


def skip_without_servers(case):
    return unittest.skipIf(ensemble.MISSING, f"SKIPPED: no real ZooKeeper here ({', '.join(ensemble.MISSING)}); "
                           "install the package zookeeper")(case)


@skip_without_servers
class SameWords(unittest.TestCase):
    """Servers 1 and 3 are real, 2 is a node; 3 leads. Then 3 is a node, which leads the real ones."""

    @classmethod
    def setUpClass(cls):
        cls.real_leads = ensemble.Ensemble(NODE, 3)
        cls.node_leads = ensemble.Ensemble(NODE, 3)

    @classmethod
    def tearDownClass(cls):
        cls.real_leads.close()
        cls.node_leads.close()

    def setUp(self):
        if not self.real_leads.running:
            self.compare_while_looking()
            self.real_leads.start_real(1)
            start_led_by_3(self.real_leads, lambda: self.real_leads.start_real(3))
            self.real_leads.start_node(2, options=EMPTY)
            self.real_leads.wait_served(s1="follower", s2="follower", s3="leader")
            self.node_leads.start_real(1)
            start_led_by_3(self.node_leads, lambda: self.node_leads.start_node(3, options=EMPTY))
            self.node_leads.start_real(2)
            self.node_leads.wait_served(s1="follower", s2="follower", s3="leader")
        self.follower = self.real_leads.client[1], self.real_leads.client[2]
        self.leader = self.real_leads.client[3], self.node_leads.client[3]

    def compare_while_looking(self):
        # A real server alone and a node alone: neither finds a quorum, and they say so in the same bytes.
        alone = self.node_leads.client[3], self.real_leads.client[1]
        self.node_leads.start_real(3)
        self.real_leads.start_node(1, options=EMPTY)
        for port in alone:
            ensemble.until(lambda port=port: ensemble.ask(port, b"ruok") == b"imok", lambda: "both listen")
        for word in WORDS:
            real, node = (ensemble.ask(port, word.encode()) for port in alone)
            if word == "envi":
                self.assertTrue(node.startswith(b"Environment:\nzookeeper.version="))
            else:
                self.assertEqual(node, real, word)
        # And for what is no word, or asks for a session.
        for text in (b"abcd", b"RUOK", b"\xff\xf4\xff\xfd", b"\x00\x00\x00\x2c" + bytes(44), b"\xff\xff\xff\xff"):
            real, node = (self.ask_roughly(port, text) for port in alone)
            self.assertEqual((real, node), (b"", b""), text)
        self.node_leads.kill(3)
        self.node_leads.forget(3)
        self.real_leads.kill(1)

    @staticmethod
    def ask_roughly(port, text):
        """A real server may reset the connection instead of closing it."""
        try:
            return ensemble.ask(port, text)
        except ConnectionResetError:
            return b""

    def both(self, ports, word):
        return [ensemble.ask(port, word.encode()).decode() for port in ports]

    def test_srvr(self):
        for ports in (self.follower, self.leader):
            real, node = self.both(ports, "srvr")
            self.assertEqual(form(node), form(real))
        for ports, mode in ((self.follower, "follower"), (self.leader, "leader")):
            for text in self.both(ports, "srvr"):
                self.assertIn(f"\nMode: {mode}\n", text)
        # Of one epoch; what clients of the real servers have done since is in the lower half.
        self.assertEqual(*(re.search(r"\nZxid: 0x(\w+)\w{8}\n", text)[1] for text in self.both(self.leader, "srvr")))

    def test_stat(self):
        for ports in (self.follower, self.leader):
            real, node = self.both(ports, "stat")
            self.assertEqual(form(node), form(real))
            self.assertRegex(node, r"\nClients:\n /127\.0\.0\.1:\d+\[0\]\(queued=0,recved=1,sent=0\)\n\n")

    def test_conf(self):
        for ports in (self.follower, self.leader):
            real, node = self.both(ports, "conf")
            self.assertEqual(form(node), form(real))
        # Of the same ensemble only these lines differ.
        differ = {"clientPort", "dataDir", "dataDirSize", "dataLogDir", "dataLogSize", "serverId", "electionPort",
                  "quorumPort"}
        real, node = self.both(self.follower, "conf")
        for ours, theirs in zip(node.splitlines(), real.splitlines()):
            if ours.partition("=")[0] not in differ:
                self.assertEqual(ours, theirs)

    def test_mntr(self):
        for ports in (self.follower, self.leader):
            real, node = self.both(ports, "mntr")
            known = dict(line.split("\t") for line in real.splitlines())
            told = [line.split("\t") for line in node.splitlines()]
            self.assertEqual([key for key, _ in told][:3], list(known)[:3])
            for key, value in told:
                self.assertIn(key, known)
                self.assertEqual(form(value), form(known[key]), key)
            for key in ("zk_server_state", "zk_peer_state", "zk_quorum_size"):
                self.assertEqual(dict(told)[key], known[key])
        leaders = [dict(line.split("\t") for line in text.splitlines()) for text in self.both(self.leader, "mntr")]
        for key in ("zk_learners", "zk_synced_followers", "zk_synced_observers", "zk_pending_syncs"):
            self.assertEqual(leaders[0][key], leaders[1][key], key)

    def test_ruok_and_envi(self):
        self.assertEqual(self.both(self.follower, "ruok"), ["imok", "imok"])
        real, node = ([line.partition("=")[0] for line in text.splitlines()] for text in
                      self.both(self.follower, "envi"))
        self.assertEqual(node, [key for key in real if not key.startswith("os.memory")])

    def test_what_a_node_does_not_pretend(self):
        # It serves no data, so it is not one to write to, and has nothing to say of data.
        self.assertEqual(self.both(self.follower, "isro"), ["rw", "null"])
        for word in ABOUT_DATA:
            self.assertEqual(ensemble.ask(self.follower[1], word.encode()), REFUSAL)

    def test_a_half_closed_connection_gets_its_answer(self):
        for port in self.follower:
            self.assertEqual(ensemble.ask(port, b"ruok", half_close=True), b"imok")

    def test_a_client_goes_on_to_the_next_server(self):
        # The node is one of the two addresses; whichever is tried first, the client ends up where there is data.
        for servers in (f"127.0.0.1:{self.follower[1]},127.0.0.1:{self.follower[0]}",
                        f"127.0.0.1:{self.follower[0]},127.0.0.1:{self.follower[1]}"):
            command = ["java", "-cp", ":".join([str(self.real_leads.folder), *ensemble.JARS]),
                       "org.apache.zookeeper.ZooKeeperMain", "-waitforconnection", "-server", servers, "ls", "/"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
            self.assertIn("[zookeeper]", done.stdout, done.stdout + done.stderr)

    def test_the_table(self):
        for servers in (self.real_leads, self.node_leads):
            ended = status(servers.cfg(1))
            self.assertEqual(ended.returncode, 0, ended.stdout)
            self.assertTrue(ended.stdout.endswith("leader 3 in epoch 1, with voters {1 2 3}: a quorum of 3\n"),
                            ended.stdout)


@skip_without_servers
class Whitelists(unittest.TestCase):
    def test_the_same_of_a_real_server_and_a_node(self):
        for lines in ((), ("4lw.commands.whitelist=",), ("4lw.commands.whitelist= ruok,  mntr ,foo",),
                      ("4lw.commands.whitelist=stat, * ,x",)):
            with self.subTest(lines=lines):
                servers = ensemble.Ensemble(NODE, 3, more=lines)
                try:
                    servers.start_real(1)
                    servers.start_node(2, options=EMPTY)
                    for sid in (1, 2):
                        ensemble.until(lambda sid=sid: servers.mode(sid) is not None, lambda: "both listen")
                    servers.wait_served(s1="follower", s2="leader")
                    for word in WORDS + ["crst", "srst", "gtmk", "foo?"]:
                        real, node = (ensemble.ask(servers.client[sid], word.encode()) for sid in (1, 2))
                        end = b"is not executed because it is not in the whitelist.\n"
                        self.assertEqual(real.endswith(end), node.endswith(end), word)
                        if real.endswith(end):
                            self.assertEqual(real, node)
                finally:
                    servers.close()


@skip_without_servers
class OneLook(unittest.TestCase):
    def setUp(self):
        self.servers = ensemble.Ensemble(NODE, 4, observer=True)

    def tearDown(self):
        self.servers.close()

    def look(self):
        ended = status(self.servers.cfg(1), "--json")
        return ended.returncode, json.loads(ended.stdout)

    def test_at_real_servers_and_a_node(self):
        code, told = self.look()
        self.assertEqual((code, told["leader"]), (1, None))
        # One alone, real, looks; that can be seen although it serves nothing.
        self.servers.start_real(1)
        # It listens for clients first, and only then for servers, who are the ones that it tells.
        ensemble.until(lambda: self.look()[1]["servers"][0]["state"] is not None, lambda: "server 1 says how it is")
        code, told = self.look()
        self.assertEqual((code, told["servers"][0]["state"]), (1, "LOOKING"))
        self.assertEqual(told["servers"][0]["srvr"], {"serving": False})

        start_led_by_3(self.servers, lambda: self.servers.start_real(3))
        self.servers.start_real(4)
        self.servers.start_node(2)
        self.servers.wait_served(s1="follower", s2="follower", s3="leader", s4="observer")
        code, told = self.look()
        self.assertEqual((code, told["leader"], told["followers"]), (0, 3, [1, 2, 3]), told)
        states = [server["state"] for server in told["servers"]]
        self.assertEqual(states, ["FOLLOWING", "FOLLOWING", "LEADING", "OBSERVING"])
        for server in told["servers"]:
            self.assertEqual(server["vote"]["leader"], 3)
            self.assertTrue(server["sameMembers"])
        epoch = told["epoch"]

        # The leader is killed. A server says first what it last said, so an answer may be old; this one must not be.
        self.servers.kill(3)
        began = time.monotonic()
        while time.monotonic() - began < ensemble.PATIENCE_S:
            code, told = self.look()
            if code == 0:
                break
        self.assertEqual(code, 0, told)
        self.assertIn(told["leader"], (1, 2))
        self.assertGreater(told["epoch"], epoch)
        self.servers.wait_served(**{f"s{told['leader']}": "leader"})
        again = self.look()[1]
        self.assertEqual(again["leader"], told["leader"])

        # Without a quorum nobody leads for long.
        self.servers.kill(2)
        ensemble.until(lambda: self.look()[1]["leader"] is None, lambda: "nobody leads")

    def test_again_and_again(self):
        """As a monitor does it: a real server must stay as it is, and remember no more than a few askers."""
        self.servers.start_real(1)
        start_led_by_3(self.servers, lambda: self.servers.start_real(3))
        self.servers.start_real(2)
        self.servers.wait_served(s1="follower", s2="follower", s3="leader")
        for _ in range(60):
            code, told = self.look()
            self.assertEqual((code, told["leader"]), (0, 3), told)
        log = (self.servers.folder / "1.log").read_text(encoding="utf-8")
        asked_as = set(re.findall(r"Send worker leaving thread id (\d{10,})", log))
        self.assertGreater(len(asked_as), 1)
        self.assertLessEqual(len(asked_as), 16)
        self.assertEqual(self.servers.mode(1), "follower")

    def test_a_stopped_server_is_told_in_time(self):
        self.servers.start_real(1)
        start_led_by_3(self.servers, lambda: self.servers.start_real(3))
        self.servers.start_real(2)
        self.servers.wait_served(s1="follower", s2="follower", s3="leader")
        self.servers.running[2].send_signal(19)
        try:
            began = time.monotonic()
            ended = subprocess.run([CONCLAVE, "status", str(self.servers.cfg(1)), "--timeout", "1000"],
                                   capture_output=True, text=True, timeout=60, check=False)
            self.assertLess(time.monotonic() - began, 20)
        finally:
            self.servers.running[2].send_signal(18)
        self.assertIn("server 2: no answer in 1000 ms\n", ended.stdout)
        self.assertEqual(ended.returncode, 0, ended.stdout)


@unittest.skipUnless(shutil.which("promtool"), "SKIPPED: no promtool here; install the package prometheus")
class Promtool(unittest.TestCase):
    def test_it_has_nothing_to_say_of_the_metrics(self):
        servers = ensemble.Ensemble(NODE, 3)
        try:
            http = ensemble.free_ports(1)[0]
            servers.start_node(1, 2)
            servers.start_node(3, options=["--http", f"127.0.0.1:{http}"])
            servers.wait_served(s3="leader")
            page = ensemble.ask(http, b"GET /metrics HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")[2]
            done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, timeout=60,
                                  check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        finally:
            servers.close()


if __name__ == "__main__":
    socket.setdefaulttimeout(20)
    unittest.main(verbosity=2)
