# SPDX-License-Identifier: GPL-2.0-or-later
"""What may happen to an include server, and to `pump`, during a build: every object is right, nobody waits longer than
the limit, and nothing is left behind."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from lib import compare, peers, pumpask, wait
from lib.pump import PUMP, IncludeServer

FILES = {"a.c": "#include <stdio.h>\n#include \"a.h\"\nint a(void) { return printf(\"%s %d\", __FILE__, A); }\n", "a.h": "#define A 1\n"}
COMMAND = ["gcc", "-O1", "-c", "a.c", "-o", "a.o"]
LIMIT_S = 10        # of the client, for one answer


@pytest.fixture
def place(base):
    return compare.Workplace(base / "src", FILES)


def pump_env(client_env, socket_path, hosts, log, **more):
    return client_env(hosts, INCLUDE_SERVER_PORT=socket_path, DISTCC_LOG=log, DISTCC_VERBOSE="1", DISTCC_FALLBACK="1", **more)


def reasons(log):
    return re.findall(r"mode=plain reason=([\w-]+)", log.read_text())


@pytest.fixture
def area():
    with tempfile.TemporaryDirectory(prefix="distcc-area-", dir="/tmp") as path:
        yield pathlib.Path(path)


def test_servers_that_hang_cost_the_limit_and_no_more(base, client_env, stock_server):
    """One is stopped; another's socket was replaced by one that listens and says nothing, a third by one that says half."""
    server = stock_server(jobs=8)
    local = compare.Workplace(base / "local", FILES).run(COMMAND, client_env(""))
    with IncludeServer(base / "stopped") as stopped, IncludeServer(base / "replaced") as replaced, socket.socket(socket.AF_UNIX) as silent:
        stopped.kill(signal.SIGSTOP)
        replaced.socket.unlink()
        silent.bind(str(replaced.socket))
        silent.listen(64)
        wait.until(replaced.is_gone, "the one that has lost its name to end")
        start, running = time.monotonic(), []
        for number in range(8):
            path = base / f"w{number}"
            compare.Workplace(path, FILES).reset()
            env = pump_env(client_env, (stopped if number % 2 else replaced).socket, f"{server.host}/8,cpp,lzo", base / f"log{number}")
            running.append(subprocess.Popen([peers.CLIENT, *COMMAND], cwd=path, env=env, stderr=subprocess.PIPE))
        half, _ = silent.accept()
        half.sendall(b"ARGC0000")
        assert [process.wait(timeout=120) for process in running] == [0] * 8
        for process in running:
            process.stderr.close()
        elapsed = time.monotonic() - start
        half.close()
    for number in range(8):
        assert (base / f"w{number}" / "a.o").read_bytes() == local.files["a.o"]
        assert reasons(base / f"log{number}") == ["include-server-silent"]
    assert elapsed >= LIMIT_S - 1, "the limit has changed: this test does not see what it is for"
    server.wait_count(8)


def keeps_its_copies(includes, place):
    """Asked twice, does it leave them as they are? Not of files that are too young to be remembered."""
    before, after = ([os.stat(name).st_ino for name in pumpask.names(includes.socket, place.path, COMMAND)] for _ in range(2))
    return before == after


def test_copies_that_were_removed_make_it_plain(base, client_env, stock_server, place, area):
    server = stock_server()
    local = place.run(COMMAND, client_env(""))
    with IncludeServer(base / "pump", area=area) as includes:
        env = pump_env(client_env, includes.socket, f"{server.host},cpp,lzo", base / "log")
        compare.assert_same(local, place.run([peers.CLIENT, *COMMAND], env))
        assert reasons(base / "log") == []
        wait.until(lambda: keeps_its_copies(includes, place), "copies that are believed to be there")
        for path in area.iterdir():
            shutil.rmtree(path)
        # the same files as before: their copies are believed to be there
        subprocess.run([peers.CLIENT, *COMMAND], cwd=place.path, env=env, check=True, capture_output=True)
        assert (place.path / "a.o").read_bytes() == local.files["a.o"]
        assert reasons(base / "log") == ["include-server-copies"]
    server.wait_count(2)


def test_a_full_disk_for_its_copies_ends_with_the_need(base, client_env, stock_server, place):
    """The file system for copies is of 200 KB, and full; then it is not."""
    server = stock_server()
    local = place.run(COMMAND, client_env(""))
    area = base / "area"
    area.mkdir()
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="distcc-full-") as short:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", short], check=True)
        try:
            with IncludeServer(base / "pump", area=short) as includes:
                env = pump_env(client_env, includes.socket, f"{server.host},cpp,lzo", base / "log")
                filler = pathlib.Path(short) / "filler"
                with open(filler, "wb", buffering=0) as file:
                    try:
                        while file.write(bytes(4096)):
                            pass
                    except OSError:
                        pass
                full = place.run([peers.CLIENT, *COMMAND], env)
                assert full.files["a.o"] == local.files["a.o"] and full.rc == 0
                assert reasons(base / "log") == ["include-server-gave-up"]
                assert "cannot" in includes.log
                filler.unlink()
                compare.assert_same(local, place.run([peers.CLIENT, *COMMAND], env))
                assert len(reasons(base / "log")) == 1
        finally:
            subprocess.run(["umount", short], check=True)
    server.wait_count(2)


