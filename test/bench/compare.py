#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Side by side: this client and gateway against stock distcc 3.4, in one run, as ratios.

    test/bench/compare.py [--runs N] [--files N] [--parallel N]

One stock distccd on loopback serves every variant. "stock tcp" is stock distcc 3.4 straight to
it; the others are ours: straight over TCP, and inside a network namespace without a network
through the gateway (relay, and fd passing). Variants take turns, so a machine whose speed drifts
hurts all of them alike. Times are medians; CPU is the client with the processes that it waited
for (its preprocessor), as the kernel accounts them. Nothing here passes or fails.
"""

import argparse
import ctypes
import json
import os
import pathlib
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_TREE", TOP / "build"))
STOCK_CLIENT = "/usr/bin/distcc"
STOCK_SERVER = "/usr/bin/distccd"
CLONE_NEWNET = 0x40000000


def free_port():
    """A loopback port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_until_listening(address, family, deadline_s=10):
    """Returns once a connect to address succeeds."""
    end = time.monotonic() + deadline_s
    while True:
        with socket.socket(family) as sock:
            try:
                sock.connect(address)
                return
            except OSError:
                if time.monotonic() > end:
                    raise
        time.sleep(0.01)


class Worker:
    """A process that runs commands on request, if asked in a network namespace of its own."""

    def __init__(self, isolated):
        command = [sys.executable, __file__, "--worker", "isolated" if isolated else "plain"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, **request):
        """Runs one request and returns {"wall_ms", "cpu_ms", "rc", "stderr"}."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def worker_main(kind):
    """The loop of a worker process: one JSON request a line, one JSON answer a line."""
    if kind == "isolated" and ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for line in sys.stdin:
        request = json.loads(line)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        done = subprocess.run(request["command"], cwd=request["cwd"], env=request["env"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        wall = time.monotonic() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(json.dumps({"wall_ms": wall * 1e3, "cpu_ms": cpu * 1e3, "rc": done.returncode,
                          "stderr": done.stdout}), flush=True)


class Farm:
    """One stock server and two gateways (relay, fd) to it, for the time of the run."""

    def __init__(self, work, slots):
        self.work = work
        self.port = free_port()
        self.processes = []
        self.start([STOCK_SERVER, "--daemon", "--no-detach", "--log-file", work / "server.log",
                    "--log-level", "notice", "--allow", "127.0.0.1", "--listen", "127.0.0.1",
                    "--port", self.port, "--jobs", slots])
        wait_until_listening(("127.0.0.1", self.port), socket.AF_INET)
        self.relay = self.gateway("relay", "never", slots)
        self.fd = self.gateway("fd", "always", slots)

    def start(self, command):
        (self.work / "server.log").touch(mode=0o666)
        os.chmod(self.work / "server.log", 0o666)
        self.processes.append(subprocess.Popen([str(word) for word in command],
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def gateway(self, name, pass_fds, slots):
        hosts = self.work / f"{name}.hosts"
        hosts.write_text(f"127.0.0.1:{self.port}/{slots}\n")
        path = self.work / name / "socket"
        self.start([BUILD / "distcc-gateway", "--listen", f"unix:{path}", "--hosts", hosts,
                    f"--pass-fds={pass_fds}", "--log-file", self.work / f"{name}.log", "--force",
                    "--user", "distccd"])
        wait_until_listening(str(path), socket.AF_UNIX)
        return f"unix:{path}"

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=10)


def variants(farm):
    """name -> (distcc program, DISTCC_HOSTS, isolated); None for the compiler alone."""
    tcp = f"127.0.0.1:{farm.port}/64"
    ours = str(BUILD / "distcc")
    return {
        "local gcc": (None, "", False),
        "stock tcp": (STOCK_CLIENT, tcp, False),
        "ours tcp": (ours, tcp, False),
        "ours unix relay": (ours, farm.relay, True),
        "ours unix fd": (ours, farm.fd, True),
    }


def environment(work, name, hosts):
    state = work / "state" / name.replace(" ", "-")
    state.mkdir(parents=True, exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(state), "DISTCC_DIR": str(state),
            "DISTCC_HOSTS": hosts, "DISTCC_FALLBACK": "0", "DISTCC_BACKOFF_PERIOD": "0", "LC_ALL": "C"}


def check(name, result):
    if result["rc"] != 0:
        sys.exit(f"{name}: exit status {result['rc']}: {result['stderr']}")


def print_table(title, rows, columns, reference):
    """rows: name -> list of figures; prints each with its ratio to the reference row."""
    print(f"\n{title}")
    print(f"  {'':<18}" + "".join(f"{column:>24}" for column in columns))
    for name, figures in rows.items():
        cells = []
        for figure, base in zip(figures, rows[reference]):
            cells.append(f"{figure:>14.2f} ({figure / base:5.2f} x)")
        print(f"  {name:<18}" + "".join(f"{cell:>24}" for cell in cells))


def bench_single(farm, workers, source, runs):
    """One small compile at a time: median wall and CPU milliseconds of each variant."""
    table = variants(farm)
    samples = {name: [] for name in table}
    for turn in range(runs + 3):
        for name, (program, hosts, isolated) in table.items():
            command = ["gcc", "-O1", "-c", source, "-o", f"{name.replace(' ', '-')}.o"]
            result = workers[isolated].run(command=([program] if program else []) + command,
                                           cwd=str(farm.work), env=environment(farm.work, name, hosts))
            check(name, result)
            if turn >= 3:
                samples[name].append(result)
    return {name: [statistics.median(s["wall_ms"] for s in taken),
                   statistics.median(s["cpu_ms"] for s in taken)]
            for name, taken in samples.items()}


def bench_throughput(farm, workers, files, parallel, rounds=3):
    """Jobs per second of many trivial files, `parallel` at a time."""
    table = variants(farm)
    tree = farm.work / "many"
    tree.mkdir()
    for number in range(files):
        (tree / f"f{number}.c").write_text(f"int f{number}(void) {{ return {number}; }}\n")
    samples = {name: [] for name in table}
    for _ in range(rounds):
        for name, (program, hosts, isolated) in table.items():
            prefix = f"{program} " if program else ""
            script = f"ls *.c | xargs -P {parallel} -n 1 {prefix}gcc -c"
            result = workers[isolated].run(command=["sh", "-c", script], cwd=str(tree),
                                           env=environment(farm.work, name, hosts))
            check(name, result)
            samples[name].append(result)
    return {name: [files / (statistics.median(s["wall_ms"] for s in taken) / 1e3),
                   statistics.median(s["cpu_ms"] for s in taken) / files]
            for name, taken in samples.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        worker_main(arguments.worker)
        return
    work = pathlib.Path(tempfile.mkdtemp(prefix="distcc-bench."))
    os.chmod(work, 0o755)
    (work / "null.i").write_text("int f(void) { return 1; }\n")
    (work / "small.c").write_text("#include <stdio.h>\nint f(void) { return puts(\"x\"); }\n")
    farm = Farm(work, arguments.parallel)
    workers = {False: Worker(False), True: Worker(True)}
    try:
        for title, source in (("one null compile (already preprocessed), ms", "null.i"),
                              ("one small compile (stdio.h), ms", "small.c")):
            rows = bench_single(farm, workers, source, arguments.runs)
            print_table(title, rows, ["wall", "client + cpp CPU"], "stock tcp")
        rows = bench_throughput(farm, workers, arguments.files, arguments.parallel)
        print_table(f"{arguments.files} trivial files, {arguments.parallel} at a time", rows,
                    ["jobs per second", "CPU ms per job"], "stock tcp")
    finally:
        for worker in workers.values():
            worker.close()
        farm.close()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
