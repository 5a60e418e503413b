# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers of a chosen speed, and builds for them. The compiler of such a server waits on a timer and
notes when it begins and ends, so that many slots fit on two cores and each is seen."""

import json
import os
import pathlib
import subprocess

from lib import peers
from lib.lease import Lease, message


class TimedServer(peers.Server):
    """A stock distccd whose gcc takes `ms` for a usual source."""

    def __init__(self, tmp, ms, jobs):
        tmp = pathlib.Path(tmp)
        self.bin = tmp / "bin"
        self.bin.mkdir(parents=True)
        subprocess.run(["gcc", "-O1", "-o", str(self.bin / "gcc"), str(peers.TOP / "test/e2e/lib/timed-compiler.c")], check=True)
        (self.bin / "log").touch()
        os.chmod(self.bin / "log", 0o666)
        self.ms = ms
        super().__init__(peers.STOCK_SERVER, tmp, jobs=jobs, extra=["--enable-tcp-insecure"], env={"DISTCCD_PATH": f"{self.bin}:/usr/bin:/bin"})

    @property
    def ms(self):
        """May be set at any time: what has begun ends as it would have."""
        return int((self.bin / "ms").read_text())

    @ms.setter
    def ms(self, value):
        (self.bin / "ms.new").write_text(str(value))
        (self.bin / "ms.new").rename(self.bin / "ms")

    def runs(self):
        """(begin, end) of each compile in seconds of CLOCK_MONOTONIC; of one that was killed, or still runs, end is None."""
        begun, runs = {}, []
        for line in (self.bin / "log").read_text().splitlines():
            what, pid, ns = line.split()
            if what == "+":
                begun[pid] = len(runs)
                runs.append([int(ns) / 1e9, None])
            else:
                runs[begun.pop(pid)][1] = int(ns) / 1e9
        return [tuple(run) for run in runs]

    def most_at_once(self):
        """Compiles that ran at the same time. Those that were killed are not counted."""
        edges = sorted([(begin, 1) for begin, end in self.runs() if end] + [(end, -1) for _, end in self.runs() if end])
        now = most = 0
        for _, step in edges:
            now += step
            most = max(most, now)
        return most


class Project:
    """Sources in a directory of its own, and `make` for them."""

    def __init__(self, directory, count, percents=(100,)):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.count = count
        for n in range(count):
            (self.directory / f"f{n}.c").write_text(f"int percent_{percents[n % len(percents)]};\nint f{n}(int a) {{ return a + {n}; }}\n")
        (self.directory / "Makefile").write_text("all: " + " ".join(f"f{n}.o" for n in range(count)) + "\n.c.o:\n\t@$(CC) -c $< -o $@\n")

    def start(self, gw, jobs, prefix=(), **env):
        """`make -jJOBS` through a gateway, as a process."""
        env = peers.clean_env(**{"HOME": "/nonexistent", "DISTCC_HOSTS": gw.host, **env, "DISTCC_FALLBACK": "0", "DISTCC_NO_REWRITE_CROSS": "1"})
        return subprocess.Popen([*prefix, "make", "-s", f"-j{jobs}", f"CC={peers.CLIENT} gcc"], cwd=self.directory, env=env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def finish(self, make, timeout=300):
        """Waits for it: it has worked, and said nothing."""
        output, _ = make.communicate(timeout=timeout)
        assert (make.returncode, output) == (0, b""), output
        assert len(list(self.directory.glob("*.o"))) == self.count

    def assert_objects(self):
        """They are what the compiler makes of the sources here."""
        for n in range(self.count):
            source = self.directory / f"f{n}.c"
            subprocess.run(["gcc", "-c", source.name, "-o", "local.o"], cwd=self.directory, check=True)
            assert (self.directory / "local.o").read_bytes() == source.with_suffix(".o").read_bytes(), source
        (self.directory / "local.o").unlink()


def events(gw, since=0):
    """What the gateway says has happened, in order: the last 8192 events."""
    text = b""
    with Lease(gw.path) as asker:
        asker.sock.sendall(message("SHOW", what="events", since=since))
        while True:
            part = asker.sock.recv(65536)
            if not part:
                break
            text += part
    lines = b""
    while text:
        length = int(text[4:12], 16)
        lines += text[12:12 + length]
        text = text[12 + length:]
    return [json.loads(line) for line in lines.splitlines()]
