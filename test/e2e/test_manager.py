# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway and a server under a service manager: inherited sockets and readiness, with a manager of a
few lines."""

import contextlib
import os
import signal
import socket
import subprocess
import sys

import pytest

from lib import peers, wait

COMPILE = [peers.CLIENT, "gcc", "-c", "hello.c", "-o", "hello.o"]

# Becomes the gateway with the descriptors 3... and the variables as a manager sets them.
ACTIVATE = """
import os, sys
pid = sys.argv[1] or str(os.getpid())
os.environ.update(LISTEN_PID=pid, LISTEN_FDS=sys.argv[2], LISTEN_FDNAMES="gateway")
os.execv(sys.argv[3], sys.argv[3:])
"""


class Manager:
    """Receives notifications at a path or an abstract name."""

    def __init__(self, address):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        self.sock.settimeout(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def hear(self):
        return dict(line.split("=", 1) for line in self.sock.recv(4096).decode().splitlines())


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_a_manager_hears_of_readiness_reload_and_end(gateway, base, kind):
    address = str(base / "notify") if kind == "path" else f"@distcc-test-{os.getpid()}"
    with Manager(address) as manager:
        gate = gateway(["127.0.0.1:1/4"], env={"NOTIFY_SOCKET": address})
        heard = manager.hear()
        assert heard["READY"] == "1" and heard["MAINPID"] == str(gate.pid) and heard["STATUS"] == "serving with 1 servers"
        gate.process.send_signal(signal.SIGHUP)
        heard = manager.hear()
        assert heard["RELOADING"] == "1" and int(heard["MONOTONIC_USEC"]) > 0
        assert manager.hear()["READY"] == "1"
        assert gate.stop() == 0
        assert manager.hear()["STOPPING"] == "1"


def test_the_process_that_detached_is_the_one_announced(base):
    (base / "hosts").write_text("127.0.0.1:1/4\n")
    address = str(base / "notify")
    with Manager(address) as manager:
        subprocess.run([str(peers.GATEWAY), f"--listen=unix:{base}/gw/socket", f"--hosts={base}/hosts", "--user=distccd", "--force",
                        "--daemon", f"--pid-file={base}/pid"], check=True, timeout=20, env=peers.clean_env(NOTIFY_SOCKET=address))
        heard = manager.hear()
        pid = int((base / "pid").read_text())
        try:
            assert heard["READY"] == "1" and heard["MAINPID"] == str(pid)
        finally:
            os.kill(pid, signal.SIGTERM)
        assert manager.hear()["STOPPING"] == "1"
        wait.until(lambda: not wait.pid_exists(pid), "the gateway to end")


def test_a_manager_that_is_gone_is_a_warning(gateway, base):
    gate = gateway(["127.0.0.1:1/4"], env={"NOTIFY_SOCKET": str(base / "nobody")})
    gate.wait_log("cannot tell the service manager")
    assert gate.status()["servers"]


class ActivatedGateway(peers.Daemon):
    """A gateway on a socket that this test made and goes on holding."""

    def __init__(self, base, host, pid="", n_fds="1", make=None):
        (base / "hosts").write_text(host + "\n")
        self.path = base / "run" / "activated"
        self.path.parent.mkdir(exist_ok=True)
        self.listener = make() if make else socket.socket(socket.AF_UNIX)
        if not make:
            self.listener.bind(str(self.path))
            self.listener.listen(64)
            os.chmod(self.path, 0o666)
        super().__init__([sys.executable, "-c", ACTIVATE, pid, n_fds, peers.GATEWAY, f"--listen=unix:{base}/other/socket",
                          f"--hosts={base}/hosts", "--user=distccd", "--force", "--log-stderr", "--log-level=info"],
                         env=peers.clean_env())

    def start(self):
        """Like entering it, but with the socket as descriptor 3."""
        read, write = os.pipe()
        self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL, stderr=write, start_new_session=True,
                                        preexec_fn=lambda: (os.dup2(self.listener.fileno(), 3), None)[1], close_fds=False)
        os.close(write)
        self.stderr = os.fdopen(read, encoding="utf-8", errors="replace")
        return self

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(timeout=20)
        with self.stderr:
            said = self.stderr.read()
        self.listener.close()
        return status, said


def test_a_socket_of_the_manager_serves_and_stays(base, stock_server, workplace, client_env):
    server = stock_server()
    gate = ActivatedGateway(base, server.host)
    # a client may come before the gateway does
    (base / "first.c").write_text("int first;\n")
    first = subprocess.Popen([str(peers.CLIENT), "gcc", "-c", "first.c", "-o", "first.o"],
                             env=client_env(f"unix:{gate.path}"), cwd=base)
    gate.start()
    try:
        assert wait.for_exit(first) == 0
        assert workplace.run(COMPILE, client_env(f"unix:{gate.path}")).rc == 0
        server.wait_count(2)
    finally:
        status, said = gate.end()
    assert status == 0, said
    assert gate.path.exists(), "the manager's socket file was removed"
    assert not (base / "other" / "socket").exists()


def test_a_socket_for_somebody_else_is_not_taken(base):
    gate = ActivatedGateway(base, "127.0.0.1:1", pid="1").start()
    try:
        wait.until(lambda: peers.can_connect(f"{base}/other/socket", socket.AF_UNIX), "its own socket")
    finally:
        assert gate.end()[0] == 0


def make_tcp():
    return socket.create_server(("127.0.0.1", 0))


def make_datagram():
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)


def make_idle():
    return socket.socket(socket.AF_UNIX)


@pytest.mark.parametrize("make", [make_tcp, make_datagram, make_idle])
def test_a_socket_of_the_wrong_kind_is_refused(base, make):
    gate = ActivatedGateway(base, "127.0.0.1:1", make=make).start()
    with contextlib.suppress(subprocess.TimeoutExpired):
        gate.process.wait(timeout=20)
    status, said = gate.end()
    assert status == 102 and "descriptor 3 of LISTEN_FDS" in said


# Moves the descriptors of its first words to 3... and becomes the rest.
HAND_OVER = """
import fcntl, os, sys
end = sys.argv.index("--")
for fd, kept in enumerate([fcntl.fcntl(int(word), fcntl.F_DUPFD, 30) for word in sys.argv[1:end]], 3):
    os.dup2(kept, fd)
    os.close(kept)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(end - 1))
