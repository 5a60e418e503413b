# SPDX-License-Identifier: GPL-2.0-or-later
"""Item 2 and 7e: the SOCKS5 bytes of Gentoo's patched client, unchanged, to configured servers; every
other destination is refused, and nothing leaves the gateway for it."""

import socket
import struct

import pytest

from lib import compare, peers, sandbox, wait

REFUSED = bytes([5, 2])


def connect(gw):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(str(gw.path))
    return sock


def greet_and_ask(sock, address_type, address, port):
    """The exchange of Gentoo's patch; returns the first two bytes of the reply."""
    sock.sendall(b"\x05\x01\x00")
    assert wait.for_bytes(sock, 2) == b"\x05\x00"
    sock.sendall(b"\x05\x01\x00" + bytes([address_type]) + address + struct.pack(">H", port))
    head = wait.for_bytes(sock, 2)
    if head == b"\x05\x00":
        wait.for_bytes(sock, 8)
    return head


def name(text):
    return bytes([len(text)]) + text.encode()


def test_our_client_compiles_through_it_as_through_portages_proxy(stock_server, gateway, workplace, base):
    server = stock_server()
    gw = gateway([f"{server.host}/4"])
    command = ["gcc", "-O2", "-c", "hello.c", "-o", "hello.o"]
    inside = sandbox.Sandbox("portage-root", gw.path, workplace.path, base / "inside")
    local = workplace.run(command, peers.clean_env())
    env = inside.env(DISTCC_HOSTS=server.host, DISTCC_SOCKS_PROXY=gw.path, DISTCC_FALLBACK="0")
    compare.assert_same(local, workplace.run([peers.CLIENT, *command], env, prefix=inside.prefix))
    server.wait_count(1)
    assert gw.status()["socks_jobs"] == 1


@pytest.mark.parametrize("address_type,address", [
    (3, name("127.0.0.1")), (3, name("[127.0.0.1]")), (1, bytes([127, 0, 0, 1])),
])
def test_a_raw_job_in_the_bytes_of_the_patched_client_is_served(stock_server, gateway, address_type, address):
    server = stock_server()
    gw = gateway([f"{server.host}/4"])
    source = b"int x;\n"
    words = [b"gcc", b"-c", b"x.i", b"-o", b"x.o"]
    request = b"DIST00000001ARGC00000005" + b"".join(b"ARGV%08x" % len(w) + w for w in words)
    with connect(gw) as sock:
        assert greet_and_ask(sock, address_type, address, server.port) == b"\x05\x00"
        sock.sendall(request + b"DOTI%08x" % len(source) + source)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    assert answer.startswith(b"DONE00000001STAT00000000SERR00000000SOUT00000000DOTO")
    server.wait_count(1)


FOREIGN = {
    "name": lambda port: (3, name("farm.example"), port),
    "other port": lambda port: (3, name("127.0.0.1"), port + 1),
    "ipv4": lambda port: (1, bytes([127, 0, 0, 2]), port),
    "ipv6": lambda port: (4, bytes(15) + b"\x01", port),
    "name that resolves to a server": lambda port: (3, name("localhost"), port),
    "mapped": lambda port: (4, bytes(10) + b"\xff\xff" + bytes([127, 0, 0, 2]), port),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_any_other_destination_is_refused_with_code_2(stock_server, gateway, what):
    server = stock_server()
    gw = gateway([f"{server.host}/4"])
    with socket.socket() as trap:
        # whoever connects anywhere on 127.0.0.2 with this port is seen
        trap.bind(("127.0.0.2", server.port))
        trap.listen()
        trap.setblocking(False)
        with connect(gw) as sock:
            assert greet_and_ask(sock, *FOREIGN[what](server.port)) == REFUSED
            assert sock.recv(64) in (b"\0\x01" + bytes(6), b"")
        with pytest.raises(BlockingIOError):
            trap.accept()
    status = gw.status()
    assert status["foreign_destinations"] == 1 and status["socks_jobs"] == 0
    assert server.count() == 0


@pytest.mark.parametrize("request_bytes,reply", [
    (b"\x05\x02\x00\x01\x7f\0\0\x01\x0e\x30", 7),       # BIND
    (b"\x05\x01\x00\x09\x7f\0\0\x01\x0e\x30", 8),       # no such type of address
])
def test_other_commands_and_address_types_have_their_own_codes(stock_server, gateway, request_bytes, reply):
    gw = gateway([f"{stock_server().host}/4"])
    with connect(gw) as sock:
        sock.sendall(b"\x05\x01\x00")
        assert wait.for_bytes(sock, 2) == b"\x05\x00"
        sock.sendall(request_bytes)
        assert wait.for_bytes(sock, 2) == bytes([5, reply])


def test_a_client_without_the_open_method_hears_ff(stock_server, gateway):
    gw = gateway([f"{stock_server().host}/4"])
    with connect(gw) as sock:
        sock.sendall(b"\x05\x01\x02")
        assert sock.recv(16) == b"\x05\xff"
        assert sock.recv(16) == b""
