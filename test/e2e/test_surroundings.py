# SPDX-License-Identifier: GPL-2.0-or-later
"""Odd surroundings: no home, no user, no disk space, no descriptors, odd masks, signals. The result is
right or the error clear, and nothing is left behind."""

import os
import signal
import socket
import subprocess

import pytest

from lib import compare, peers, sandbox, wait

COMMAND = ["gcc", "-O2", "-c", "hello.c", "-o", "hello.o"]


@pytest.fixture
def read_only(base):
    directory = base / "read-only"
    directory.mkdir()
    directory.chmod(0o555)
    return directory


# What P15 of users' reports names: HOME and DISTCC_DIR that are of no use. A dict value of None: unset.
HOMES = {
    "HOME unset": {"HOME": None, "DISTCC_DIR": None},
    "HOME that is not there": {"HOME": "/nonexistent", "DISTCC_DIR": None},
    "HOME that is a device": {"HOME": "/dev/null", "DISTCC_DIR": None},
    "HOME that is read-only": {"HOME": "READ_ONLY", "DISTCC_DIR": None},
    "DISTCC_DIR that is not there": {"DISTCC_DIR": "/nonexistent/a/b"},
    "DISTCC_DIR to be made": {"DISTCC_DIR": "BASE/a/b/c"},
    "DISTCC_DIR that cannot be written": {"DISTCC_DIR": "READ_ONLY"},
    "TMPDIR that is not there": {"TMPDIR": "/nonexistent", "HOME": "/nonexistent", "DISTCC_DIR": None},
}


@pytest.mark.parametrize("transport", ["tcp", "gateway"])
@pytest.mark.parametrize("row", HOMES)
def test_a_useless_home_changes_nothing(workplace, client_env, stock_server, gateway, base, read_only, row, transport):
    server = stock_server()
    host = server.host if transport == "tcp" else gateway(server.host).host
    more = {name: value and value.replace("READ_ONLY", str(read_only)).replace("BASE", str(base)) for name, value in HOMES[row].items()}
    env = client_env(host, **more)
    local = workplace.run(COMMAND, peers.clean_env(**{name: value for name, value in more.items() if name == "TMPDIR"}), prefix=sandbox.AS_USER)
    before = compare.snapshot(base / "state")
    done = workplace.run([peers.CLIENT, *COMMAND], env, prefix=sandbox.AS_USER)
    compare.assert_same(local, done)
    server.wait_count(1)
    assert list(read_only.iterdir()) == []
    if transport == "gateway":
        assert compare.snapshot(base / "state") == before
        assert not (base / "a").exists() or "DISTCC_DIR" in more


def test_without_a_home_state_is_in_the_directory_of_the_session(workplace, client_env, stock_server, base):
    """Only in one that is this user's; monitors look there, too."""
    server = stock_server()
    session = base / "session"
    session.mkdir(mode=0o700)
    env = client_env(server.host, HOME="/nonexistent", DISTCC_DIR=None, XDG_RUNTIME_DIR=session)
    for owner in 0, sandbox.USER_ID:
        os.chown(session, owner, owner)
        done = workplace.run([peers.CLIENT, *COMMAND], env, prefix=sandbox.AS_USER)
        assert (done.rc, done.stderr) == (0, b"")
        shown = subprocess.run([*sandbox.AS_USER, peers.BUILD / "distccmon-text"], env=env, capture_output=True, text=True, check=False)
        assert (shown.returncode, shown.stdout, shown.stderr) == (0, "\n", "")
        assert bool(list(session.iterdir())) == (owner == sandbox.USER_ID)
    assert (session / "distcc" / "lock" / f"cpu_tcp_127.0.0.1_{server.port}_0").exists()
    assert (session / "distcc").stat().st_mode & 0o777 == 0o700
    server.wait_count(2)


