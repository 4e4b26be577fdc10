"""An ensemble of real servers and nodes on 127.0.0.1, and questions to all of it."""

import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import client
import servers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import certificates
from loopback import free_ports

PATIENCE_S = 120  # for what has to happen; real servers are slow to start on a busy machine
ANSWER_S = 5.0  # as a client whose session is to last for 15 s
TICK_MS, INIT_TICKS, SYNC_TICKS = 500, 20, 6
SYNC_S = TICK_MS * SYNC_TICKS / 1000


class Failed(AssertionError):
    """Something did not happen in time; says what, and how the ensemble looks."""


class Ensemble:
    """`nodes`: the ids that are ours, of 1 to `size`; the others are real. `recorded`: nodes record what they do.
    `tls`: among each other they speak TLS, with these further settings. Use it in a with statement."""

    def __init__(self, program, nodes, options=(), size=5, jvm=servers.QUICK_JVM, tick_ms=TICK_MS, recorded=False,
                 tls=None):
        self.program, self.nodes, self.size, self.recorded = program, set(nodes), size, recorded
        self.options, self.jvm, self.tick_ms = options, jvm, tick_ms
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="conclave-interop-"))
        self.changed = threading.Condition()
        self.running = {}
        self.led = []  # (epoch, sid) of those that are gone
        self.written = 0
        ports = free_ports(3 * size)
        self.quorum, self.election, self.client = (
            {sid: ports[3 * sid - 3 + i] for sid in self.sids} for i in range(3))
        self.authority = certificates.Authority(self.folder) if tls is not None else None
        self.tls = tls
        (self.folder / "log4j.properties").write_text(servers.LOGGING, encoding="utf-8")
        for sid in self.sids:
            self.configure(sid)

    @property
    def sids(self):
        return range(1, self.size + 1)

    @property
    def reals(self):
        return [sid for sid in self.sids if sid not in self.nodes]

    def data_dir(self, sid):
        return self.folder / str(sid)

    def recording(self, sid):
        return self.folder / f"{sid}.rec"

    def host(self, sid):
        """Where a server can be reached by the others."""
        del sid
        return "127.0.0.1"

    def configure(self, sid):
        """Writes the file that the server reads when it starts."""
        self.data_dir(sid).mkdir(exist_ok=True)
        (self.data_dir(sid) / "myid").write_text(f"{sid}\n", encoding="utf-8")
        lines = [f"tickTime={self.tick_ms}", f"initLimit={INIT_TICKS}", f"syncLimit={SYNC_TICKS}",
                 f"dataDir={self.data_dir(sid)}", f"clientPort={self.client[sid]}",
                 f"clientPortAddress={self.host(sid)}", "admin.enableServer=false", "4lw.commands.whitelist=srvr"]
        lines += [f"server.{other}={self.host(other)}:{self.quorum[other]}:{self.election[other]}"
                  for other in self.sids]
        (self.folder / f"{sid}.cfg").write_text("\n".join([*lines, *self.lines_of(sid)]) + "\n", encoding="utf-8")

    def lines_of(self, sid):
        """Further ones of a server's configuration."""
        if not self.authority:
            return []
        return certificates.settings(self.authority.issue(f"server-{sid}"), self.authority.trust, *self.tls)

    # --- starting and ending -----------------------------------------------------------------------------------------

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None and not issubclass(kind, unittest.SkipTest):
            self.tell_all()
        for sid in list(self.running):
            self.kill(sid)
        shutil.rmtree(self.folder)

    def start(self, *sids):
        for sid in sids or self.sids:
            cfg, log = self.folder / f"{sid}.cfg", self.folder / f"{sid}.log"
            if sid in self.nodes:
                options = [*self.options, *(["--record", str(self.recording(sid))] if self.recorded else [])]
                made = servers.Node(sid, self.program, cfg, log, self.changed, options, self.prefix(sid))
            else:
                sid_of = {port: other for other, port in self.quorum.items()}
                made = servers.Real(sid, cfg, log, self.changed, sid_of, self.folder, self.jvm, self.prefix(sid))
            with self.changed:
                self.running[sid] = made

    def prefix(self, sid):
        """What comes before a server's command."""
        del sid
        return ()

    def kill(self, sid):
        server = self.running[sid]
        if server.stopped:
            server.go_on()
        server.kill()
        with self.changed:
            self.led += [(epoch, sid) for epoch in server.led_epochs]
            del self.running[sid]

    def led_epochs(self):
        """(epoch, sid) for each time that an epoch was established, by ascending epochs."""
        with self.changed:
            return sorted(self.led + [(epoch, sid) for sid, server in self.running.items()
                                      for epoch in server.led_epochs])

    def expect_same(self):
        """The model takes every step that the nodes have recorded, kills included, as they took it."""
        files = [str(self.recording(sid)) for sid in sorted(self.nodes) if self.recording(sid).exists()]
        if not files:
            return
        trace = [str(pathlib.Path(self.program).with_name("conclave")), "trace", *files, "--json"]
        done = subprocess.run(trace, capture_output=True, text=True, check=False)
        report = json.loads(done.stdout) if done.stdout else {"differences": done.stderr}
        if done.returncode != 0 or not all(file["steps"] > 0 for file in report["files"]):
            kept = shutil.copytree(self.folder, tempfile.mkdtemp(prefix="conclave-differs-"), dirs_exist_ok=True)
            raise Failed(f"recordings, kept in {kept}: {report['differences']}")

    # --- waiting -----------------------------------------------------------------------------------------------------

    def wait(self, so, what, patience_s=PATIENCE_S):
        """Until so() is true; looks again at each change. Fails loudly, also where a server has ended by itself."""
        deadline = time.monotonic() + patience_s
        with self.changed:
            while True:
                ended = [server for server in self.running.values() if server.ended]
                if ended:
                    raise Failed(f"{ended[0]} has ended by itself while waiting: {what}\n{self.picture()}")
                result = so()
                if result:
                    return result
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Failed(f"not within {patience_s} s: {what}\n{self.picture()}")
                self.changed.wait(left)

    def hold(self, so, what, for_s):
        """so() stays true for so long; looks at each change."""
        deadline = time.monotonic() + for_s
        with self.changed:
            while (left := deadline - time.monotonic()) > 0:
                if not so():
                    raise Failed(f"did not last {for_s} s: {what}\n{self.picture()}")
                self.changed.wait(left)

    def picture(self):
        return "\n".join(f"  {server}" for _, server in sorted(self.running.items()))

    def tell_all(self):
        for sid in self.sids:
            log = self.folder / f"{sid}.log"
            if log.exists():
                text = log.read_text(encoding="utf-8", errors="replace").splitlines()
                print(f"--- the end of {sid}.log", *text[-60:], sep="\n", file=sys.stderr)

    def awake(self):
        return {sid: server for sid, server in self.running.items() if not server.stopped}

    def settled(self):
        """The one leader whom all that are awake follow, serving, in one epoch as far as they tell; or None."""
        awake = self.awake()
        leaders = [sid for sid, server in awake.items() if server.state == "LEADING"]
        if len(leaders) != 1:
            return None
        follow = all(server.serving and server.leader == leaders[0] for server in awake.values())
        epochs = {server.epoch for server in awake.values()} - {None}
        return leaders[0] if follow and len(epochs) == 1 else None

    def epoch(self):
        """Of the ensemble that is settled."""
        with self.changed:
            return max(server.epoch for server in self.awake().values() if server.epoch is not None)

    def wait_settled(self, but_not=None, among=None, what="exactly one leader, followed by all"):
        """Returns the leader. `but_not`: one that must not be it (any more); `among`: those it must be of."""
        def so():
            leader = self.settled()
            wrong = leader == but_not or (among is not None and leader not in among)
            return None if wrong else leader
        return self.wait(so, what)

    def wait_nobody_leads(self, *sids):
        """Until none of those (without: of all that are awake) leads or follows anybody as established."""
        self.wait(lambda: not any(server.serving for sid, server in self.awake().items() if not sids or sid in sids),
                  "no quorum, so nobody serves")

    # --- clients -----------------------------------------------------------------------------------------------------

    def connection(self, sid):
        """To the server's clientPort, for client.py."""
        return lambda timeout: socket.create_connection((self.host(sid), self.client[sid]), timeout)

    def write_through(self, sid, patience_s=PATIENCE_S):
        """A client writes through a server and reads back. Returns what read_through() can look for."""
        def write(session):
            self.written += 1
            path, data = f"/written-{self.written}", f"{sid} {self.written}".encode()
            session.create(path, data)
            if session.read(path) != data:
                raise Failed(f"server {sid} does not give back what was written through it")
            return path, data
        return self._with_session(sid, patience_s, write)

    def fill(self, sid, count, data):
        """Writes so many nodes of that data through a server."""
        def write(session):
            for _ in range(count):
                self.written += 1
                session.create(f"/filled-{self.written}", data)
        self._with_session(sid, PATIENCE_S, write)

    def read_through(self, sid, written, patience_s=PATIENCE_S):
        path, data = written
        found = self._with_session(sid, patience_s, lambda session: session.read(path))
        if found != data:
            raise Failed(f"server {sid} has {found} in {path}, expected {data}")

    def _with_session(self, sid, patience_s, use):
        """As patient as a client has to be: clients are sent away where roles change, and a server that begins to serve
        may leave a session without an answer, after which a client connects anew."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                patience = min(ANSWER_S, max(1.0, deadline - time.monotonic()))
                with client.Session(self.connection(sid), patience) as session:
                    return use(session)
            except client.Refused as refused:
                if time.monotonic() >= deadline:
                    raise Failed(f"no client served by server {sid}: {refused}\n{self.picture()}") from refused
                with self.changed:
                    self.changed.wait(0.2)  # whatever changes next may let it in

    def modes(self):
        """What the servers that are awake, ours too, say to srvr."""
        return {sid: client.mode_of(self.connection(sid)) for sid in self.awake()}

    def expect_modes(self, leader, patience_s=PATIENCE_S):
        wanted = {sid: "leader" if sid == leader else "follower" for sid in self.awake()}
        deadline = time.monotonic() + patience_s
        while (modes := self.modes()) != wanted:
            if time.monotonic() >= deadline:
                raise Failed(f"srvr says {modes}, expected {wanted}\n{self.picture()}")
            with self.changed:
                self.changed.wait(0.2)

    def expect_no_session(self, sid, for_s=2.0):
        """No client gets a session through it: a session is a transaction, and needs a quorum of copies."""
        try:
            with client.Session(self.connection(sid), for_s):
                raise Failed(f"server {sid} has granted a session\n{self.picture()}")
        except client.Refused:
            pass
