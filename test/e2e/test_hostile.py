# SPDX-License-Identifier: GPL-2.0-or-later
"""Item 6: peers that are idle, slow, lie about lengths or attach descriptors: nothing else slows
down, nothing leaks, each is logged once and closed."""

import array
import os
import socket
import subprocess
import threading

import pytest

from lib import peers, wait

SOAK = bool(os.environ.get("DISTCC_SOAK"))


def connect(gw):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(60)
    sock.connect(str(gw.path))
    return sock


def closed_by_peer(sock):
    """Blocks until the other side closes; what it said before."""
    said = b""
    try:
        while True:
            data = sock.recv(4096)
            if not data:
                return said
            said += data
    except ConnectionResetError:
        return said


def compile_one(gw, workplace):
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=gw.host, DISTCC_FALLBACK="0")
    return subprocess.run([peers.CLIENT, "gcc", "-c", "hello.c", "-o", "hello.o"], cwd=workplace.path, env=env,
                          capture_output=True, timeout=60, check=False)


@pytest.fixture
def farm(stock_server, gateway, workplace):
    workplace.reset()
    server = stock_server()
    gw = gateway([f"{server.host}/4"])
    before = gw.status()
    yield gw
    wait.until(lambda: gw.status()["peers"] == 0, "the gateway to be idle")
    after = gw.status()
    for key in ("descriptors", "live_bytes", "leases", "queued"):
        assert after[key] == before[key], key


def dribble(gw, beginning, filler):
    """Sends one byte a second until it is cut off."""
    with connect(gw) as sock:
        sock.sendall(beginning)
        sock.settimeout(1)
        for byte in filler * 100:
            try:
                sock.sendall(bytes([byte]))
                if not sock.recv(1):
                    return
            except socket.timeout:
                continue
            except OSError:
                return


DRIBBLERS = [(b"", b"D"), (b"GATE00000001", b"WANT00000100kind=compile\n"), (b"\x05", b"\x01"),
             (b"DIST00000001ARGC000000ff", b"ARGV00000001x")]


def test_idle_and_dribbling_peers_hold_nobody_up_and_are_closed(farm, workplace):
    """One byte a second is progress of a kind, and not enough: the head has one deadline."""
    idle = [connect(farm) for _ in range(8)]
    threads = [threading.Thread(target=dribble, args=(farm, *what)) for what in DRIBBLERS]
    for thread in threads:
        thread.start()
    done = compile_one(farm, workplace)
    assert (done.returncode, done.stderr) == (0, b"")
    for sock in idle:
        assert closed_by_peer(sock) == b""
        sock.close()
    for thread in threads:
        thread.join(timeout=90)
        assert not thread.is_alive()
    farm.wait_log("closed", count=len(idle) + len(DRIBBLERS))
    assert len([line for line in farm.lines if "closed" in line]) == len(idle) + len(DRIBBLERS)
    assert compile_one(farm, workplace).returncode == 0


LIES = {
    "huge words": b"DIST00000001ARGCffffffff",
    "huge word": b"DIST00000001ARGC00000001ARGVffffffff",
    "huge source": b"DIST00000001ARGC00000001ARGV00000001xDOTIffffffff",
    "no words": b"DIST00000001ARGC00000000",
    "unknown version": b"DIST00000009",
    "wrong order": b"DIST00000001DOTI00000001x",
    "nul in a word": b"DIST00000001ARGC00000001ARGV00000001\0",
    "bad hex": b"DIST0000000x",
    "huge message": b"GATE00000001WANTffffffff",
    "unknown message": b"GATE00000001NOPE00000000",
    "grant from a client": b"GATE00000001GRNT00000000",
    "ready before want": b"GATE00000001REDY00000000",
    "bad pair": b"GATE00000001WANT00000004abc\n",
    "bad escape": b"GATE00000001WANT00000008use=%zz\n",
    "http": b"GET / HTTP/1.0\r\n\r\n",
    "socks4": b"\x04\x01\0\x50\x7f\0\0\x01\0",
    "socks without methods": b"\x05\x00\x05\x01",
}


@pytest.mark.parametrize("lie", LIES)
def test_nonsense_is_closed_at_once_and_logged_once(farm, lie):
    with connect(farm) as sock:
        sock.sendall(LIES[lie])
        assert b"DONE" not in closed_by_peer(sock)
    assert farm.status()["protocol_errors"] == 1
    assert len(farm.wait_log("; closed")) == 1


def test_a_flood_of_nonsense_does_not_fill_the_log(farm):
    for _ in range(300):
        with connect(farm) as sock:
            sock.sendall(LIES["unknown message"])
            closed_by_peer(sock)
    assert farm.status()["protocol_errors"] == 300
    # ten in ten seconds, which it takes a while to go over
    assert 1 <= len(farm.wait_log("; closed")) <= 100


def test_descriptors_that_come_along_are_closed(farm, workplace):
    count = 1000 if SOAK else 100
    with open(os.devnull, "rb") as null:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [null.fileno()] * 253))]
        for _ in range(count):
            with connect(farm) as sock:
                sock.sendmsg([b"G"], rights)
                assert closed_by_peer(sock) == b""
    status = farm.status()
    assert status["refused_descriptors"] == 253 * count
    assert status["protocol_errors"] == count
    assert farm.wait_log("descriptors came")
    assert compile_one(farm, workplace).returncode == 0


def test_bytes_after_the_request_end_the_job(farm):
    request = b"DIST00000001ARGC00000005ARGV00000003gccARGV00000002-cARGV00000003x.iARGV00000002-oARGV00000003x.oDOTI00000000"
    with connect(farm) as sock:
        sock.sendall(request + b"DIST00000001")
        closed_by_peer(sock)
    assert farm.status()["protocol_errors"] == 1


@pytest.mark.parametrize("wish,reason", [
    ("kind=magic\n", "kind"), ("kind=link\n", "modes"), ("modes=telepathy\n", "modes"), ("use=elsewhere.example\n", "no-server"),
    ("use=127.0.0.1:1\n", "no-server"), ("proto=3\n", "no-server"),
])
def test_a_wish_that_cannot_be_granted_is_denied_with_its_reason(farm, wish, reason):
    with connect(farm) as sock:
        message = wish.encode()
        sock.sendall(b"GATE00000001" + b"WANT%08x" % len(message) + message + b"REDY00000007size=1\n")
        said = closed_by_peer(sock)
    assert said.startswith(b"DENY") and f"reason={reason}\n".encode() in said
