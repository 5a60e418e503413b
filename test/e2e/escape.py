# SPDX-License-Identifier: GPL-2.0-or-later
"""What a hostile build does with a descriptor that it was passed; test_escape.py runs it in a sandbox.

    escape.py SOCKET connect PORT    tries to reach PORT of the host's loopback
    escape.py SOCKET fastopen PORT   the same by TCP fast open: with sendto(), and "fastopen-connect" by a socket option
    escape.py SOCKET mapped PORT     the same with the address as IPv6 knows it; "ipv6" for [::1]
    escape.py SOCKET later PORT OWN  says that it has its socket, waits for a word, reaches OWN (its server), tries "connect"
    escape.py SOCKET listen          tries to be reached: prints its port, waits for a caller

Prints "escaped" or "shut: WHY".
"""

import socket
import sys

from lib import lease

TCP_SYNCNT_ONE = 1      # the kernel gives up after one more try, with an error of its own
TCP_FASTOPEN_CONNECT = 30
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
    if how != "listen":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, TCP_SYNCNT_ONE)
        if how == "fastopen":
            sock.sendto(b"x", socket.MSG_FASTOPEN, ("127.0.0.1", port))
        else:
            if how == "fastopen-connect":
                sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
            sock.connect(({"mapped": "::ffff:127.0.0.1", "ipv6": "::1"}.get(how, "127.0.0.1"), port))
            sock.sendall(b"x")
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
            if how == "later":
                print("held", flush=True)
                sys.stdin.readline()
                disconnect(sock.fileno())
                sock.connect(("127.0.0.1", int(sys.argv[4])))
                print("reached", flush=True)
            reached = escape(sock, how, int(sys.argv[3]) if how != "listen" else 0)
            print("escaped" if reached == b"outside" else f"shut: {reached}")
        except OSError as error:
            print("shut:", error)


if __name__ == "__main__":
    main()
