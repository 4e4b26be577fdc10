"""Holds a thread of a Java program where it enters a method, by Java's own debug interface (JDWP).

The program is as it always is; one thread of it is slow at one place, as a scheduler may make it. All other threads go
on. What is spoken is in "Java Debug Wire Protocol", part of the specification of the Java platform's debugger.
"""

import collections
import contextlib
import socket
import struct
import threading

HELLO = b"JDWP-Handshake"
# (command set, command)
ID_SIZES, RESUME_ALL, METHODS, RESUME_THREAD, SET_EVENT = (1, 7), (1, 9), (2, 5), (11, 3), (15, 1)
EVENTS = (64, 100)  # from the program
BREAKPOINT, CLASS_PREPARE, VM_START = 2, 8, 90
SUSPEND_THREAD = 1
ONCE, CLASS_MATCH, LOCATION_ONLY = 1, 5, 7
IS_CLASS = 1


class Failed(AssertionError):
    """The program's debug interface did not do what was asked; says what."""


class Held:
    """The first thread that enters `method` of the class `name` of one program waits there until release().

    Give `arguments` to java; the program connects to here, and runs once it has. Use it in a with statement.
    """

    def __init__(self, name, method, patience_s):
        self.name, self.method, self.patience_s = name, method, patience_s
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(patience_s)
        self.socket, self.thread, self.wrong = None, None, None
        self.is_there = threading.Event()
        self.sent = 0
        self.events = collections.deque()  # that came while an answer was waited for
        self.follower = threading.Thread(target=self._follow, daemon=True)
        self.follower.start()

    @property
    def arguments(self):
        port = self.listener.getsockname()[1]
        return [f"-agentlib:jdwp=transport=dt_socket,server=n,suspend=y,address=127.0.0.1:{port}"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # The program goes on by itself when nobody debugs it any more.
        self.listener.close()
        if self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)
        self.follower.join()
        if self.socket is not None:
            self.socket.close()

    def wait(self):
        """Until the thread is there."""
        if not self.is_there.wait(self.patience_s) or self.wrong is not None:
            raise Failed(f"no thread has come to {self.name}.{self.method} within {self.patience_s} s: {self.wrong}")

    def release(self):
        """REQUIRES: wait() has returned."""
        self._send(RESUME_THREAD, self.thread)

    # --- in a thread of its own: from the first word to the thread that is held ---------------------------------------

    def _follow(self):
        try:
            self.socket, _ = self.listener.accept()
            self.socket.settimeout(self.patience_s)
            self.socket.sendall(HELLO)
            if self._exactly(len(HELLO)) != HELLO:
                raise Failed("it does not speak JDWP")
            _, self.method_bytes, self.object_bytes, self.type_bytes, _ = struct.unpack(">5i", self._ask(ID_SIZES))
            signature = self.name.encode()
            self._ask_for_first(CLASS_PREPARE, struct.pack(">Bi", CLASS_MATCH, len(signature)) + signature)
            self._event(VM_START)  # it suspends all: whoever resumes before it has resumed nothing
            self._send(RESUME_ALL)
            thread, of_class = self._class_prepared()
            start = of_class + self._method_of(of_class) + struct.pack(">q", 0)
            self._ask_for_first(BREAKPOINT, struct.pack(">BB", LOCATION_ONLY, IS_CLASS) + start)
            self._send(RESUME_THREAD, thread)
            self.thread = self._event(BREAKPOINT)[:self.object_bytes]
        except (OSError, Failed) as error:
            self.wrong = error
        self.is_there.set()

    def _ask_for_first(self, event, which):
        """The first such event suspends its thread, and is the last. Conditions are tried in their order."""
        self._ask(SET_EVENT, struct.pack(">BBi", event, SUSPEND_THREAD, 2) + which + struct.pack(">Bi", ONCE, 1))

    def _class_prepared(self):
        """Gives the thread that has loaded it, suspended, and the class."""
        event = self._event(CLASS_PREPARE)
        thread, rest = event[:self.object_bytes], event[self.object_bytes + 1:]
        return thread, rest[:self.type_bytes]

    def _method_of(self, of_class):
        answer = self._ask(METHODS, of_class)
        count, = struct.unpack_from(">i", answer)
        at = 4
        for _ in range(count):
            method, at = answer[at:at + self.method_bytes], at + self.method_bytes
            name, at = self._text(answer, at)
            _, at = self._text(answer, at)  # its signature
            at += 4                         # and modifiers
            if name == self.method:
                return method
        raise Failed(f"{self.name} has no method {self.method}")

    @staticmethod
    def _text(packet, at):
        length, = struct.unpack_from(">i", packet, at)
        return packet[at + 4:at + 4 + length].decode(), at + 4 + length

    def _event(self, wanted):
        """What follows the kind and the request of the next event of that kind."""
        while True:
            _, is_answer, command, data = self.events.popleft() if self.events else self._packet()
            if is_answer or command != EVENTS:
                continue
            if data[5] == wanted:  # behind how much is suspended, and how many events these are
                return data[10:]

    def _send(self, command, data=b""):
        self.sent += 1
        self.socket.sendall(struct.pack(">iiBBB", 11 + len(data), self.sent, 0, *command) + data)
        return self.sent

    def _ask(self, command, data=b""):
        number = self._send(command, data)
        while True:
            packet = self._packet()
            answered, is_answer, error, answer = packet
            if not is_answer:
                self.events.append(packet)
            elif answered == number:
                break
        if error != (0, 0):
            raise Failed(f"command {command} failed: error {error[0] * 256 + error[1]}")
        return answer

    def _packet(self):
        """(number, is it an answer, its error or command as two bytes, data)"""
        length, number, flags, *two = struct.unpack(">iiBBB", self._exactly(11))
        return number, flags == 0x80, tuple(two), self._exactly(length - 11)

    def _exactly(self, count):
        parts = b""
        while len(parts) < count:
            part = self.socket.recv(count - len(parts))
            if not part:
                raise Failed("the program has hung up")
            parts += part
        return parts
