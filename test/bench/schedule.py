#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scheduling side by side: builds through the gateway against stock distcc 3.4 with the same servers in
its own host list, in one run, as ratios.

    test/bench/schedule.py [--runs N]

Servers are stock distccd whose compiler waits on a timer (test/e2e/lib/timed.py), so that two cores are
enough for a farm, and what is left is the schedule's own. As root, for the servers' user. Nothing here
passes or fails: test/run --soak schedule does, with the same servers.
"""

import argparse
import contextlib
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from lib import peers, timed  # noqa: E402


class Bench:
    """One place for servers and projects, for the time of the run."""

    def __init__(self, stack, work):
        self.stack, self.work, self.count = stack, work, 0

    def fresh(self, name):
        self.count += 1
        return self.work / f"{name}{self.count}"

    def server(self, ms, jobs):
        return self.stack.enter_context(timed.TimedServer(self.fresh("server"), ms, jobs))

    def gateway(self, hosts):
        return self.stack.enter_context(peers.Gateway(self.fresh("gateway"), hosts))

    def environment(self, hosts):
        state = self.fresh("state")
        state.mkdir()
        return peers.clean_env(HOME=state, DISTCC_DIR=state, DISTCC_HOSTS=hosts, DISTCC_FALLBACK="0", DISTCC_NO_REWRITE_CROSS="1")

    def make(self, client, hosts, files, jobs, percents=(100,)):
        """Seconds that `make -jJOBS` of so many files takes."""
        project = timed.Project(self.fresh("project"), files, percents)
        begin = time.monotonic()
        subprocess.run(["make", "-s", f"-j{jobs}", f"CC={client} gcc"], cwd=project.directory, env=self.environment(hosts),
                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return time.monotonic() - begin

    def at_once(self, client, hosts):
        """How many times as long eight compiles take at once as one after the other."""
        project = timed.Project(self.fresh("project"), 8)
        env = self.environment(hosts)
        commands = [[str(client), "gcc", "-c", f"f{n}.c", "-o", f"f{n}.o"] for n in range(8)]
        begin = time.monotonic()
        for command in commands:
            subprocess.run(command, cwd=project.directory, env=env, check=True)
        serial = time.monotonic() - begin
        begin = time.monotonic()
        for process in [subprocess.Popen(command, cwd=project.directory, env=env) for command in commands]:
            process.wait()
        return (time.monotonic() - begin) / serial


def show(what, unit, runs, measure, variants):
    """One line: both medians, and their ratio. The variants take turns."""
    figures = {name: [] for name in variants}
    for _ in range(runs):
        for name, arguments in variants.items():
            figures[name].append(measure(*arguments))
    ours, stock = (statistics.median(figures[name]) for name in ("gateway", "stock"))
    print(f"{what:<52} {ours:8.2f}{unit}   stock {stock:8.2f}{unit}   {ours / stock:5.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="schedule-")))
        work.chmod(0o755)
        bench = Bench(stack, work)

        def variants(hosts, *more):
            return {"gateway": (peers.CLIENT, bench.gateway(hosts).host, *more), "stock": (peers.STOCK_CLIENT, " ".join(hosts), *more)}

        one = bench.server(0, 4)
        show("8 compiles at once on one slot, serial = 1", " x", runs, bench.at_once, variants([f"{one.host}/1"]))
        two = bench.server(200, 4)
        show("32 compiles of 0.2 s on 2 slots, -j8 (3.2 s)", " s", runs, bench.make, variants([f"{two.host}/2"], 32, 8))
        speeds = [bench.server(ms, 4) for ms in (1600, 800, 400)]
        show("70 compiles on speeds 1, 2, 4, two slots each (8 s)", " s", runs, bench.make,
             variants([f"{server.host}/2" for server in speeds], 70, 16))
        alive = bench.server(200, 4)
        dead = f"127.0.0.1:{peers.free_port()}"
        show("the same as 2, and a server that refuses", " s", runs, bench.make, variants([f"{dead}/2", f"{alive.host}/2"], 32, 8))


if __name__ == "__main__":
    main()
