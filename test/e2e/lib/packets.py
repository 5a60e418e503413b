# SPDX-License-Identifier: GPL-2.0-or-later
"""A network namespace in which every address is this machine's, and all packets in it are seen: whatever a
program there sends, wherever to, goes over lo."""

import ctypes
import os
import socket
import struct
import subprocess
import threading

EVERYWHERE = "ip link set lo up; ip route add local 0.0.0.0/0 dev lo; ip -6 route add local ::/0 dev lo; echo ready; exec cat"
CLONE_NEWNET, ETH_P_ALL, SO_RCVBUFFORCE, SOL_PACKET, PACKET_STATISTICS = 0x40000000, 3, 33, 263, 6
TCP, UDP = 6, 17


def ends_of(packet):
    """((address, port), (address, port)) of the two ends; ports are 0 where it is neither TCP nor UDP."""
    if packet[0] >> 4 == 4:
        kind, ports, size, family, at = packet[9], (packet[0] & 15) * 4, 4, socket.AF_INET, 12
    else:
        kind, ports, size, family, at = packet[6], 40, 16, socket.AF_INET6, 8
    numbers = struct.unpack("!HH", packet[ports:ports + 4]) if kind in (TCP, UDP) else (0, 0)
    return tuple((socket.inet_ntop(family, packet[at + i * size:at + (i + 1) * size]), numbers[i]) for i in range(2))


class Network:
    """prefix: what starts a program in it. Use as a context."""

    def __enter__(self):
        self.keeper = subprocess.Popen(["unshare", "-n", "sh", "-c", EVERYWHERE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.keeper.stdout.readline() == b"ready\n"
        self.prefix = ["nsenter", f"--net=/proc/{self.keeper.pid}/ns/net"]
        self.sniffer = self.inside(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)))
        self.sniffer.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.sniffer.setblocking(False)
        return self

    def __exit__(self, *_):
        self.sniffer.close()
        self.keeper.communicate()

    def inside(self, act):
        """What act() returns, called in it: a socket that is made there stays there."""
        found = []

        def run():
            with open(f"/proc/{self.keeper.pid}/ns/net", "rb") as space:
                assert ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            found.append(act())
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return found[0]

    def seen(self):
        """The two ends of each packet since the last call; none has been missed."""
        found = []
        while True:
            try:
                found.append(ends_of(self.sniffer.recv(128)))
            except BlockingIOError:
                break
        _, dropped = struct.unpack("II", self.sniffer.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        assert not dropped
        return found
