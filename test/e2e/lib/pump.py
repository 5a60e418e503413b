# SPDX-License-Identifier: GPL-2.0-or-later
"""An include server for one test, ended with it."""

import os
import signal
import subprocess

from lib import peers, wait

PUMP = peers.BUILD / "pump" / "pump"


class IncludeServer:
    """What `pump` starts, without pump: the socket is in a directory of the test's."""

    def __init__(self, directory, *arguments, area=None, prefix=(), path=None, environment=None):
        """area: where it puts what clients fetch; prefix: what runs it; path: its PATH, where it looks for compilers;
        environment: more variables."""
        self.dir = directory
        self.dir.mkdir(parents=True)
        self.socket = self.dir / "socket"
        self.arguments = arguments
        self.area = area
        self.prefix = prefix
        self.environment = {**({"PATH": path} if path else {}), **(environment or {})}

    def __enter__(self):
        python = next(line.split("'")[1] for line in PUMP.read_text().splitlines() if line.startswith("python="))
        with open(self.dir / "log", "w", encoding="utf-8") as log:
            subprocess.run([*self.prefix, python, PUMP.parent / "include_server.py", "--port", self.socket, "--pid_file", self.dir / "pid",
                            *self.arguments], env=peers.clean_env(DISTCC_CLIENT_TMP=self.area, **self.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                           check=True, timeout=30)
        self.pid = int((self.dir / "pid").read_text())
        return self

    @property
    def log(self):
        return (self.dir / "log").read_text()

    def kill(self, number=signal.SIGKILL):
        os.kill(self.pid, number)

    def is_gone(self):
        try:
            return open(f"/proc/{self.pid}/stat", encoding="ascii").read().split()[2] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True

    def __exit__(self, *_):
        if not self.is_gone():
            os.kill(self.pid, signal.SIGCONT)
            os.kill(self.pid, signal.SIGTERM)
            wait.until(self.is_gone, "the include server to end")
