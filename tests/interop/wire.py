"""A network of its own for each server, and a wire between them that cuts, loses and delays.

Each server lives in a network namespace with one TUN device; what goes into it comes out here, in this process, which
hands it on to the device of whom it is for, or does not. So every direction of every pair can be treated by itself,
with a seed, and no kernel needs netem. Everything is in a private network and mount namespace, and gone with the
process.
"""

import ctypes
import fcntl
import heapq
import itertools
import os
import random
import select
import socket
import struct
import subprocess
import sys
import threading
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
INSIDE = "CONCLAVE_INSIDE_PRIVATE_NETWORK"
NAMES = "/run/netns"
NET = "10.77.0."
PACKET_BYTES_MAX = 65536
QUEUED_MAX = 20_000  # packets that are delayed; beyond, they are lost, as in any router


def go_private():
    """Starts this program again in namespaces of its own. Returns what was not permitted, or None once inside."""
    if INSIDE in os.environ:
        return None
    flags = ["--net", "--mount"]
    if os.geteuid() != 0:
        flags = ["--user", "--map-root-user", *flags]
    tried = subprocess.run(["unshare", *flags, "sh", "-c", "mkdir -p %s && mount -t tmpfs none %s && ip link set lo up "
                            "&& ip netns add probe && : <>/dev/net/tun" % (NAMES, NAMES)],
                           capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"unshare {' '.join(flags)}, ip netns add, /dev/net/tun: {tried.stderr.strip()}"
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", *flags, "sh", "-c",
                          f'mkdir -p {NAMES} && mount -t tmpfs none {NAMES} && exec "$0" "$@"',
                          sys.executable, *sys.argv])


def _run(*command):
    subprocess.run(command, check=True, capture_output=True, text=True)


def _open_tun(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


class Wire:
    """Between servers with the ids `sids`, from 1 to 254. A thread of its own; all calls may come from any other."""

    _libc = ctypes.CDLL(None, use_errno=True)
    _numbers = itertools.count(1)

    def __init__(self, sids, seed):
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.blocked = set()  # (from, to)
        self.loss, self.delay_s = 0.0, (0.0, 0.0)
        self.counts = {"carried": 0, "cut": 0, "lost": 0}
        self.prefix = f"w{next(self._numbers)}"
        self.tun = {}
        for sid in sids:
            name, device = self.name(sid), f"{self.prefix}t{sid}"
            _run("ip", "netns", "add", name)
            self.tun[sid] = _open_tun(device)
            _run("ip", "link", "set", device, "netns", name)
            _run("ip", "-n", name, "addr", "add", f"{NET}{sid}/24", "dev", device)
            _run("ip", "-n", name, "link", "set", device, "up")
            _run("ip", "-n", name, "link", "set", "lo", "up")
        self.over = False
        self.wake, self.wake_end = os.pipe()
        self.carrier = threading.Thread(target=self._carry, daemon=True)
        self.carrier.start()

    def close(self):
        self.over = True
        os.write(self.wake_end, b"x")
        self.carrier.join()
        for sid, device in self.tun.items():
            os.close(device)
            _run("ip", "netns", "del", self.name(sid))
        os.close(self.wake)
        os.close(self.wake_end)

    def name(self, sid):
        return f"{self.prefix}n{sid}"

    def host(self, sid):
        return f"{NET}{sid}"

    def command_prefix(self, sid):
        return ["nsenter", f"--net={NAMES}/{self.name(sid)}"]

    def connect(self, sid, port, timeout):
        """A socket from within the network of `sid` to itself: clients are not what is cut off."""
        def enter(path):
            with open(path, "rb") as where:
                if self._libc.setns(where.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), f"setns {path}")
        enter(f"{NAMES}/{self.name(sid)}")
        try:
            return socket.create_connection((self.host(sid), port), timeout)
        finally:
            enter(f"/proc/{os.getpid()}/ns/net")

    # --- what the wire does ------------------------------------------------------------------------------------------

    def cut(self, some, others, both_ways=True):
        """Nothing gets from any of `some` to any of `others`, and by default back."""
        with self.lock:
            for one in some:
                for other in others:
                    self.blocked.add((one, other))
                    if both_ways:
                        self.blocked.add((other, one))

    def divide(self, *groups):
        self.heal()
        for one, other in itertools.combinations(groups, 2):
            self.cut(one, other)

    def heal(self):
        with self.lock:
            self.blocked.clear()

    def disturb(self, loss=0.0, delay_ms=(0, 0)):
        """Loses that part of all packets, and delays each between so and so long: they overtake each other."""
        with self.lock:
            self.loss, self.delay_s = loss, (delay_ms[0] / 1000, delay_ms[1] / 1000)

    # --- carrying ----------------------------------------------------------------------------------------------------

    def _carry(self):
        sid_of = {device: sid for sid, device in self.tun.items()}
        poll = select.poll()
        for descriptor in [*sid_of, self.wake]:
            poll.register(descriptor, select.POLLIN)
        later, order = [], itertools.count()
        while not self.over:
            wait_ms = None if not later else max(0, (later[0][0] - time.monotonic()) * 1000)
            for descriptor, _ in poll.poll(wait_ms):
                if descriptor == self.wake:
                    continue
                try:
                    packet = os.read(descriptor, PACKET_BYTES_MAX)
                except OSError:
                    continue
                to, after_s = self._fate(sid_of[descriptor], packet)
                if to is not None and len(later) < QUEUED_MAX:
                    heapq.heappush(later, (time.monotonic() + after_s, next(order), to, packet))
            while later and later[0][0] <= time.monotonic():
                _, _, to, packet = heapq.heappop(later)
                try:
                    os.write(self.tun[to], packet)
                except OSError:
                    pass  # its queue is full: lost

    def _fate(self, sid, packet):
        """To whom, and after how long; None: to nobody."""
        if packet[0] >> 4 != 4 or packet[16:19] != bytes([10, 77, 0]) or packet[19] not in self.tun:
            return None, 0
        to = packet[19]
        with self.lock:
            if (sid, to) in self.blocked:
                self.counts["cut"] += 1
                return None, 0
            if self.chance.random() < self.loss:
                self.counts["lost"] += 1
                return None, 0
            self.counts["carried"] += 1
            return to, self.chance.uniform(*self.delay_s)