def test_half_of_an_answer_is_none(base, client_env, stock_server, place):
    """A peer that dies while it answers."""
    server = stock_server()
    local = place.run(COMMAND, client_env(""))
    for number, answer in enumerate((b"", b"ARGC00000002ARGV00000005/a/b/", b"ARGC00000001ARGVffffffff", b"HTTP/1.1 200 OK\r\n", b"ARGCffffffff")):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(base / f"s{number}"))
            listener.listen()
            place.reset()
            process = subprocess.Popen([peers.CLIENT, *COMMAND], cwd=place.path, stderr=subprocess.PIPE,
                                       env=pump_env(client_env, base / f"s{number}", f"{server.host},cpp,lzo", base / f"log{number}"))
            with listener.accept()[0] as conn:
                conn.recv(65536)
                conn.sendall(answer)
            assert process.wait(timeout=60) == 0
            process.stderr.close()
            assert (place.path / "a.o").read_bytes() == local.files["a.o"]
            assert reasons(base / f"log{number}") == ["include-server-silent"]


@pytest.fixture
def tools(base):
    """A PATH without ps, and without what pump does not promise to need."""
    path = base / "tools"
    path.mkdir()
    for name in ("sh", "cat", "sed", "grep", "mktemp", "mkfifo", "rm", "dirname", "readlink", "sleep", "wc", "test"):
        (path / name).symlink_to(shutil.which(name, path="/usr/bin:/bin"))
    # an interpreter that needs nothing either, whatever the tree was configured with
    (path / "pump").write_text(re.sub("^python=.*", f"python='{sys.executable}'", PUMP.read_text(), flags=re.M))
    (path / "pump").chmod(0o755)
    for name in ("include_server.py", "distcc_pump_c_extensions.abi3.so"):
        (path / name).symlink_to(PUMP.parent / name)
    return path


SHELLS = [["/bin/dash"], ["/bin/busybox", "ash"]]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_without_ps_and_below_a_first_process_that_buries_nobody(shell, base, tools, area, client_env):
    """In a PID namespace of its own, whose first process waits for its own children only."""
    temporary = base / "tmp"
    temporary.mkdir()
    env = client_env("127.0.0.1:1,cpp,lzo", TMPDIR=temporary, DISTCC_LOCATION=peers.BUILD, DISTCC_CLIENT_TMP=area, PATH=tools)
    pump = tools / "pump"
    init = (f"import subprocess, time\nshell = {shell!r}\n"
            f"script = 'eval \"$(' + ' '.join(shell) + ' {pump} --startup)\"; test -S \"$INCLUDE_SERVER_PORT\" || exit 9; ' + ' '.join(shell) + ' {pump} --shutdown'\n"
            "start = time.monotonic()\n"
            "code = subprocess.call([*shell, '-c', script])\n"
            f"code = code or subprocess.call([*shell, '{pump}', 'sh', '-c', 'test -S $INCLUDE_SERVER_PORT'])\n"
            "print(code, time.monotonic() - start)\n")
    done = subprocess.run(["/usr/bin/unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", init], env=env, capture_output=True, text=True,
                          timeout=120, check=True)
    code, elapsed = done.stdout.split()[-2:]
    assert code == "0", done
    # a hundred tries of a twentieth of a second would be the end of its patience with each of the two
    assert float(elapsed) < 60
    assert "kill" not in done.stderr and not list(temporary.iterdir()) and not list(area.iterdir())


@pytest.mark.parametrize("how", ["the sandbox ends", "kill -9 of all"])
def test_what_a_killed_build_leaves_goes_with_the_next_start(how, base, area, client_env):
    """With its PID namespace the include server is killed too, so that nobody can tidy up; the next one does."""
    temporary = base / "tmp"
    temporary.mkdir()
    (base / "t.c").write_text("")
    env = client_env("127.0.0.1:1,cpp,lzo", TMPDIR=temporary, DISTCC_LOCATION=peers.BUILD, DISTCC_CLIENT_TMP=area)
    script = f"cd {base} && {peers.CLIENT} --scan-includes gcc -c t.c && echo ready && exec cat"
    prefix = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"] if how == "the sandbox ends" else ["setsid", "--wait"]
    with subprocess.Popen([*prefix, PUMP, "sh", "-c", script], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        while process.stdout.readline() != "ready\n":
            pass
        inside = processes_with(str(temporary))
        assert inside and list(area.iterdir())
        if how != "the sandbox ends":
            for pid in inside:
                os.kill(pid, signal.SIGKILL)
        process.kill()
        process.stdin.close()
    wait.until(lambda: not processes_with(str(temporary)), "no process to be left", deadline_s=20)
    (base / "new").mkdir()
    with IncludeServer(base / "new" / "pump", area=area, environment={"TMPDIR": temporary}):
        assert not list(temporary.iterdir()) and not list(area.iterdir())


def processes_with(text):
    """Those whose command line or environment holds it, without the dead and this one."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes() + (path / "environ").read_bytes()
            state = (path / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if text.encode() in words and state not in "ZX" and int(path.name) != os.getpid():
            found.append(int(path.name))
    return found


def test_a_silent_client_holds_nobody_up(base):
    """As many as there are threads, and more, with half a request each; the others are served."""
    (base / "t.c").write_text("")
    with IncludeServer(base / "pump", "--threads", "2") as includes:
        good = pumpask.request(base, ["gcc", "-c", "t.c"])
        held = []
        for number in range(50):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(str(includes.socket))
            sock.sendall(good[:number])
            held.append(sock)
        assert b"/t.c.lzo" in pumpask.talk(includes.socket, good)
        for number, sock in enumerate(held):
            sock.sendall(good[number:])
            assert sock.recv(100).startswith(b"ARGC0")
            sock.close()
