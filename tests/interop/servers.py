"""Servers as processes: real ZooKeeper 3.8 ones and nodes, told what they say as they say it."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time

JARS = ["/usr/share/java/zookeeper.jar", "/usr/share/java/slf4j-log4j12.jar", "/usr/share/java/log4j-1.2.jar"]
# Which the package's own class path lacks: without it the listener ends with the first connection under TLS.
JARS_OF_TLS = ["/usr/share/java/netty-codec.jar"]
LOGGING = """log4j.rootLogger=INFO, C
log4j.appender.C=org.apache.log4j.ConsoleAppender
log4j.appender.C.layout=org.apache.log4j.PatternLayout
log4j.appender.C.layout.ConversionPattern=%d{ISO8601} [myid:%X{myid}] - %-5p [%t] - %m%n
"""
# Starts in two thirds of the time; the server is the same.
QUICK_JVM = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
# A server does not outlive the test, however that ends.
MORTAL = ["setpriv", "--pdeathsig", "KILL"]


def missing():
    """What real servers would need and is not here."""
    return [jar for jar in JARS + JARS_OF_TLS if not os.path.exists(jar)] + ([] if shutil.which("java") else ["java"])


class Server:
    """A process, and what it has last said of itself. `changed` is notified with each line that says something.

    state is LOOKING, FOLLOWING, LEADING or OBSERVING; serving: it is up to date with an established leader, or is one;
    led_epochs: those that it has established itself; told: when it has told what, (seconds, state, serving).
    """

    def __init__(self, sid, command, log_path, changed, prefix=()):
        self.sid = sid
        self.changed = changed
        self.state, self.leader, self.epoch, self.serving = "LOOKING", None, None, False
        self.stopped = False
        self.led_epochs, self.told = [], []
        self.log = open(log_path, "a", encoding="utf-8")
        self.process = subprocess.Popen([*MORTAL, *prefix, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace")
        self.ended = False
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self):
        for line in self.process.stdout:
            self.log.write(line)
            self.log.flush()
            with self.changed:
                if self.hear(line.rstrip("\n")):
                    self.told.append((time.monotonic(), self.state, self.serving))
                    self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def hear(self, line):
        """Takes what a line says of the state; True where it says something."""
        raise NotImplementedError

    def stop(self):
        """SIGSTOP: it neither runs nor ends."""
        self.stopped = True
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.stopped = False
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        """SIGKILL; returns when it is gone and has been listened to."""
        self.process.kill()
        self.process.wait()
        self.listener.join()
        self.process.stdout.close()
        self.log.close()

    def __str__(self):
        how = " (stopped)" if self.stopped else " (ended)" if self.ended else ""
        return (f"{self.sid}: {type(self).__name__} {self.state} leader={self.leader} epoch={self.epoch}"
                f"{' serving' if self.serving else ''}{how}")


class Real(Server):
    """Tells by its log. `quorum_sids`: whose quorum port is which, since it names its leader by address."""

    CONNECTED = re.compile(r"Successfully connected to leader, using address: .*:(\d+)$")
    CHANGED = re.compile(r"Peer state changed: (leading|following|observing|looking)(?: - (\w+))?")
    PROPOSED = re.compile(r"New election\. My id = \d+, proposed zxid=0x([0-9a-f]+)$")
    EPOCH = re.compile(r"Have quorum of supporters, .* setting last processed zxid: 0x([0-9a-f]+)00000000$")

    def __init__(self, sid, cfg, log_path, changed, quorum_sids, folder, jvm=QUICK_JVM, prefix=()):
        self.quorum_sids = quorum_sids
        self.first_zxid = None  # with which it went into its first election
        command = ["java", "-Xmx64m", *jvm, "-cp", ":".join([str(folder), *JARS, *JARS_OF_TLS]),
                   "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(cfg)]
        super().__init__(sid, command, log_path, changed, prefix)

    def hear(self, line):
        if found := self.CHANGED.search(line):
            self.state = found[1].upper()
            self.serving = found[2] == "broadcast"
            if self.state == "LEADING":
                self.leader = self.sid
        elif line.endswith(" - LOOKING"):
            self.state, self.leader, self.epoch, self.serving = "LOOKING", None, None, False
        elif found := self.CONNECTED.search(line):
            self.leader = self.quorum_sids[int(found[1])]
        elif found := self.PROPOSED.search(line):
            if self.first_zxid is None:
                self.first_zxid = int(found[1], 16)
        elif found := self.EPOCH.search(line):
            self.epoch = int(found[1], 16)
            self.led_epochs.append(self.epoch)
        else:
            return False
        return True


class Node(Server):
    """Tells by its @state lines. said: the lines of its log."""

    def __init__(self, sid, program, cfg, log_path, changed, options=(), prefix=()):
        self.said = []
        super().__init__(sid, [program, str(cfg), *options], log_path, changed, prefix)

    def hear(self, line):
        if not line.startswith("@state "):
            self.said.append(line)
            self.changed.notify_all()
            return False
        words = line.split()[1:]
        fields = dict(word.split("=") for word in words if "=" in word)
        self.state = fields["state"]
        self.leader = None if fields["leader"] == "-" else int(fields["leader"])
        self.epoch = int(fields["epoch"])
        self.serving = "established" in words
        if self.serving and self.state == "LEADING":
            self.led_epochs.append(self.epoch)
        return True
