# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers that are broken in one way each, and count whom they have met."""

import contextlib
import socket
import struct
import threading

REPLY_BEGINNING = b"DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00001000half"


def _read_request(connection):
    """Up to where a client waits: it sends nothing more for a moment."""
    connection.settimeout(0.2)
    with contextlib.suppress(socket.timeout):
        while connection.recv(65536):
            pass


def stall_after_accept(connection, kept):
    kept.append(connection)


def stall_in_reply(connection, kept):
    _read_request(connection)
    connection.sendall(REPLY_BEGINNING)
    kept.append(connection)


def reset(connection, _):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def close_in_reply(connection, _):
    _read_request(connection)
    connection.sendall(REPLY_BEGINNING)
    connection.close()


def close_without_reply(connection, _):
    _read_request(connection)
    connection.close()


def no_distcc(connection, _):
    _read_request(connection)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    connection.close()


class BrokenServer:
    """Accepts on a loopback port and does one wrong thing to each connection."""

    def __init__(self, behave):
        self.behave = behave
        self.met = 0
        self.kept = []

    def __enter__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(timeout=10)
        for connection in self.kept:
            connection.close()

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def _run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.met += 1
            with contextlib.suppress(OSError):
                self.behave(connection, self.kept)


class BlackHole:
    """A port that answers no connect: its queue is full and nobody accepts."""

    def __enter__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.fillers = []
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self.fillers.append(filler)
        return self

    def __exit__(self, *_):
        for sock in (*self.fillers, self.listener):
            sock.close()

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"
