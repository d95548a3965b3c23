"""Hope: some family of sockets leads out of the cage: to the network, to the kernel, or to a daemon beside it."""

import os
import socket

from a3 import kit

GOAL = "read"
ROUTE = "sockets"
SCORE = 25


def attack():
    """Try every family with every kind, and every address that a machine has."""
    for family in range(46):
        for kind in (1, 2, 3, 5):
            try:
                socket.socket(family, kind).close()
            except OSError:
                continue
            if family != socket.AF_UNIX:
                kit.say(f"ESCAPED: a socket of family {family}")
    for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/systemd/private", "/run/dbus/system_bus_socket",
                 "\0autograder", "\0/tmp/.X11-unix/X0", f"{kit.RESULTS}/socket"):
        with socket.socket(socket.AF_UNIX) as sock:
            kit.attempt(sock.connect, path)
    with socket.socket(socket.AF_UNIX) as sock:
        kit.attempt(sock.bind, f"\0hostile-{os.getpid()}")
    for host in ("127.0.0.1", "::1", "1.1.1.1", "localhost", "example.org"):
        kit.attempt(socket.create_connection, (host, 80), 0.2)
    kit.attempt(socket.getaddrinfo, "example.org", 443)


word_embedding_backward = kit.mount(attack)
