"""Ports of 127.0.0.1 for the servers that a test starts."""

import socket

_kept = []


def free_ports(count):
    """Ports that the kernel gives to nobody else as long as this process lives.

    They stay bound here, without anybody listening: who connects is refused. A server gets them all the same, for it
    asks for SO_REUSEADDR, as this does; the node does so, and Java.
    """
    ports = []
    for _ in range(count):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", 0))
        _kept.append(one)
        ports.append(one.getsockname()[1])
    return ports
