#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the walls around a compiler cost: the same compile at servers that differ in --sandbox only.

    test/bench/confinement.py [--runs N]

Three servers on loopback, with one job at once: stock distccd 3.4, ours with --sandbox=off and ours with
--sandbox=require. They take turns, request by request, and in every round in another order, so a machine whose
speed drifts hurts all alike. The source is made so long that a compile takes about 50 ms. Printed are medians
of the time from the first byte of a request to the last of its answer, and of the differences within a round:
what confinement costs, in ms and in parts of the compile; and the same for the processor time of all processes,
which other work on the machine disturbs less. Once in protocol 1, and once in pump mode, where each
job has a file system of its own besides (stock has nothing of the kind). Nothing here passes or fails; take the
figures on a machine that does nothing else.
"""

import argparse
import contextlib
import os
import pathlib
import random
import socket
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from lib import peers, wire  # noqa: E402  pylint: disable=wrong-import-position

TARGET_MS = 50
COMMAND = ["gcc", "-O1", "-c", "a.c", "-o", "a.o"]
FUNCTION = "int f%d(int a) { int b[9]; for (int i = 0; i < 9; i++) b[i] = a * i; return b[a %% 9]; }\n"


def source(n_functions):
    """So many functions."""
    return "".join(FUNCTION % i for i in range(n_functions)).encode()


def plain(code):
    """The request of a client without pump mode."""
    return wire.plain(COMMAND, code)


def pumped(code):
    """The same from pump mode, with the system's headers by name as clients send them."""
    links = [wire.system_link(path) for path in ("/usr/include", "/usr/lib/gcc")]
    return wire.pump(COMMAND, "/home/user/src", [("/home/user/src/a.c", code), *links])


def timed(server, request):
    """Milliseconds from the first byte to the last."""
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(request)
        reply = bytearray()
        while part := client.recv(1 << 20):
            reply += part
    elapsed = (time.monotonic() - start) * 1e3
    if b"STAT00000000" not in reply:
        raise SystemExit(f"a compile failed: {reply}")
    return elapsed


def cpu_ms(server):
    """What the server's processes, and those that they have waited for, have used so far."""
    pids = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    words = [pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in (str(server.pid), *pids)]
    return sum(int(word) for stat in words for word in stat[11:15]) * 1000 / os.sysconf("SC_CLK_TCK")


def calibrate(server):
    """How many functions take TARGET_MS?"""
    n = 20
    while (ms := statistics.median(timed(server, plain(source(n))) for _ in range(7))) < TARGET_MS and n < 5000:
        n = max(n + 10, int(n * min(2, TARGET_MS / ms)))
    return n


def compare(servers, request, runs):
    """({name: [ms, ...]}, {name: ms of processor time each}), from rounds in which each server has its turn."""
    figures = {name: [] for name in servers}
    for _ in range(3):
        for server in servers.values():
            timed(server, request)
    before = {name: cpu_ms(server) for name, server in servers.items()}
    for _ in range(runs):
        for name in random.sample(list(servers), len(servers)):
            figures[name].append(timed(servers[name], request))
    return figures, {name: (cpu_ms(server) - before[name]) / runs for name, server in servers.items()}


def report(title, figures, cpu):
    """Medians, and what lies between "off" and "require"."""
    medians = {name: statistics.median(times) for name, times in figures.items()}
    cost = statistics.median(confined - free for confined, free in zip(figures["require"], figures["off"]))
    print(f"{title}:")
    for name, median in medians.items():
        print(f"  {name:8} {median:8.2f} ms {median / medians['off']:6.3f} of --sandbox=off   processor time {cpu[name]:8.2f} ms"
              f" {cpu[name] / cpu['off']:6.3f}")
    for what, ms, whole in (("time", cost, medians["off"]), ("processor time", cpu["require"] - cpu["off"], cpu["off"])):
        print(f"  confinement costs {ms:.2f} ms of {what} a compile: {ms / whole * 100:.1f} % of it, {ms / TARGET_MS * 100:.1f} % of {TARGET_MS} ms")


def main():
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as work, contextlib.ExitStack() as stack:
        os.chmod(work, 0o755)

        def start(program, name, *extra):
            return stack.enter_context(peers.Server(program, pathlib.Path(work) / name, jobs=1, extra=extra))
        servers = {
            "3.4": start(peers.STOCK_SERVER, "stock"),
            "off": start(peers.SERVER, "off", "--sandbox=off"),
            "require": start(peers.SERVER, "require", "--sandbox=require"),
        }
        code = source(calibrate(servers["off"]))
        report("protocol 1", *compare(servers, plain(code), runs))
        report("pump mode", *compare({name: server for name, server in servers.items() if name != "3.4"}, pumped(code), runs))


if __name__ == "__main__":
    main()
