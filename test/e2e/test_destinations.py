# SPDX-License-Identifier: GPL-2.0-or-later
"""No byte goes to an address that is not in the gateway's list, whatever clients say: all packets of the gateway's
network are looked at, while jobs are done and others lie."""

import pathlib
import random
import socket

import pytest

from lib import peers, wait
from lib.lease import message
from lib.packets import Network

CORPUS = pathlib.Path(__file__).parents[1] / "fuzz" / "corpus"
GREETING = b"GATE00000001"
PORT, STATISTICS = 3632, 3633            # of that server; the second is asked unless --stats-port says otherwise
FOREIGN = ["203.0.113.9:3632", "127.0.0.1:9", "127.0.0.2:3632", "[2001:db8::9]:3632", "localhost:3632", "farm.example", "root@203.0.113.9",
           "unix:/run/other", "@203.0.113.9", "127.0.0.1:3632@203.0.113.9:3632"]
KEYS = ("use", "server", "host", "hosts", "address", "addr", "via", "names", "mode", "session", "build")


class Inside(peers.Server):
    """A stock distccd in that network, which is not ours."""

    def wait_ready(self):
        self.wait_log("listening on")


@pytest.fixture
def network(stack):
    return stack.enter_context(Network())


@pytest.fixture
def server(stack, base, network):
    return stack.enter_context(Inside(peers.STOCK_SERVER, base / "stock", port=PORT, prefix=network.prefix))


@pytest.fixture
def gw(gateway, network, server):
    return gateway([f"{server.host}/4"], prefix=network.prefix, extra=["--http", "127.0.0.1:3700"])


def lies():
    """What the gateway hears, each on a connection of its own."""
    for foreign in FOREIGN:
        named = {key: foreign for key in KEYS}
        for kind in ("compile", "local", "served"):
            yield GREETING + message("WANT", kind=kind, modes="relay,fd,local", proto="1,2,3", **named) + message("REDY", size=1, **named)
        for name in ("GRNT", "NOTE", "RSLT", "SHOW", "HOPS", "WAIT", "DENY"):
            yield GREETING + message(name, **named)
        text = foreign.encode()
        yield b"\x05\x01\x00\x05\x01\x00\x03" + bytes([len(text)]) + text + PORT.to_bytes(2, "big")
        words = [b"gcc", b"-c", b"a.c", b"-o", b"a.o"]
        yield (message("HOPS", names=foreign) + b"DIST00000001ARGC%08x" % len(words) +
               b"".join(b"ARGV%08x" % len(word) + word for word in words) + b"HOST%08x" % len(text) + text)
    for address in (b"\x01\xcb\x00\x71\x09", b"\x01\x7f\x00\x00\x02", b"\x04" + bytes(15) + b"\x02", b"\x03\x09localhost"):
        for command in (b"\x01", b"\x02", b"\x03"):
            yield b"\x05\x01\x00\x05" + command + b"\x00" + address + PORT.to_bytes(2, "big")
    chance = random.Random(9)
    for path in sorted(path for kind in ("lease", "socks", "walk", "request", "http") for path in (CORPUS / kind).iterdir()):
        plain = path.read_bytes()
        yield plain
        for _ in range(3):
            bent = bytearray(plain)
            for _ in range(1 + len(bent) // 16):
                bent[chance.randrange(len(bent))] = chance.randrange(256)
            yield bytes(bent)


def tell(path, lie):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        sock.settimeout(20)
        try:
            sock.sendall(lie)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass


def reach(address):
    """A connection to it from where we are."""
    with socket.socket() as sock:
        sock.settimeout(5)
        sock.connect_ex(address)


def test_packets_go_to_servers_of_the_list_alone(network, server, gw, client_env, workplace):
    workplace.reset()
    assert network.seen(), "at its start it has proved on itself which walls hold"
    command = [peers.CLIENT, "gcc", "-c", "hello.c", "-o", "hello.o"]
    configured = {("127.0.0.1", PORT), ("127.0.0.1", STATISTICS)}
    for foreign in FOREIGN:
        done = workplace.run(command, client_env(gw.host, DISTCC_GATEWAY_USE=foreign))
        assert done.rc != 0, "a name that is in no entry matches nothing"
    for lie in lies():
        tell(gw.path, lie)
    assert workplace.run(command, client_env(gw.host)).rc == 0
    server.wait_count(1)
    packets = network.seen()
    assert any(("127.0.0.1", PORT) in packet for packet in packets), "the job went this way"
    assert not [packet for packet in packets if not configured & set(packet)]
    # what the list says decides, and what goes elsewhere is seen
    network.inside(lambda: reach(("203.0.113.9", PORT)))
    assert any(("203.0.113.9", PORT) in packet for packet in network.seen())
    status = gw.status()
    assert status["foreign_destinations"] >= len(FOREIGN) and status["protocol_errors"] >= 100
    wait.until(lambda: gw.status()["peers"] <= 1, "nobody to be left")