os.execv(sys.argv[end + 1], sys.argv[end + 1:])
"""


class ActivatedServer(peers.Server):
    """Our distccd on sockets that the test made."""

    def __init__(self, tmp, sockets):
        super().__init__(peers.SERVER, tmp, unix=tmp / "ours", extra=("--allow", "127.0.0.1"))
        self.pass_fds = [sock.fileno() for sock in sockets]
        self.command = [sys.executable, "-c", HAND_OVER, *map(str, self.pass_fds), "--", *self.command]

    def wait_ready(self):
        self.wait_log("preforking daemon started")


def test_a_server_takes_the_managers_sockets_of_any_kind(base, workplace, client_env):
    base.chmod(0o777)
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(base / "socket"))
        unix.listen()
        hosts = [f"127.0.0.1:{tcp.getsockname()[1]}", f"unix:{base}/socket,raw"]
        with ActivatedServer(base, [tcp, unix]) as server:
            for host in hosts:
                assert workplace.run(COMPILE, client_env(host)).rc == 0
            server.wait_count(2)
        assert (base / "socket").exists(), "the manager's socket file was removed"
    assert not (base / "ours").exists(), "what --listen says was made, too"


def test_a_server_refuses_a_socket_that_does_not_listen(base):
    with make_idle() as idle:
        server = ActivatedServer(base, [idle])
        done = subprocess.run(server.command, env=server.env, pass_fds=server.pass_fds, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 102 and "descriptor 3 of LISTEN_FDS" in done.stderr
