# SPDX-License-Identifier: GPL-2.0-or-later
"""Our distccd beside that of 3.4: the same jobs give the same lines and the same statistics, so that what
reads them goes on reading; and the ways in that have no listening socket."""

import contextlib
import re
import socket
import subprocess

import pytest

from lib import compare, peers, wait, wire

# name: (what a client says, does it wait for the answer?)
TALKS = {
    "a compile": (wire.plain(["gcc", "-c", "a.c", "-o", "a.o"]), True),
    "an error": (wire.plain(["gcc", "-c", "bad.c", "-o", "bad.o"], b"int\n"), True),
    "a compiler that is not there": (wire.plain(["no-such-gcc", "-c", "a.c", "-o", "a.o"]), True),
    "a client that goes": (wire.plain(["gcc", "-c", "a.c", "-o", "a.o"])[:-3], False),
    "no request": (b"GET / HTTP/1.0\r\n\r\n", True),
    "a version that is not known": (b"DIST00000009" + wire.command(["gcc", "-c", "a.c", "-o", "a.o"]), True),
}
SUMMARY = re.compile(r"\(dcc_job_summary\) client: 127\.0\.0\.1:\d+ (.*) time:\d+ms (.*)$")


def talk(server, said, waits):
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(20)
        client.sendall(said)
        if not waits:
            return
        with contextlib.suppress(ConnectionResetError):  # with bytes that the server has not read
            while client.recv(4096):
                pass


def statistics(port):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(20)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while part := client.recv(4096):
            answer += part
    head, body = re.split(r"\r?\n\r?\n", answer.decode(), maxsplit=1)
    return head, body.splitlines()


def summaries(server):
    """Without those of connections that said nothing: ours has no job for them."""
    found = [match.groups() for match in map(SUMMARY.search, list(server.lines)) if match]
    return [line for line in found if not line[0].endswith("ret:108")]


def counts(port):
    """Jobs by class, without "other", where 3.4 counts connections that said nothing."""
    words = dict(line.split(" ", 1) for line in statistics(port)[1] if re.match("dcc_(rej|compile|cli)", line))
    assert len(words) == 6
    return {name: int(value) for name, value in words.items()}


@pytest.fixture
def pair(stack, base):
    """(server, port of its statistics), stock and ours."""
    started = []
    for name, program in (("stock", peers.STOCK_SERVER), ("ours", peers.SERVER)):
        port = peers.free_port()
        server = peers.Server(program, base / name, jobs=2, extra=["--stats", "--stats-port", port, "--enable-tcp-insecure"])
        started.append((stack.enter_context(server), port))
        wait.until(lambda: peers.can_connect(("127.0.0.1", port), socket.AF_INET), "the statistics")  # pylint: disable=cell-var-from-loop
    return started


def test_the_same_jobs_give_the_same_summary_lines_and_counts(pair):
    for server, _ in pair:
        for number, (said, waits) in enumerate(TALKS.values()):
            talk(server, said, waits)
            wait.until(lambda: len(summaries(server)) > number, "the job's line")  # pylint: disable=cell-var-from-loop
    (stock, stock_port), (ours, our_port) = pair
    assert summaries(ours) == summaries(stock)
    wanted = counts(stock_port)
    assert sum(wanted.values()) == len(TALKS)
    # a worker writes the line before its parent hears of it
    wait.until(lambda: counts(our_port) == wanted, f"{wanted} in {statistics(our_port)}")


def test_statistics_have_the_words_of_3_4_in_their_order(pair):
    (stock_head, stock), (our_head, ours) = (statistics(port) for _, port in pair)
    assert our_head == stock_head
    words = [line.split(" ")[0] for line in stock]
    assert [line.split(" ")[0] for line in ours] == words[:-1] + ["dcc_free_mem", "dcc_sandbox"] + words[-1:]
    number = re.compile(r"-?[0-9.]+( MB)?$")
    for name, line, other in zip(words[:-1], stock, ours):
        assert bool(number.search(line)) == bool(number.search(other)), name


@pytest.mark.parametrize("options", ["", ",lzo"], ids=["protocol 1", "protocol 2"])
def test_a_stock_client_reaches_it_over_pipes(base, workplace, client_env, options):
    """One job on stdin and stdout, as over ssh."""
    log = base / "inetd.log"
    log.touch()
    log.chmod(0o666)
    (base / "ssh").write_text(f"#!/bin/sh\ncat | {peers.SERVER} --inetd --enable-tcp-insecure --log-file={log} | cat\n")
    (base / "ssh").chmod(0o755)
    command = ["gcc", "-O2", "-c", "hello.c", "-o", "hello.o"]
    local = workplace.run(command, peers.clean_env())
    env = client_env("@farm" + options, DISTCC_SSH=base / "ssh", TMPDIR=base / "state")
    compare.assert_same(local, workplace.run([peers.STOCK_CLIENT, *command], env))
    assert log.read_text().count("client: NOTSOCKET COMPILE_OK exit:0") == 1
    assert not list((base / "state").glob("distccd_*"))


def test_inetds_socket_serves_one_job_and_ends(base):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
    with client, accepted:
        (base / "tmp").mkdir()
        (base / "tmp").chmod(0o777)
        server = subprocess.Popen([str(peers.SERVER), "--inetd", "--allow=127.0.0.1", "--enable-tcp-insecure", "--log-stderr"],
                                  stdin=accepted, stdout=accepted, stderr=subprocess.PIPE, text=True, env=peers.clean_env(TMPDIR=base / "tmp"))
        accepted.close()
        client.settimeout(20)
        client.sendall(wire.plain(["gcc", "-c", "a.c", "-o", "a.o"]))
        answer = b""
        while part := client.recv(65536):
            answer += part
        with server.stderr:
            said = server.stderr.read()
        assert wait.for_exit(server) == 0
    assert wire.parse(answer)["STAT"] == 0 and wire.parse(answer)["DOTO"]
    assert "COMPILE_OK" in said
    assert not list((base / "tmp").iterdir())
