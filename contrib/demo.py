# SPDX-License-Identifier: GPL-2.0-or-later
"""The demonstration behind contrib/demo: who starts what, what is shown, and how it all ends.

    server (stock distccd) <- TCP, loopback <- distcc-gateway <- unix socket <- distcc in `unshare -n`

Each job's line in the clients' log says where it was compiled. The log is a FIFO, so that the
display learns of each job when it ends.
"""

import argparse
import collections
import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
STOCK_SERVER = pathlib.Path("/usr/bin/distccd")
PATIENCE_S = 15
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)

RESULT = re.compile(r"result: source=(?P<source>.*) where=(?P<where>\w+) server=(?P<server>\S+) "
                    r"reason=(?P<reason>\S+) ms=(?P<ms>\d+) status=(?P<status>\d+)")
WHY = {
    "conftest": "a test of configure",
    "option": "an option that may concern files of this machine",
    "unknown-option": "an option that is not known",
}


def die_with_parent():
    """In the child: Ctrl-C and even kill -9 of the demonstration leave nothing behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def free_port():
    """A loopback port that nobody uses at this moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Program:
    """A server in the foreground, whose stderr is its log; ends with its context."""

    def __init__(self, name, command, serves, **options):
        """`serves` is in the line of the log that says so."""
        self.name, self.command, self.serves, self.options = name, [str(word) for word in command], serves, options
        self.lines = []
        self.ended = False
        self.changed = threading.Condition()

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
                                        preexec_fn=die_with_parent, **self.options)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if not self.wait_log(self.serves, 1):
            self.__exit__()
            sys.exit(f"{self.name} does not start:\n" + "".join(self.lines))
        return self

    def _read(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def count(self, text):
        """How many lines of the log hold it."""
        return sum(text in line for line in self.lines)

    def wait_log(self, text, count):
        """True when so many lines hold the text, False when there will not be."""
        with self.changed:
            self.changed.wait_for(lambda: self.ended or self.count(text) >= count, PATIENCE_S)
            return self.count(text) >= count

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.reader.join(PATIENCE_S)
        self.process.stderr.close()


class Display:
    """Progress on one line, and what came of it at the end."""

    def __init__(self, total, with_files):
        self.total = total
        self.with_files = with_files
        self.jobs = []
        self.is_terminal = sys.stdout.isatty()
        self.width = shutil.get_terminal_size().columns - 1

    def add(self, line):
        """Takes one line of the clients' log."""
        match = RESULT.search(line)
        if not match:
            return
        job = match.groupdict()
        job["source"] = job["source"].replace(f"{TOP}/", "")
        job["ms"] = int(job["ms"])
        self.jobs.append(job)
        place = {"remote": f"by {job['server']}", "local": "here"}.get(job["where"], "nowhere")
        text = f"[{len(self.jobs):4d}/{self.total}] {place:24s} {job['ms']:>6d} ms  {job['source'] if job['source'] != '(null)' else ''}"
        if self.is_terminal:
            print("\r" + text[:self.width].ljust(self.width), end="", flush=True)
        elif len(self.jobs) % 50 == 0:
            print(text, flush=True)

    def where(self, place):
        """The jobs that ran there: "remote", "local", "nowhere"."""
        return [job for job in self.jobs if job["where"] == place]

    def table(self, seconds):
        """What was compiled where, how long it took, what ran here and why."""
        if self.is_terminal:
            print("\r" + " " * self.width + "\r", end="")
        remote, here, failed = self.where("remote"), self.where("local"), self.where("nowhere")
        if self.with_files:
            print(f"\n{'file':52s} {'compiled by':24s} {'ms':>6s}")
            for job in sorted(remote, key=lambda job: job["source"]):
                print(f"{job['source'][-52:]:52s} {job['server'][:24]:24s} {job['ms']:>6d}")
        else:
            print(f"\n{'folder':20s} {'files':>6s}  {'compiled by':24s} {'ms each':>8s}")
            folders = collections.defaultdict(list)
            for job in remote:
                folders[os.path.dirname(job["source"]), job["server"]].append(job["ms"])
            for (folder, server), times in sorted(folders.items()):
                print(f"{folder[-20:]:20s} {len(times):>6d}  {server[:24]:24s} {round(statistics.median(times)):>8d}")
        reasons = collections.Counter(job["reason"] for job in here)
        own = reasons.pop("not-a-compile", 0)
        n_compiles = len(remote) + len(failed) + sum(reasons.values())
        print(f"\ncompiles         {len(remote)} of {n_compiles} by the server, {sum(reasons.values())} here, {len(failed)} failed; {seconds:.1f} s")
        for reason, count in reasons.most_common():
            print(f"                 {count} here, reason={reason}: {WHY.get(reason, 'see distcc(1), WHY A JOB RAN HERE')}")
        for job in failed:
            print(f"                 failed: {job['source']}: reason={job['reason']}")
        print(f"not compiles     {own} links and questions to the compiler, which belong here")


def start_server(stack, build, tmp, jobs):
    """Returns the server, its host entry, and what it is."""
    port = free_port()
    is_stock = STOCK_SERVER.exists()
    program = STOCK_SERVER if is_stock else build / "distccd"
    (tmp / "server").mkdir()
    (tmp / "server").chmod(0o777)
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    server = stack.enter_context(Program(
        "distccd", [program, "--daemon", "--no-detach", "--log-stderr", "--log-level=info", f"--port={port}",
                    "--listen=127.0.0.1", "--allow=127.0.0.1", "--enable-tcp-insecure", f"--jobs={jobs}"],
        "allowing up to", env={**os.environ, "TMPDIR": str(tmp / "server")}))
    return server, f"127.0.0.1:{port}/{jobs},lzo", f"distccd {version} ({'stock' if is_stock else 'this build'})"


def start_gateway(stack, build, tmp, entry):
    """Returns the path of its socket."""
    (tmp / "gateway.hosts").write_text(entry + "\n", encoding="utf-8")
    path = tmp / "gw" / "socket"
    stack.enter_context(Program(
        "distcc-gateway", [build / "distcc-gateway", f"--listen=unix:{path}", "--force",
                           f"--hosts={tmp}/gateway.hosts", "--log-stderr", "--log-level=info"], "servers from"))
    return path


def count_commands(tree):
    """How many times make will run the compiler."""
    done = subprocess.run(["make", "-n", "CC=COMPILER", "all", "test-programs"], cwd=tree, capture_output=True, text=True,
                          check=True)
    return done.stdout.count("COMPILER ")


def compile_project(stack, build, tmp, path, tree, arguments):
    """make in the sandbox; returns its status and fills the display."""
    fifo = tmp / "log"
    os.mkfifo(fifo)
    sandbox = ["unshare", "-n"] if os.getuid() == 0 else ["unshare", "-rn"]
    env = {**os.environ, "DISTCC_HOSTS": f"unix:{path}", "DISTCC_FALLBACK": "0", "DISTCC_LOG": str(fifo)}
    inside = f"ip -brief addr 2>/dev/null || true; exec make --quiet -j{arguments.j} CC='{build}/distcc gcc' all test-programs"
    display = Display(count_commands(tree), arguments.files)
    # Open for writing too: the end of one client must not look like the end of all.
    keep = os.open(fifo, os.O_RDWR | os.O_CLOEXEC)
    log = stack.enter_context(open(fifo, encoding="utf-8", errors="replace"))
    reader = threading.Thread(target=lambda: [display.add(line) for line in log], daemon=True)
    reader.start()
    started = time.monotonic()
    make = subprocess.Popen(sandbox + ["sh", "-c", inside], cwd=tree, env=env, start_new_session=True,
                            preexec_fn=die_with_parent)
    try:
        status = make.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(make.pid, signal.SIGTERM)
        os.close(keep)
    reader.join(5)
    display.table(time.monotonic() - started)
    return status, display


def end_on_signal(number, _frame):
    """A signal ends the demonstration the orderly way."""
    sys.exit(128 + number)


def main():
    """Exit status 0: everything was compiled, and every compile was done by the server."""
    parser = argparse.ArgumentParser(prog="contrib/demo")
    parser.add_argument("build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("-j", type=int, default=2 * (os.cpu_count() or 2), metavar="N", help="jobs at once")
    parser.add_argument("--files", action="store_true", help="the table at the end has a line for each file")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end_on_signal)
    with contextlib.ExitStack() as stack:
        tmp = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="distcc-demo.")))
        tmp.chmod(0o755)
        server, entry, kind = start_server(stack, build, tmp, arguments.j)
        path = start_gateway(stack, build, tmp, entry)
        print(f"server           {kind} on {entry}\ngateway          unix:{path}\n"
              "sandbox          unshare -n; the network interfaces in it, before this project is compiled there:", flush=True)
        tree = tmp / "project"
        tree.mkdir()
        subprocess.run([str(TOP / "configure"), "--quiet"], cwd=tree, check=True)
        status, display = compile_project(stack, build, tmp, path, tree, arguments)
        remote = sum(job["where"] == "remote" for job in display.jobs)
        # The server writes its line after it has answered.
        server.wait_log("COMPILE_OK", remote)
        served = server.count("COMPILE_OK")
        report = subprocess.run([build / "distcc-gateway", f"--listen=unix:{path}", "--status=json"],
                                capture_output=True, text=True, check=True)
        relayed = json.loads(report.stdout)["relayed"]
        print(f"counted          the gateway relayed {relayed} jobs, and the log of the server has {served}")
        if status != 0 or not remote or remote != relayed or remote != served:
            print("this is not how it should have ended", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
