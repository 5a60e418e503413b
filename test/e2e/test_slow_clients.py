# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that are silent, slow to ask or slow to take the answer hold up nobody else; and however many
requests are whole, no more compilers run than --jobs."""

import contextlib
import os
import select
import socket

import pytest

from lib import wait, wire

SOAK = bool(os.environ.get("DISTCC_SOAK"))
REQUEST = wire.plain(["gcc", "-c", "a.c", "-o", "a.o"])
PUMPED = wire.pump(["gcc", "-c", "a.c", "-o", "a.o"], "/w", [("/w/a.c", b"int x;\n")])
# Where a client can stop: after the first token, in a word, before the source, in it, among files.
BEGINNINGS = [REQUEST[:12], REQUEST[:40], REQUEST[:-19], REQUEST[:-3], PUMPED[:12], PUMPED[:-20]]

# A compiler that runs until something is written into a pipe of its own.
WAITS = """#!/bin/sh
mkfifo -m 666 "{dir}/pipe.$$" && : >"{dir}/running.$$"
read -r line <"{dir}/pipe.$$"
rm "{dir}/pipe.$$"
: >"{dir}/ran.$$"
"""


def connect(stack, server, said=b""):
    client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
    client.sendall(said)
    return client


def is_open(client):
    """Has the server neither closed it nor answered?"""
    return not select.select([client], [], [], 0)[0]


def assert_served(server):
    assert wire.ask(server.port, REQUEST)["STAT"] == 0


def test_silent_and_slow_clients_do_not_delay_others(our_server, stack):
    server = our_server(jobs=2)
    for _ in range(50):
        connect(stack, server)      # closed when it has said nothing for 15 s
    slow = [connect(stack, server, BEGINNINGS[i % len(BEGINNINGS)]) for i in range(50)]
    for _ in range(5):
        assert_served(server)
        for client in slow:
            with contextlib.suppress(OSError):  # the assertion below says more
                client.sendall(b"x" if client is slow[3] else b"")
    # they were served beside all of these, and not in the place of one that was closed
    assert sum(is_open(client) for client in slow) >= 49


def test_a_slow_client_that_comes_to_its_end_is_served(our_server, stack):
    server = our_server(jobs=1)
    slow = [connect(stack, server, beginning) for beginning in BEGINNINGS[:4]]
    assert_served(server)
    for client, beginning in zip(slow, BEGINNINGS):
        client.sendall(REQUEST[len(beginning):])
    for client in slow:
        answer = b""
        while part := client.recv(65536):
            answer += part
        assert wire.parse(answer)["STAT"] == 0
    server.wait_count(5)


def test_a_client_that_does_not_take_its_answer_holds_no_slot(our_server, stack):
    server = our_server(jobs=1)
    large = wire.plain(["gcc", "-c", "a.c", "-o", "a.o"], b"char a[40 << 20] = { 1 };\n")
    client = connect(stack, server, large)
    client.recv(1)
    assert_served(server)
    server.wait_count(1)
    assert server.count() == 1      # the other one's job is not over


@pytest.fixture
def gate(base, our_server):
    """A server with two slots, whose compilers run until open() ends one of them."""
    place = base / "gate"
    place.mkdir()
    place.chmod(0o777)
    compiler = place / "cc"
    compiler.write_text(WAITS.format(dir=place))
    compiler.chmod(0o755)
    server = our_server(jobs=2, extra=["--enable-tcp-insecure", "--sandbox=off"])

    class Gate:
        """What the tests need of all this."""
        request = wire.plain([str(compiler), "-c", "a.c", "-o", "a.o"])

        def __init__(self):
            self.server = server

        @staticmethod
        def count(kind):
            return len(list(place.glob(f"{kind}.*")))

        @staticmethod
        def open():
            next(place.glob("pipe.*")).write_text("go\n")
    return Gate()


def test_no_more_compilers_than_jobs(gate, stack):
    clients = [connect(stack, gate.server, gate.request) for _ in range(6)]
    # a client that is slow to ask takes no compiler's place either
    connect(stack, gate.server, REQUEST[:40])
    for done in range(6):
        running = min(done + 2, 6)
        wait.until(lambda: gate.count("running") >= running, f"{running} compilers to have begun")  # pylint: disable=cell-var-from-loop
        assert gate.count("running") == running and gate.count("ran") == done
        gate.open()
        wait.until(lambda: gate.count("ran") == done + 1, "one to end")  # pylint: disable=cell-var-from-loop
    for client in clients:
        answer = b""
        while part := client.recv(65536):
            answer += part
        assert wire.parse(answer)["STAT"] == 0


def test_for_a_client_that_goes_before_its_turn_no_compiler_runs(gate, stack):
    for _ in range(2):
        connect(stack, gate.server, gate.request)
    wait.until(lambda: gate.count("running") == 2, "both slots to be taken")
    with socket.create_connection(("127.0.0.1", gate.server.port)) as client:
        client.sendall(gate.request)
    gate.open()
    gate.server.wait_count(1, "CLI_DISCONN")
    gate.open()
    gate.server.wait_count(2)
    assert gate.count("running") == 2


@pytest.mark.skipif(not SOAK, reason="soak only: waits until slow clients have had their time")
def test_more_slow_clients_than_there_may_be(our_server, stack):
    server = our_server(jobs=2)
    slow = [connect(stack, server, BEGINNINGS[i % len(BEGINNINGS)]) for i in range(80)]
    for _ in range(3):
        assert_served(server)
    server.wait_log("since others wait")
    assert sum(is_open(client) for client in slow) > 60
