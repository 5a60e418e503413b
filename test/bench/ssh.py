#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a job costs over ssh, beside TCP: one at a time, and many at once.

    test/bench/ssh.py [--rtt MS] [--runs N] [--jobs N] [--parallel N]

A real sshd with its default limits and a stock distccd, on loopback behind a proxy that keeps each
byte for half a round trip, and the first ones for the handshake as well. Four ways, which take turns:
"tcp", "forward" (a channel of one ssh connection) and "session" (a process on a shared connection)
through the gateway, and stock distcc 3.4, which logs in for each job. A job is a raw request of a
small preprocessed source, so no preprocessor runs here. Times are medians. The bar for "forward" is 15 ms and
1.2 round trips more than "tcp". Needs root, for sshd. Nothing here passes or fails.
"""

import argparse
import asyncio
import concurrent.futures
import contextlib
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "test" / "e2e"))

from lib import peers  # noqa: E402  pylint: disable=wrong-import-position

WORDS = ["gcc", "-c", "x.i", "-o", "x.o"]
SOURCE = b"int x;\n"
REQUEST = (b"DIST00000001" + b"ARGC%08x" % len(WORDS) + b"".join(b"ARGV%08x" % len(w) + w.encode() for w in WORDS) +
           b"DOTI%08x" % len(SOURCE) + SOURCE)


class Far:
    """Makes a local port as far away as rtt_ms."""

    def __init__(self, port, rtt_ms):
        self.to, self.rtt = port, rtt_ms / 1000
        self.port = peers.free_port()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=[ready], daemon=True).start()
        ready.wait(10)

    def _run(self, ready):
        self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=128))
        ready.set()
        self.loop.run_forever()

    async def _carry(self, reader, writer, not_before):
        """Reading goes on while bytes are on their way."""
        def deliver(data):
            if data:
                writer.write(data)
            else:
                with contextlib.suppress(OSError):
                    writer.write_eof()
        while True:
            data = await reader.read(65536)
            self.loop.call_at(max(self.loop.time() + self.rtt / 2, not_before), deliver, data)
            if not data:
                return

    async def _serve(self, reader, writer):
        arrived = self.loop.time()
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
        with contextlib.suppress(OSError):
            await asyncio.gather(self._carry(reader, far_writer, arrived + 1.5 * self.rtt), self._carry(far_reader, writer, 0))
        await asyncio.sleep(self.rtt)
        writer.close()
        far_writer.close()


def raw_job(gate):
    """Seconds until the whole answer."""
    begin = time.monotonic()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(120)
        sock.connect(str(gate.path))
        sock.sendall(REQUEST)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    assert answer.startswith(b"DONE00000001STAT00000000"), answer[:100] + gate.log.encode()[-500:]
    return time.monotonic() - begin


refused = []      # jobs of the stock client that its login failed


def stock_job(env, place):
    begin = time.monotonic()
    command = [str(peers.STOCK_CLIENT), "gcc", "-c", "x.i", "-o", f"{threading.get_ident()}.o"]
    while subprocess.run(command, cwd=place, env=env, check=False, capture_output=True, timeout=120).returncode:
        refused.append(command)     # sshd takes so many logins at once, and no more
        assert len(refused) < 1000
    return time.monotonic() - begin


def throughput(job, jobs, parallel):
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
        for future in [pool.submit(job) for _ in range(jobs)]:
            future.result()
    return jobs / (time.monotonic() - begin)


def ways(stack, place, args):
    """{name: job()}; and the gateways, for their logins."""
    sshd = stack.enter_context(peers.Sshd(place / "ssh"))
    server = stack.enter_context(peers.stock_server(place / "server", jobs=32))
    far_sshd, far_server = Far(sshd.port, args.rtt), Far(server.port, args.rtt)
    ssh = place / "ssh" / "far"
    ssh.write_text(pathlib.Path(sshd.command).read_text(encoding="ascii").replace(f"-p {sshd.port}", f"-p {far_sshd.port}"))
    ssh.chmod(0o755)
    (place / "serve").write_text(f"#!/bin/sh\nexec {peers.STOCK_SERVER} --log-file=/dev/null --user=distccd \"$@\"\n")
    (place / "serve").chmod(0o755)
    entries = {"tcp": f"127.0.0.1:{far_server.port}/32", "forward": f"root@127.0.0.1/32,forward={server.port}",
               "session": f"root@127.0.0.1/32:{place}/serve"}
    gates = {name: stack.enter_context(peers.Gateway(place / name, [entry], env={"DISTCC_SSH": str(ssh)})) for name, entry in entries.items()}
    jobs = {name: (lambda gate=gate: raw_job(gate)) for name, gate in gates.items()}
    (place / "x.i").write_bytes(SOURCE)
    (place / "state").mkdir()
    env = peers.clean_env(DISTCC_HOSTS=f"root@127.0.0.1/32:{place}/serve", DISTCC_SSH=str(ssh), DISTCC_FALLBACK="0", DISTCC_BACKOFF_PERIOD="0", DISTCC_DIR=place / "state",
                          HOME=place, DISTCC_LOG=place / "stock.log")
    jobs["stock"] = lambda: stock_job(env, place)
    return jobs, gates


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rtt", type=float, default=20)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--parallel", type=int, default=32)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        place = pathlib.Path(name)
        os.chmod(place, 0o755)
        jobs, gates = ways(stack, place, args)
        times = {way: [] for way in jobs}
        for way in gates:
            jobs[way]()         # its login, if it needs one
        for run in range(args.runs):
            for way, job in jobs.items():
                if way != "stock" or run % 5 == 0:
                    times[way].append(job() * 1000)
        tcp = statistics.median(times["tcp"])
        print(f"one at a time, a round trip of {args.rtt:g} ms, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        for way, values in times.items():
            more = statistics.median(values) - tcp
            print(f"  {way:8} {statistics.median(values):8.1f} ms   {more:+8.1f} ms to tcp   {more - 1.2 * args.rtt:+8.1f} ms beyond 1.2 round trips")
        print(f"{args.jobs} jobs, {args.parallel} at once")
        for way, job in jobs.items():
            n = args.jobs if way != "stock" else args.jobs // 10
            rate = throughput(job, n, args.parallel if way != "stock" else min(args.parallel, 8))
            logins = gates[way].log.count("logged in by ssh") if way in gates else n
            again = gates[way].status()["replayed"] if way in gates else len(refused)
            print(f"  {way:8} {rate:8.1f} jobs/s   {logins:4} logins   {again} tried again")


if __name__ == "__main__":
    main()
