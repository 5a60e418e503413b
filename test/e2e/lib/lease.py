# SPDX-License-Identifier: GPL-2.0-or-later
"""A lease client in a few lines, from doc/protocol-gateway.txt, for peers that our own client is not:
wrong, hostile or half finished. Also runs as a program inside sandboxes (see test_escape.py)."""

import array
import socket


def message(name, **pairs):
    """One message of the dialect."""
    payload = "".join(f"{key}={value}\n" for key, value in pairs.items()).encode()
    return name.encode() + b"%08x" % len(payload) + payload


class Lease:
    """A connection to a gateway."""

    def __init__(self, path, greeting=b"GATE00000001"):
        self.sock = socket.socket(socket.AF_UNIX)
        # with a time-out a full queue would be an error instead of a wait
        self.sock.connect(str(path))
        self.sock.settimeout(60)
        self.sock.sendall(greeting)
        self.fds = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            part, ancillary, _, _ = self.sock.recvmsg(count - len(data), socket.CMSG_SPACE(8 * 4))
            for level, kind, content in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds = array.array("i")
                    fds.frombytes(content[:len(content) - len(content) % fds.itemsize])
                    self.fds += fds
            if not part:
                raise EOFError(data)
            data += part
        return data

    def receive(self):
        """(name, {key: value})"""
        head = self._exactly(12)
        payload = self._exactly(int(head[4:], 16)).decode()
        return head[:4].decode(), dict(line.split("=", 1) for line in payload.splitlines())

    def send(self, **wish):
        """WANT and REDY."""
        self.sock.sendall(message("WANT", **{"kind": "compile", "proto": "1,2", **wish}) + message("REDY", size=1))

    def ask(self, **wish):
        """WANT and REDY; the answer that is not WAIT."""
        self.send(**wish)
        return self.ask_again()

    def ask_again(self):
        """The next answer that is not WAIT."""
        while True:
            answer = self.receive()
            if answer[0] != "WAIT":
                return answer