def test_under_fakeroot(workplace, client_env, stock_server):
    if peers.is_sanitized():
        pytest.skip("fakeroot is preloaded, and ASan wants to be the first: the run without sanitizers does this")
    server = stock_server()
    local = workplace.run(COMMAND, peers.clean_env(), prefix=sandbox.AS_USER)
    env = client_env(server.host, DISTCC_DIR=None, HOME="/root")
    done = workplace.run([peers.CLIENT, *COMMAND], env, prefix=[*sandbox.AS_USER, "fakeroot"])
    compare.assert_same(local, done)
    server.wait_count(1)


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("transport", ["tcp", "gateway"])
def test_closed_standard_descriptors(workplace, client_env, stock_server, gateway, closed, transport):
    server = stock_server()
    host = server.host if transport == "tcp" else gateway(server.host).host
    local = workplace.run(COMMAND, peers.clean_env())
    closing = " ".join(f"{fd}>&-" for fd in closed)
    done = workplace.run(["sh", "-c", f'exec "$@" {closing}', "sh", peers.CLIENT, *COMMAND], client_env(host))
    compare.assert_same(local, done)
    server.wait_count(1)


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)], ids=str)
def test_closed_descriptors_of_a_failing_compile(workplace, client_env, stock_server, closed):
    """Nothing that was meant for a stream ends in a file that took its number."""
    server = stock_server()
    workplace.files = {"bad.c": "int f(void) { return nothing; }\n"}
    closing = " ".join(f"{fd}>&-" for fd in closed)
    done = workplace.run(["sh", "-c", f'exec "$@" {closing}', "sh", peers.CLIENT, "gcc", "-c", "bad.c"],
                         client_env(server.host, DISTCC_FALLBACK=1))
    assert done.rc == 1
    assert sorted(done.files) == ["bad.c"]


@pytest.mark.parametrize("limit", [32, 16])
def test_few_descriptors(workplace, client_env, stock_server, limit):
    server = stock_server()
    local = workplace.run(COMMAND, peers.clean_env())
    done = workplace.run(["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", peers.CLIENT, *COMMAND], client_env(server.host))
    compare.assert_same(local, done)
    server.wait_count(1)


def test_too_few_descriptors_are_a_clear_error(workplace, client_env, stock_server):
    """Five are not enough even for gcc itself."""
    server = stock_server()
    done = workplace.run(["sh", "-c", 'ulimit -n 5; exec "$@"', "sh", peers.CLIENT, *COMMAND], client_env(server.host))
    assert done.rc not in (0, -6, -11)
    assert b"Too many open files" in done.stderr
    assert "hello.o" not in done.files


def full_disk(kib):
    """A prefix that makes ./out a file system of that size in a mount namespace of its own."""
    return ["unshare", "-m", "sh", "-ec", f'mkdir out; mount -t tmpfs -o size={kib}k none out; shift 0; rc=0; "$@" || rc=$?; '
            "ls -A out >&2; exit $rc", "sh"]


@pytest.mark.parametrize("transport", ["tcp", "local"])
def test_a_full_disk_is_the_compilers_error_and_leaves_no_object(workplace, client_env, stock_server, transport):
    server = stock_server()
    workplace.files = {"big.c": "const char data[200000] = { 1 };\n"}
    command = ["gcc", "-c", "big.c", "-o", "out/big.o"]
    env = client_env(server.host if transport == "tcp" else "localhost", DISTCC_FALLBACK=1)
    local = workplace.run(command, peers.clean_env(), prefix=full_disk(64))
    assert local.rc != 0
    done = workplace.run([peers.CLIENT, *command], env, prefix=full_disk(64))
    assert done.rc == local.rc
    assert b"No space left" in done.stderr, done
    assert b"big.o" not in done.stderr.splitlines()[-1]
    roomy = workplace.run([peers.CLIENT, *command], env, prefix=full_disk(1024))
    assert (roomy.rc, roomy.stderr) == (0, b"big.o\n")


def test_an_old_object_survives_a_full_disk(workplace, client_env, stock_server):
    """A failed compile leaves no new object; what a local compile removes we may remove as well."""
    server = stock_server()
    workplace.files = {"big.c": "const char data[200000] = { 1 };\n"}
    prefix = full_disk(64)
    prefix[4] = prefix[4].replace("shift 0", "echo old >out/big.o")
    done = workplace.run([peers.CLIENT, "gcc", "-c", "big.c", "-o", "out/big.o"], client_env(server.host, DISTCC_FALLBACK=1), prefix=prefix)
    assert done.rc != 0


