# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that vanish and workers that are killed at any moment: no slot is lost, nothing is left, and the
next job is served at once. `test/run --soak server_kills` takes 500 clients."""

import contextlib
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import threading

from lib import wait, wire

CLIENTS = 500 if os.environ.get("DISTCC_SOAK") else 40
JOBS = 3
# Takes long enough for some to leave while it is compiled.
SOURCE = b"".join(b"int f%d(int a) { int b[9]; for (int i = 0; i < 9; i++) b[i] = a * i; return b[a %% 9]; }\n" % i for i in range(300))
REQUESTS = [wire.plain(["gcc", "-O2", "-c", "a.c", "-o", "a.o"], SOURCE, version=version) for version in (1, 2)]


def vanish(port, seed):
    """A client that goes at a moment that the seed chooses, politely or not."""
    chance = random.Random(seed)
    request = chance.choice(REQUESTS)
    with contextlib.suppress(ConnectionError, BrokenPipeError), socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        sent = chance.choice([chance.randrange(len(request)), len(request)])
        client.sendall(request[:sent])
        if sent == len(request) and chance.random() < 0.5:
            client.recv(chance.randrange(1, 200))
        if chance.random() < 0.5:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def children(pid):
    """{pid: state} of a process's children, zombies included."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            words = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            if int(words[1]) == pid:
                found[int(entry.name)] = words[0]
    return found


def files_of_jobs(server):
    return [str(path) for path in server.tmp.glob("distccd_*/*/*")]


def assert_as_new(server, killed=()):
    """Once the workers are there, none of them `killed`, and nobody else is."""
    def complete():
        now = children(server.pid)
        return len(now) == JOBS and "Z" not in now.values() and not set(now) & set(killed)
    wait.until(complete, f"the workers and nobody else: {children(server.pid)}")
    # every worker is free again: as many jobs at once as there are workers
    answers = []
    clients = [threading.Thread(target=lambda: answers.append(wire.ask(server.port, REQUESTS[0]))) for _ in range(JOBS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert [answer["STAT"] for answer in answers] == [0] * JOBS
    wait.until(lambda: not files_of_jobs(server), f"no file of a job: {files_of_jobs(server)}")
    for pid in children(server.pid):
        assert not children(pid)


def test_clients_that_vanish_at_any_moment(our_server):
    server = our_server(jobs=JOBS)
    for start in range(0, CLIENTS, 4):
        batch = [threading.Thread(target=vanish, args=(server.port, seed)) for seed in range(start, min(start + 4, CLIENTS))]
        for client in batch:
            client.start()
        for client in batch:
            client.join()
    assert_as_new(server)


def test_workers_that_are_killed_at_any_moment(our_server):
    server = our_server(jobs=JOBS)
    chance = random.Random(1)
    killed = []
    for seed in range(CLIENTS // 10):
        client = threading.Thread(target=vanish, args=(server.port, seed))
        client.start()
        workers = list(children(server.pid))
        if workers:
            killed.append(chance.choice(workers))
            with contextlib.suppress(ProcessLookupError):
                os.kill(killed[-1], signal.SIGKILL)
        client.join()
    assert_as_new(server, killed)


def test_a_compiler_that_ignores_sigterm_does_not_outlive_its_client(our_server, base):
    compiler = base / "stubborn"
    compiler.write_text("#!/bin/sh\ntrap '' TERM HUP INT\nwhile :; do read -r line </dev/zero; done\n")
    compiler.chmod(0o755)
    server = our_server(jobs=1, extra=["--enable-tcp-insecure", "--tool", base])
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(wire.plain([str(compiler), "-c", "a.c", "-o", "a.o"]))
        wait.until(lambda: any(children(pid) for pid in children(server.pid)), "the compiler to run")
    server.wait_count(1, "CLI_DISCONN")
    assert wire.ask(server.port, wire.plain(["gcc", "-c", "a.c", "-o", "a.o"]))["STAT"] == 0
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(wire.plain([str(compiler), "-c", "a.c", "-o", "a.o"]))
        wait.until(lambda: any(children(pid) for pid in children(server.pid)), "the compiler to run")
        assert server.stop() == -signal.SIGTERM
    assert not list(server.tmp.iterdir())
    assert subprocess.run(["pgrep", "-f", str(compiler)], stdout=subprocess.DEVNULL, check=False).returncode == 1
