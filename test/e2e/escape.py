# SPDX-License-Identifier: GPL-2.0-or-later
"""What a hostile build does with a descriptor that it was passed; test_escape.py runs it in a sandbox.

    escape.py SOCKET connect PORT    tries to reach PORT of the host's loopback
    escape.py SOCKET listen          tries to be reached: prints its port, waits for a caller

Prints "escaped" or "shut: WHY".
"""

import socket
import sys

from lib import lease

TCP_SYNCNT_ONE = 1      # the kernel gives up after one more try, with an error of its own
AF_UNSPEC_ADDRESS = bytes(16)


def disconnect(fd):
    """connect(AF_UNSPEC), which Python does not have."""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.connect(fd, AF_UNSPEC_ADDRESS, len(AF_UNSPEC_ADDRESS)) < 0:
        raise OSError(ctypes.get_errno(), "connect(AF_UNSPEC)")


def escape(sock, how, port):
    """Returns what was reached, or raises OSError."""
    disconnect(sock.fileno())
    if how == "connect":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, TCP_SYNCNT_ONE)
        sock.connect(("127.0.0.1", port))
        return sock.recv(100)
    sock.listen(1)
    print(sock.getsockname()[1], flush=True)
    sys.stdin.readline()        # the caller has tried
    sock.setblocking(False)
    caller, _ = sock.accept()
    caller.setblocking(True)
    return caller.recv(100)


def main():
    """Asks for a descriptor and nothing else."""
    path, how = sys.argv[1:3]
    with lease.Lease(path) as connection:
        name, pairs = connection.ask(modes="fd")
        if name != "GRNT":
            print("shut:", pairs.get("reason"))
            return
        sock = socket.socket(fileno=connection.fds[0])
        sock.setblocking(True)      # the gateway's own sockets are not
        try:
            reached = escape(sock, how, int(sys.argv[3]) if how == "connect" else 0)
            print("escaped" if reached == b"outside" else f"shut: {reached}")
        except OSError as error:
            print("shut:", error)


if __name__ == "__main__":
    main()
