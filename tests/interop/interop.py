#!/usr/bin/env python3
"""A node among real ZooKeeper 3.8 servers: it votes, follows whom they elect, and notices when that changes.

usage: interop.py NODE [unittest arguments]

NODE is the program conclave-node. Needs Debian's package zookeeper; without it everything is skipped, and says so.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

NODE = os.path.abspath(sys.argv.pop(1))
JARS = ["/usr/share/java/zookeeper.jar", "/usr/share/java/slf4j-log4j12.jar", "/usr/share/java/log4j-1.2.jar"]
MISSING = [jar for jar in JARS if not os.path.exists(jar)] + ([] if shutil.which("java") else ["java"])
LOGGING = """log4j.rootLogger=INFO, C
log4j.appender.C=org.apache.log4j.ConsoleAppender
log4j.appender.C.layout=org.apache.log4j.PatternLayout
log4j.appender.C.layout.ConversionPattern=%d{ISO8601} [myid:%X{myid}] - %-5p [%t] - %m%n
"""
PATIENCE_S = 40


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Node:
    """conclave-node, and the last state it told."""

    def __init__(self, cfg, log):
        self.process = subprocess.Popen([NODE, cfg], stdout=subprocess.PIPE, stderr=log, text=True)
        self.changed = threading.Condition()
        self.state = {}
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        for line in self.process.stdout:
            words = line.split()[1:]
            fields = dict(word.split("=") for word in words if "=" in word)
            fields["established"] = "established" in words
            with self.changed:
                self.state = fields
                self.changed.notify_all()

    def wait_for(self, patience=PATIENCE_S, **wanted):
        def reached():
            return all(self.state.get(key) == value for key, value in wanted.items())
        with self.changed:
            return self.changed.wait_for(reached, patience)


@unittest.skipIf(MISSING, f"SKIPPED: no real ZooKeeper here ({', '.join(MISSING)}); install the package zookeeper")
class AmongRealServers(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="conclave-interop-"))
        (self.folder / "log4j.properties").write_text(LOGGING, encoding="utf-8")
        self.real = {}
        self.node = None

    def tearDown(self):
        for process in [*self.real.values(), *([self.node.process] if self.node else [])]:
            process.kill()
            process.wait()
        if self.node:
            self.node.listener.join()
            self.node.process.stdout.close()
        shutil.rmtree(self.folder)

    def configure(self, servers):
        ports = free_ports(3 * servers)
        self.client = {i: ports[3 * (i - 1) + 2] for i in range(1, servers + 1)}
        lines = [f"server.{i}=127.0.0.1:{ports[3 * i - 3]}:{ports[3 * i - 2]}" for i in range(1, servers + 1)]
        for i in range(1, servers + 1):
            data = self.folder / str(i)
            data.mkdir()
            (data / "myid").write_text(f"{i}\n", encoding="utf-8")
            (self.folder / f"{i}.cfg").write_text("\n".join([
                "tickTime=500", "initLimit=10", "syncLimit=4", f"dataDir={data}", f"clientPort={self.client[i]}",
                "clientPortAddress=127.0.0.1", "admin.enableServer=false", "4lw.commands.whitelist=srvr", *lines, ""]),
                encoding="utf-8")

    def start_real(self, sid):
        command = ["java", "-Xmx64m", "-cp", ":".join([str(self.folder), *JARS]),
                   "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(self.folder / f"{sid}.cfg")]
        with open(self.folder / f"{sid}.log", "ab") as log:
            self.real[sid] = subprocess.Popen(command, stdout=log, stderr=log)

    def start_node(self, sid):
        if self.node:
            self.node.listener.join()
            self.node.process.stdout.close()
        with open(self.folder / f"{sid}.log", "ab") as log:
            self.node = Node(str(self.folder / f"{sid}.cfg"), log)

    def mode_of(self, sid):
        try:
            with socket.create_connection(("127.0.0.1", self.client[sid]), timeout=1) as connection:
                connection.sendall(b"srvr")
                answer = b""
                while part := connection.recv(4096):
                    answer += part
        except OSError:
            return None
        modes = [line.split(b": ")[1].decode() for line in answer.splitlines() if line.startswith(b"Mode: ")]
        return modes[0] if modes else None

    def wait_until_served(self, leader):
        """Real servers tell nobody when they serve; they have to be asked."""
        deadline = time.monotonic() + PATIENCE_S
        wanted = {sid: "leader" if sid == leader else "follower" for sid in self.real}
        while time.monotonic() < deadline:
            modes = {sid: self.mode_of(sid) for sid in self.real}
            if modes == wanted:
                return
            time.sleep(0.2)
        self.fail(f"real servers are {modes}, expected {wanted}")

    def test_one_node_among_four(self):
        self.configure(5)
        for sid in (2, 3, 4, 5):
            self.start_real(sid)
        self.start_node(1)
        self.wait_until_served(5)
        self.assertTrue(self.node.wait_for(state="FOLLOWING", leader="5"), self.node.state)
        # The leader is killed: the three that are left and the node elect the next.
        killed = self.real.pop(5)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        self.wait_until_served(4)
        self.assertTrue(self.node.wait_for(state="FOLLOWING", leader="4"), self.node.state)
        # A node that comes late joins.
        self.node.process.kill()
        self.node.process.wait()
        self.start_node(1)
        self.assertTrue(self.node.wait_for(state="FOLLOWING", leader="4"), self.node.state)

    def test_a_real_leader_counts_it(self):
        # Of three voters one real server and the node are there: a quorum with the node only.
        self.configure(3)
        self.start_real(3)
        self.start_node(1)
        self.wait_until_served(3)
        self.assertTrue(self.node.wait_for(state="FOLLOWING", leader="3", established=True), self.node.state)
        # And it stays: pings go on for longer than syncLimit.
        self.assertFalse(self.node.wait_for(patience=4, state="LOOKING"), "it has lost its leader")
        self.wait_until_served(3)

    def test_it_leads_real_servers(self):
        self.configure(3)
        self.start_node(3)
        for sid in (1, 2):
            self.start_real(sid)
        self.assertTrue(self.node.wait_for(state="LEADING", leader="3", established=True), self.node.state)
        first = int(self.node.state["epoch"])
        self.wait_until_served(3)
        self.assertFalse(self.node.wait_for(patience=4, state="LOOKING"), "it has lost its followers")
        # It is killed: the real ones elect one of themselves, with a larger epoch, and it follows when it is back.
        self.node.process.kill()
        self.node.process.wait()
        self.wait_until_served(2)
        self.start_node(3)
        self.assertTrue(self.node.wait_for(state="FOLLOWING", leader="2", established=True), self.node.state)
        self.assertGreater(int(self.node.state["epoch"]), first)


if __name__ == "__main__":
    unittest.main(verbosity=2)
