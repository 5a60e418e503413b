# SPDX-License-Identifier: GPL-2.0-or-later
"""The peers of a test: servers, gateways, sshd. Each is a context manager that ends what it
started, by pid, and knows what its own log says about jobs."""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import threading

from lib import wait

TOP = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("BUILD_TREE", TOP / "build"))
CLIENT = BUILD / "distcc"
SERVER = BUILD / "distccd"
GATEWAY = BUILD / "distcc-gateway"
GATEWAY_NOFILTER = BUILD / "distcc-gateway-nofilter"
STOCK_CLIENT = pathlib.Path("/usr/bin/distcc")
STOCK_SERVER = pathlib.Path("/usr/bin/distccd")

JOB_LINE = re.compile(r"\(dcc_job_summary\) client: (?P<client>.*?) (?P<kind>[A-Z_]+) exit:(?P<exit>\d+) "
                      r"sig:\d+ core:\d+ ret:(?P<ret>\d+) time:\d+ms (?P<rest>.*)$")


def free_port():
    """A loopback port that nobody listens on at this moment, below those that the kernel takes for
    connections: one of these could take it before a server does."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def libraries(program):
    """Names of the shared libraries that a program loads, without the loader and the kernel's."""
    found = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in found.splitlines() if "=>" in line}


def is_sanitized():
    """Are the programs under test instrumented by ASan?"""
    return any("san.so" in name for name in libraries(CLIENT))


def can_connect(address, family):
    """Does somebody accept there?"""
    with socket.socket(family) as sock:
        try:
            sock.connect(address)
            return True
        except OSError:
            return False


class Daemon:
    """A program in the foreground whose stderr is its log, read line by line as it comes."""

    pass_fds = ()

    def __init__(self, command, env=None, log_path=None):
        self.command = [str(word) for word in command]
        self.env = env
        self.log_path = log_path
        self.lines = []
        self.changed = threading.Condition()

    def __enter__(self):
        self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        errors="replace", start_new_session=True, pass_fds=self.pass_fds)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop(signal.SIGKILL)
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self.process.pid

    def _read(self):
        sink = open(self.log_path, "a", encoding="utf-8") if self.log_path else None
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
            if sink:
                sink.write(line)
                sink.flush()
        if sink:
            sink.close()

    def wait_ready(self):
        """Returns when it serves; a daemon that ended instead fails the test with its log."""

    def _wait_listening(self, address, family):
        def listening():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.command[0]} ended with {self.process.returncode}:\n{self.log}")
            return can_connect(address, family)
        wait.until(listening, f"{self.command[0]} to listen on {address}")

    @property
    def log(self):
        with self.changed:
            return "\n".join(self.lines)

    def wait_log(self, text, count=1, deadline_s=wait.DEADLINE_S):
        """Waits until `count` log lines hold `text`; returns them."""
        def enough():
            return sum(text in line for line in self.lines) >= count
        with self.changed:
            if not self.changed.wait_for(enough, deadline_s):
                raise AssertionError(f"no {count} x {text!r} in the log of {self.command[0]}:\n" + "\n".join(self.lines))
            return [line for line in self.lines if text in line]

    def stop(self, signal_number=signal.SIGTERM):
        """Ends it and what it started (its own session); returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            status = self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.reader.join(timeout=10)
        self.process.stderr.close()
        return status


class Server(Daemon):
    """A distccd, stock or ours, on a loopback TCP port (and a unix path for ours)."""

    def __init__(self, program, tmp, jobs=4, port=None, unix=None, extra=(), log_path=None, env=None, prefix=()):
        self.tmp = pathlib.Path(tmp)
        self.tmp.mkdir(parents=True, exist_ok=True)
        os.chmod(self.tmp, 0o777)
        self.port = port or free_port()
        self.unix = unix
        command = [program, "--daemon", "--no-detach", "--log-stderr", "--log-level", "info", "--jobs", jobs,
                   "--user", "distccd"]
        if unix:
            command += ["--listen", f"unix:{unix}"]
        else:
            command += ["--listen", "127.0.0.1", "--port", self.port, "--allow", "127.0.0.1"]
        env = {**clean_env(), "TMPDIR": str(self.tmp), **(env or {})}
        super().__init__([*prefix, *command, *extra], env=env, log_path=log_path)

    def wait_ready(self):
        if self.unix:
            self._wait_listening(str(self.unix), socket.AF_UNIX)
        else:
            self._wait_listening(("127.0.0.1", self.port), socket.AF_INET)

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def jobs(self, kind=None):
        """The finished jobs as dicts (client, kind, exit, ret, rest), in the log's order; kind
        "COMPILE_OK" and so on. Connections that only probed are not among them."""
        with self.changed:
            found = [match.groupdict() for match in map(JOB_LINE.search, self.lines) if match]
        return [job for job in found if kind is None or job["kind"] == kind]

    def count(self, kind="COMPILE_OK"):
        return len(self.jobs(kind))

    def wait_count(self, count, kind="COMPILE_OK"):
        """A client may see its answer before the server has written the line about it."""
        wait.until(lambda: self.count(kind) >= count, f"{count} jobs of class {kind} at {self.command[0]}:\n{self.log}")
        assert self.count(kind) == count


def stock_server(tmp, **options):
    return Server(STOCK_SERVER, tmp, **options)


def our_server(tmp, **options):
    return Server(SERVER, tmp, **options)


class Gateway(Daemon):
    """A distcc-gateway of its own, with a host file and a socket in a directory of its own."""

    def __init__(self, tmp, hosts, pass_fds=None, extra=(), program=None, log_path=None, env=None, prefix=()):
        self.tmp = pathlib.Path(tmp)
        self.tmp.mkdir(parents=True, exist_ok=True)
        os.chmod(self.tmp, 0o755)
        self.hosts_file = self.tmp / "gateway.hosts"
        self.hosts_file.write_text(hosts if isinstance(hosts, str) else "\n".join(hosts) + "\n")
        self.dir = self.tmp / "gw"
        self.path = self.dir / "socket"
        self.program = program or GATEWAY
        command = [*prefix, self.program, "--listen", f"unix:{self.path}", "--hosts", self.hosts_file, "--log-stderr",
                   "--log-level", "info", "--user", "distccd", "--force"]
        if pass_fds:
            command.append(f"--pass-fds={pass_fds}")
        super().__init__(command + list(extra), env={**clean_env(), **(env or {})}, log_path=log_path)

    def wait_connectable(self):
        """Clients may connect from here on, and wait until it has read its host list."""
        self._wait_listening(str(self.path), socket.AF_UNIX)

    def wait_ready(self):
        self.wait_connectable()
        self.status()

    def successor(self, extra=()):
        """One that takes this one's place with --replace; ready when this one has retired."""
        return Successor(self, extra)

    @property
    def host(self):
        return f"unix:{self.path}"

    def status(self):
        """--status=json as a dict."""
        done = subprocess.run([str(self.program), f"--listen=unix:{self.path}", "--status=json"],
                              capture_output=True, text=True, timeout=20, check=True)
        return json.loads(done.stdout)


