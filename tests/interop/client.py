"""The least of a ZooKeeper client: a session, one node written and read back; and the four-letter words.

Sessions, writes and reads are told apart, because a server can read without a quorum of copies, and can't write.
"""

import struct

CREATE, GET_DATA, CLOSE = 1, 4, -11
SESSION_MS = 30000


class Refused(Exception):
    """The server has said no, or hung up, or said nothing in time."""


def _buffer(data):
    return struct.pack(">i", len(data)) + data


class Session:
    """A session with the server to which connect(patience_s) gives a socket.

    Whatever does not come within `patience_s` raises Refused.
    """

    def __init__(self, connect, patience_s):
        self.xid = 0
        try:
            self.socket = connect(patience_s)
        except OSError as error:
            raise Refused(f"no connection: {error}") from error
        try:
            self._send(struct.pack(">iqiq", 0, 0, SESSION_MS, 0) + _buffer(bytes(16)) + b"\0")
            answer = self._receive()
            _, timeout_ms, self.id = struct.unpack_from(">iiq", answer)
            if timeout_ms <= 0:
                raise Refused("the session has expired before it began")
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._send(struct.pack(">ii", self._next(), CLOSE))
        except Refused:
            pass
        self.socket.close()

    def create(self, path, data):
        acl = struct.pack(">ii", 1, 31) + _buffer(b"world") + _buffer(b"anyone")
        self._call(CREATE, _buffer(path.encode()) + _buffer(data) + acl + bytes(4))

    def read(self, path):
        answer = self._call(GET_DATA, _buffer(path.encode()) + b"\0")
        length, = struct.unpack_from(">i", answer)
        return answer[4:4 + max(length, 0)]

    def _next(self):
        self.xid += 1
        return self.xid

    def _call(self, kind, record):
        xid = self._next()
        self._send(struct.pack(">ii", xid, kind) + record)
        while True:
            answer = self._receive()
            got, _, error = struct.unpack_from(">iqi", answer)
            if got < 0:
                continue  # of a ping or a watch
            if got != xid or error:
                raise Refused(f"answer {got} to request {xid}, error {error}")
            return answer[16:]

    def _send(self, body):
        try:
            self.socket.sendall(_buffer(body))
        except OSError as error:
            raise Refused(f"not sent: {error}") from error

    def _receive(self):
        return self._exactly(struct.unpack(">i", self._exactly(4))[0])

    def _exactly(self, count):
        parts = b""
        while len(parts) < count:
            try:
                part = self.socket.recv(count - len(parts))
            except OSError as error:
                raise Refused(f"no answer: {error}") from error
            if not part:
                raise Refused("the server has hung up")
            parts += part
        return parts


def ask(connect, word, patience_s=5):
    """What the server says to a four-letter word, or None."""
    try:
        with connect(patience_s) as connection:
            connection.sendall(word.encode())
            answer = b""
            while part := connection.recv(4096):
                answer += part
    except OSError:
        return None
    return answer.decode(errors="replace") or None


def mode_of(connect):
    """leader, follower or observer, as `srvr` says; None while the server does not serve."""
    for line in (ask(connect, "srvr") or "").splitlines():
        if line.startswith("Mode: "):
            return line.removeprefix("Mode: ")
    return None