class Stalled:
    """A server that takes a job and never answers."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.listener.getsockname()[1]}"
        return self

    def accept(self):
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(20)
        assert wait.for_bytes(self.connection, 4) == b"DIST"

    def wait_closed(self):
        while self.connection.recv(65536):
            pass

    def __exit__(self, *_):
        self.listener.close()
        if hasattr(self, "connection"):
            self.connection.close()


SLOW = "#define A(x) x + x\n#define B(x) A(A(A(A(A(x)))))\n#define C(x) B(B(B(x)))\nint f(int x)\n{\n\treturn " + \
       " + ".join("C(x)" for _ in range(40)) + ";\n}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_a_signal_while_a_server_works_ends_the_client_and_nothing_is_left(workplace, client_env, base, number):
    with Stalled() as server:
        workplace.reset()
        client = subprocess.Popen([str(peers.CLIENT), *COMMAND], cwd=workplace.path, stderr=subprocess.PIPE,
                                  env=client_env(server.host, DISTCC_FALLBACK=1))
        server.accept()
        client.send_signal(number)
        _, stderr = client.communicate(timeout=20)
        assert client.returncode == -number
        assert b"fallback" not in stderr and b"locally" not in stderr
        server.wait_closed()
    assert sorted(path.name for path in workplace.path.iterdir()) == ["empty.c", "hello.c", "hello.h", "sub"]
    assert not list((base / "state").glob("state/*"))
    assert not [path for path in (base / "state").iterdir() if path.name.startswith(("distcc_", "cc"))]


@pytest.mark.parametrize("hosts", ["localhost", "none.invalid"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_a_signal_while_a_local_compiler_works_ends_both(workplace, client_env, base, number, hosts):
    """The compiler is a script that reports and waits, as cc1 would work."""
    tools = base / "tools"
    tools.mkdir()
    (tools / "gcc").write_text("#!/bin/sh\ncase \" $* \" in *\" -E \"*) exit 0;; esac\ntrap 'echo ended >>\"$REPORT\"; exit 1' INT TERM HUP\n"
                               "echo begun >\"$REPORT\"\nwhile :; do read -r line <\"$FIFO\"; done\n")
    (tools / "gcc").chmod(0o755)
    os.mkfifo(base / "fifo")
    report = base / "report"
    workplace.reset()
    env = client_env(hosts, DISTCC_FALLBACK=1, DISTCC_NO_REWRITE_CROSS=1, REPORT=report, FIFO=base / "fifo")
    env["PATH"] = f"{tools}:{env['PATH']}"
    client = subprocess.Popen([str(peers.CLIENT), *COMMAND], cwd=workplace.path, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env)
    wait.until(lambda: report.exists() and report.read_text(), "the compiler to begin")
    client.send_signal(number)
    _, stderr = client.communicate(timeout=20)
    assert client.returncode == -number
    assert report.read_text() == "begun\nended\n", stderr
    assert not (workplace.path / "hello.o").exists()
    assert not list((base / "state").glob("state/*"))


def test_nohup_is_respected(workplace, client_env):
    """A client that was started with SIGHUP ignored goes on after one."""
    with Stalled() as server:
        workplace.reset()
        client = subprocess.Popen(["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", str(peers.CLIENT), *COMMAND], cwd=workplace.path,
                                  stderr=subprocess.DEVNULL, env=client_env(server.host, DISTCC_FALLBACK=1))
        server.accept()
        client.send_signal(signal.SIGHUP)
        server.connection.close()
        assert client.wait(timeout=20) == 0
    assert (workplace.path / "hello.o").exists()


@pytest.mark.parametrize("umask", [0, 0o777], ids=oct)
def test_extreme_masks_of_the_file_mode(workplace, client_env, stock_server, base, umask):
    """State directories made under them do not keep later jobs from the farm."""
    server = stock_server()
    env = client_env(server.host, DISTCC_DIR=base / "fresh")
    (base / "fresh").mkdir(mode=0o777)
    (base / "fresh").chmod(0o777)
    for i in range(2):
        workplace.reset()
        done = subprocess.run([*sandbox.AS_USER, str(peers.CLIENT), *COMMAND], cwd=workplace.path, env=env, umask=umask,
                              capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), i
        assert (workplace.path / "hello.o").stat().st_mode & 0o777 == 0o666 & ~umask
    server.wait_count(2)