class Successor(Gateway):
    """A gateway that replaces another one."""

    def __init__(self, old, extra=()):  # pylint: disable=super-init-not-called
        self.tmp, self.hosts_file, self.dir, self.path, self.program = old.tmp, old.hosts_file, old.dir, old.path, old.program
        command = old.command if "--replace" in old.command else old.command + ["--replace"]
        Daemon.__init__(self, command + [str(word) for word in extra], env=old.env)
        self.old = old

    def wait_ready(self):
        self.wait_log("servers from")
        self.old.wait_log("another gateway takes over")


class Sshd:
    """A real sshd on a loopback port for root, with keys of its own."""

    def __init__(self, tmp):
        self.tmp = pathlib.Path(tmp)
        self.port = free_port()

    def __enter__(self):
        self.tmp.mkdir(parents=True, exist_ok=True)
        os.chmod(self.tmp, 0o700)
        for name in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.tmp / name)], check=True)
        shutil.copy(self.tmp / "user_key.pub", self.tmp / "authorized_keys")
        os.makedirs("/run/sshd", exist_ok=True)
        (self.tmp / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.tmp}/host_key\n"
            f"AuthorizedKeysFile {self.tmp}/authorized_keys\nStrictModes no\nUsePAM no\n"
            "PermitRootLogin prohibit-password\nPasswordAuthentication no\nPidFile none\nLogLevel ERROR\n")
        (self.tmp / "ssh").write_text(
            f"#!/bin/sh\nexec ssh -q -F none -p {self.port} -i {self.tmp}/user_key -o StrictHostKeyChecking=no "
            f"-o UserKnownHostsFile=/dev/null -o BatchMode=yes \"$@\"\n")
        (self.tmp / "ssh").chmod(0o755)
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(self.tmp / "sshd_config")],
                                        stdin=subprocess.DEVNULL, stderr=open(self.tmp / "sshd.log", "w"))
        wait.until(lambda: can_connect(("127.0.0.1", self.port), socket.AF_INET), "sshd to listen")
        return self

    @property
    def command(self):
        """What DISTCC_SSH is set to."""
        return str(self.tmp / "ssh")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)


def clean_env(**more):
    """The environment for every program of a test: nothing of the caller's distcc settings."""
    keep = ("PATH", "LANG", "DISTCC_TEST_ID", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    env.update({name: str(value) for name, value in more.items() if value is not None})
    return env
