# SPDX-License-Identifier: GPL-2.0-or-later
"""distccd --min-memory: jobs are turned away, and requests given up, while memory is short. The server has a
/proc/meminfo of its own, which the test writes."""

import contextlib
import socket

import pytest

from lib import wait, wire

REQUEST = wire.plain(["gcc", "-c", "a.c", "-o", "a.o"])
SOURCE = wire.text("DOTI", b"int x;\n")
HALF = 16 << 20     # of a source: more than sockets hold, so that what is sent has been read in part


@pytest.fixture
def meminfo(base):
    """write(mib) says how much is free."""
    path = base / "meminfo"

    def write(mib):
        path.write_text(f"MemTotal: 8388608 kB\nMemAvailable: {mib << 10} kB\n")
    write.path = path
    write(1000)
    return write


@pytest.fixture
def server(our_server, meminfo):
    inside = f"mount --bind {meminfo.path} /proc/meminfo && exec \"$@\""
    return our_server(extra=["--min-memory", "500"], prefix=["unshare", "-m", "sh", "-c", inside, "sh"])


def test_a_job_is_turned_away(server, meminfo):
    assert wire.ask(server.port, REQUEST)["STAT"] == 0
    meminfo(499)
    # what was read is believed for a moment
    wait.until(lambda: wire.ask(server.port, REQUEST) == {}, "a job to be turned away")
    server.wait_log("turned away: 499 MiB of memory are free, 500 are kept")
    meminfo(500)
    wait.until(lambda: wire.ask(server.port, REQUEST), "a job to be served again")


def test_a_request_that_grows_is_given_up(server, meminfo):
    head = REQUEST[:-len(SOURCE)] + wire.token("DOTI", 2 * HALF)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(head + b" " * HALF)
        meminfo(499)
        with contextlib.suppress(ConnectionError):
            client.sendall(b" " * HALF)
            assert client.recv(1) == b""
    server.wait_log("its request is given up: 499 MiB of memory are free, 500 are kept")
    server.wait_count(1, "REJ_OVERLOAD")
    meminfo(1000)
    wait.until(lambda: wire.ask(server.port, REQUEST), "a job to be served again")
