"""An ensemble of real ZooKeeper servers and nodes on 127.0.0.1, as far as looking at it from outside needs one."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from loopback import free_ports

JARS = ["/usr/share/java/zookeeper.jar", "/usr/share/java/slf4j-log4j12.jar", "/usr/share/java/log4j-1.2.jar"]
MISSING = [jar for jar in JARS if not os.path.exists(jar)] + ([] if shutil.which("java") else ["java"])
LOGGING = """log4j.rootLogger=INFO, C
log4j.appender.C=org.apache.log4j.ConsoleAppender
log4j.appender.C.layout=org.apache.log4j.PatternLayout
log4j.appender.C.layout.ConversionPattern=%d{ISO8601} [myid:%X{myid}] - %-5p [%t] - %m%n
"""
PATIENCE_S = 90


def ask(port, text, half_close=False):
    """What a port answers until it hangs up; None where nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(text)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(65536):
                answer += part
            return answer
    except ConnectionRefusedError:
        return None


def until(so, what, patience_s=PATIENCE_S):
    """Servers tell nobody how they are; they have to be asked, until the answer is the one that is waited for."""
    deadline = time.monotonic() + patience_s
    while True:
        result = so()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_s} s: {what()}")
        time.sleep(0.05)


class Ensemble:
    """Servers 1 to `size`, the last one an observer if `observer`. `more`: lines for each configuration."""

    def __init__(self, node, size, observer=False, more=("4lw.commands.whitelist=*",)):
        self.node = node
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="conclave-status-"))
        (self.folder / "log4j.properties").write_text(LOGGING, encoding="utf-8")
        ports = free_ports(3 * size)
        self.client = {sid: ports[3 * sid - 1] for sid in range(1, size + 1)}
        self.running = {}
        lines = []
        for sid in range(1, size + 1):
            role = ":observer" if observer and sid == size else ""
            lines.append(f"server.{sid}=127.0.0.1:{ports[3 * sid - 3]}:{ports[3 * sid - 2]}{role}")
        for sid in range(1, size + 1):
            (self.folder / str(sid)).mkdir()
            (self.folder / str(sid) / "myid").write_text(f"{sid}\n", encoding="utf-8")
            peer = ["peerType=observer"] if observer and sid == size else []
            self.cfg(sid).write_text("\n".join([
                "tickTime=500", "initLimit=20", "syncLimit=6", f"dataDir={self.folder / str(sid)}",
                f"clientPort={self.client[sid]}", "clientPortAddress=127.0.0.1", "admin.enableServer=false", *more,
                *peer, *lines, ""]), encoding="utf-8")

    def cfg(self, sid):
        return self.folder / f"{sid}.cfg"

    def start_real(self, *sids):
        for sid in sids:
            self._start(sid, ["java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp",
                              ":".join([str(self.folder), *JARS]),
                              "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(self.cfg(sid))])

    def start_node(self, *sids, options=()):
        for sid in sids:
            self._start(sid, [self.node, str(self.cfg(sid)), *options])

    def _start(self, sid, command):
        with open(self.folder / f"{sid}.log", "ab") as log:
            self.running[sid] = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, sid):
        process = self.running.pop(sid)
        process.kill()
        process.wait()

    def forget(self, sid):
        """Its folder is as if it had never run: a node takes none with a real server's transactions."""
        shutil.rmtree(self.folder / str(sid) / "version-2", ignore_errors=True)

    def close(self):
        for sid in list(self.running):
            self.kill(sid)
        shutil.rmtree(self.folder)

    def mode(self, sid):
        """leader, follower, observer; "" while it does not serve; None where nobody answers."""
        answer = ask(self.client[sid], b"srvr")
        if answer is None:
            return None
        modes = [line[len(b"Mode: "):].decode() for line in answer.splitlines() if line.startswith(b"Mode: ")]
        return modes[0] if modes else ""

    def wait_served(self, **wanted):
        """Until the servers are so: wait_served(s1="follower", s3="leader")."""
        modes = {int(name[1:]): mode for name, mode in wanted.items()}
        until(lambda: {sid: self.mode(sid) for sid in modes} == modes,
              lambda: f"servers are { {sid: self.mode(sid) for sid in modes} }, expected {modes}")
