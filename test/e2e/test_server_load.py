# SPDX-License-Identifier: GPL-2.0-or-later
"""All kinds of jobs and of nonsense at once, for long: the server says no word of an error, and neither its
memory nor its descriptors nor its files nor its processes grow.

`test/run --soak server_load` does it for an hour, half of it under ASan and UBSan; DISTCC_SOAK_MINUTES says
otherwise."""

import concurrent.futures
import contextlib
import os
import pathlib
import random
import socket
import struct
import time

from lib import peers, wait, wire

MINUTES = float(os.environ.get("DISTCC_SOAK_MINUTES", 60)) / 2 if os.environ.get("DISTCC_SOAK") else 0
JOBS = 3
THREADS = 5
# After the first of these all has been seen once that memory is kept for. The allocator's own need goes up and
# down a little; what is lost with each job goes up only.
WARM_ROUNDS, ROUNDS = 2, 4
LOOK_EVERY = 50
# (The statistics remember the jobs of a quarter of an hour.)
SLACK_KIB = 1024 if MINUTES else 256
SLACK_SANITIZED_KIB = 4096

CODE = b"".join(b"int f%d(int a) { int b[9]; for (int i = 0; i < 9; i++) b[i] = a * i; return b[a %% 9]; }\n" % i for i in range(20))
LARGE = CODE + b"/* " + b"x" * (3 << 20) + b" */\n"
C = ["gcc", "-O1", "-c", "a.c", "-o", "a.o"]


def answered(status):
    def act(port, chance, request):
        reply = wire.ask(port, request(chance))
        assert reply["STAT"] == status << 8 and bool(reply["DOTO"]) == (status == 0), reply
    return act


def closed(port, chance, request):
    assert wire.ask(port, request(chance)) == {}


def vanishes(port, chance, request):
    """In the middle of what it says or hears, politely or not."""
    said = request(chance)
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(said[:chance.choice([chance.randrange(len(said)), len(said)])])
        if chance.random() < 0.5:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def pumped(_chance):
    files = [("/w/a.c", b"#include <stddef.h>\n#include \"sub/a.h\"\n" + CODE), ("/w/sub/a.h", b"#define A 1\n"), ("/w/link.h", "/w/sub/a.h"),
             wire.system_link("/usr/include"), wire.system_link("/usr/lib/gcc")]
    return wire.pump(["gcc", "-g", "-MD", "-c", "a.c", "-o", "a.o"], "/w", files)


def broken(chance):
    """A request with a few bytes changed, before the end of its command."""
    said = bytearray(wire.plain(C, CODE))
    for at in chance.sample(range(12), 3):
        said[at] ^= chance.randrange(1, 256)
    return bytes(said)


# what is asked: (how, how often a round)
MIX = {
    "version 1": (answered(0), lambda chance: wire.plain(C, CODE), 4),
    "version 2": (answered(0), lambda chance: wire.plain(C, CODE, version=2), 4),
    "version 3": (answered(0), pumped, 3),
    "large": (answered(0), lambda chance: wire.plain(C, LARGE, version=chance.choice([1, 2])), 2),
    "an error": (answered(1), lambda chance: wire.plain(C, b"int\n"), 3),
    "refused": (answered(113), lambda chance: wire.plain(["gcc", "-fplugin=x", *C[1:]], CODE), 3),
    "no compiler": (answered(110), lambda chance: wire.plain(["sh", *C[1:]], CODE), 2),
    "vanishes": (vanishes, lambda chance: wire.plain(C, CODE), 6),
    "vanishes in version 3": (vanishes, pumped, 4),
    "broken": (closed, broken, 3),
    "a name that leads out": (closed, lambda chance: wire.pump(C, "/w", [("/w/../x", b"x")]), 2),
    "no request": (closed, lambda chance: b"GET / HTTP/1.0\r\n\r\n", 2),
}


def children(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def figures(server):
    """{pid: (KiB of its own memory, descriptors)} of the parent and its workers."""
    found = {}
    for pid in [server.pid, *children(server.pid)]:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        found[pid] = (int(status.split("RssAnon:")[1].split()[0]), len(os.listdir(f"/proc/{pid}/fd")))
    return found


def idle_figures(server):
    """Once nothing is left of any job, and the workers for slow clients have gone."""
    def idle():
        return len(children(server.pid)) == JOBS and not any(children(pid) for pid in children(server.pid)) and not list(server.tmp.glob("distccd_*/*/*"))
    wait.until(idle, "the server to be idle")
    return figures(server)


def statistics(port):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while part := client.recv(4096):
            answer += part
    return dict(line.split(b" ", 1) for line in answer.splitlines() if line.startswith(b"dcc_"))


def play(server, stats_port, pool, chance):
    """A round: all of the mix in an order of its own, beside a silent client, a slow one and a reader of statistics."""
    acts = [(how, request, random.Random(chance.random())) for how, request, times in MIX.values() for _ in range(times)]
    chance.shuffle(acts)
    with socket.create_connection(("127.0.0.1", server.port)), socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(wire.plain(C)[:30])
        for done in [pool.submit(how, server.port, seed, request) for how, request, seed in acts]:
            done.result()
        statistics(stats_port)


def test_nothing_grows_and_nothing_fails(our_server):
    stats_port = peers.free_port()
    is_sanitized = peers.is_sanitized()
    env = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=2"}
    server = our_server(jobs=JOBS, extra=["--stats", "--stats-port", stats_port, "--job-lifetime", 60], env=env)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    end = time.monotonic() + MINUTES * 60
    rounds, first, last = 0, None, None
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        while rounds < WARM_ROUNDS + ROUNDS or time.monotonic() < end:
            play(server, stats_port, pool, chance)
            rounds += 1
            if rounds % LOOK_EVERY == WARM_ROUNDS:
                last = idle_figures(server)
                first = first or last
    last = idle_figures(server)
    # the parent may not yet have seen the end of the last connections
    with contextlib.suppress(AssertionError):
        wait.until(lambda: all(now[1] <= first[pid][1] for pid, now in figures(server).items() if pid in first), "descriptors to be closed")
    last = figures(server)
    told = f"seed {seed}, {rounds} rounds of {sum(times for *_, times in MIX.values())}; (KiB, descriptors) of each process {first} and {last}"
    print(told)
    assert list(last) == list(first), "a worker was lost: " + told
    slack = SLACK_SANITIZED_KIB if is_sanitized else SLACK_KIB
    for pid, (kib, descriptors) in last.items():
        assert kib <= first[pid][0] + slack and descriptors <= first[pid][1], told
    assert not [line for line in server.lines if "ERROR: AddressSanitizer" in line or "runtime error" in line or "child" in line], told
    counted = statistics(stats_port)
    assert int(counted[b"dcc_compile_ok"]) >= rounds * 13 and int(counted[b"dcc_compile_error"]) >= rounds * 3, (told, counted)
