# SPDX-License-Identifier: GPL-2.0-or-later
"""What is asked of the compiler here: what -march=native stands for, and which machine objects are
for. A server whose compiler makes others, or that has no such compiler, is not asked for it again."""

import os
import pty
import re
import socket
import subprocess
import threading

import pytest

from lib import compare, peers


class WrongServer:
    """Speaks protocol 1 well enough, and answers every job with the same object."""

    def __init__(self, answer):
        self.answer = answer
        self.n_jobs = 0

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(timeout=10)

    @property
    def host(self):
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def _serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with sock, sock.makefile("rwb") as stream:
                self._answer(stream)

    def _answer(self, stream):
        while True:
            head = stream.read(12)
            if len(head) < 12:
                return
            name, value = head[:4], int(head[4:], 16)
            if name in (b"ARGV", b"DOTI"):
                stream.read(value)
            if name == b"DOTI":
                break
        self.n_jobs += 1
        stream.write(b"DONE00000001STAT00000000SERR00000000SOUT00000000DOTO%08x" % len(self.answer) + self.answer)
        stream.flush()


@pytest.fixture
def foreign_object(tmp_path):
    source = tmp_path / "foreign.c"
    source.write_text("int f(void) { return 1; }\n")
    subprocess.run(["clang", "--target=aarch64-linux-gnu", "-c", source, "-o", tmp_path / "foreign.o"], check=True)
    return (tmp_path / "foreign.o").read_bytes()


@pytest.fixture
def wrong_server(stack, foreign_object):
    return stack.enter_context(WrongServer(foreign_object))


def test_an_object_for_another_machine_is_refused_and_the_job_done_elsewhere(wrong_server, stock_server, workplace, client_env):
    server = stock_server()
    hosts = f"{wrong_server.host} {server.host}"
    command = ["gcc", "-O2", "-c", "hello.c"]
    local = workplace.run(command, peers.clean_env())
    for n_jobs in 1, 2:
        compare.assert_same(local, workplace.run([peers.CLIENT, *command], client_env(hosts)))
        server.wait_count(n_jobs)
        assert wrong_server.n_jobs == 1, "it was asked again"


def test_only_that_compiler_of_the_host_is_avoided(wrong_server, stock_server, workplace, client_env):
    hosts = f"{wrong_server.host} {stock_server().host}"
    for compiler in "gcc", "clang":
        assert workplace.run([peers.CLIENT, compiler, "-c", "hello.c"], client_env(hosts)).rc == 0
    assert wrong_server.n_jobs == 2


def test_without_another_server_it_is_done_here(wrong_server, workplace, client_env, tmp_path):
    log = tmp_path / "log"
    local = workplace.run(["gcc", "-c", "hello.c"], peers.clean_env())
    env = client_env(wrong_server.host, DISTCC_FALLBACK="1", DISTCC_LOG=log)
    compare.assert_same(local, workplace.run([peers.CLIENT, "gcc", "-c", "hello.c"], env))
    assert "reason=toolchain" in log.read_text()
    refused = workplace.run([peers.CLIENT, "gcc", "-c", "hello.c"], client_env(wrong_server.host, DISTCC_BACKOFF_PERIOD="0"))
    assert refused.rc == 109
    assert b"ELF machine 183 with 64 bits, not 62 with 64" in refused.stderr


def test_the_same_object_is_right_for_a_cross_compile(stack, foreign_object, workplace, client_env):
    workplace.files = {"foreign.c": "int f(void) { return 1; }\n"}
    server = stack.enter_context(WrongServer(foreign_object))
    done = workplace.run([peers.CLIENT, "clang", "--target=aarch64-linux-gnu", "-c", "foreign.c"], client_env(server.host))
    assert (done.rc, done.stderr, done.files["foreign.o"]) == (0, b"", foreign_object)


def test_no_object_at_all_is_refused(stack, workplace, client_env):
    server = stack.enter_context(WrongServer(b"this is no object, but long enough"))
    done = workplace.run([peers.CLIENT, "gcc", "-c", "hello.c"], client_env(server.host))
    assert done.rc == 109 and "hello.o" not in done.files


# ------------------------------------------------------------- a compiler that a server has not

@pytest.fixture
def odd(base):
    """A directory with a compiler that is in no other."""
    directory = base / "bin"
    directory.mkdir()
    (directory / "gcc-odd").symlink_to("/usr/bin/gcc")
    return directory


def lacking(kind, stack, base, stock_server, our_server):
    """A server without "gcc-odd", or with an answer that it may not run it."""
    if kind == "stock, not installed":
        (base / "nothing").mkdir()
        server = peers.Server(peers.STOCK_SERVER, base / "lacking", extra=["--enable-tcp-insecure"])
        server.env["DISTCCD_PATH"] = str(base / "nothing")
        return stack.enter_context(server)
    return stock_server() if kind == "stock, not allowed" else our_server()


@pytest.mark.parametrize("kind", ["stock, not installed", "stock, not allowed", "ours, not allowed"])
def test_a_missing_compiler_is_remembered_and_costs_the_host_nothing(kind, odd, stack, base, stock_server, our_server, workplace, client_env):
    """In both ways in which servers of 3.4 say it, and in ours."""
    without = lacking(kind, stack, base, stock_server, our_server)
    having = peers.stock_server(base / "having", extra=["--enable-tcp-insecure"])
    having.env["DISTCCD_PATH"] = f"{odd}:/usr/bin:/bin"
    stack.enter_context(having)
    env = client_env(f"{without.host} {having.host}", PATH=f"{odd}:/usr/bin:/bin", DISTCC_LOG=base / "log")
    command = ["gcc-odd", "-O2", "-c", "hello.c"]
    local = workplace.run(command, env)
    for n_jobs in 1, 2:
        compare.assert_same(local, workplace.run([peers.CLIENT, *command], env))
        having.wait_count(n_jobs)
    assert (base / "log").read_text().count(f"exec on {without.host}: ") == 1, "it was asked again"
    assert not [path for path in (base / "state").glob("lock/backoff_*") if path.name.endswith("_0")]
    if kind != "stock, not installed":
        # other compilers still go to the first of the list
        assert workplace.run([peers.CLIENT, "gcc", "-c", "hello.c"], env).rc == 0
        without.wait_count(1)
        assert having.count() == 2


@pytest.mark.parametrize("kind", ["stock, not installed", "stock, not allowed", "ours, not allowed"])
def test_a_compiler_that_no_server_has_is_named(kind, odd, stack, base, stock_server, our_server, workplace, client_env):
    server = lacking(kind, stack, base, stock_server, our_server)
    env = client_env(server.host, PATH=f"{odd}:/usr/bin:/bin", DISTCC_LOG=base / "log")
    command = [peers.CLIENT, "gcc-odd", "-c", "hello.c"]
    status = 116 if kind == "stock, not allowed" else 110
    assert workplace.run(command, env).rc == status
    refused = workplace.run(command, env)
    assert refused.rc == status
    last = [line for line in (base / "log").read_text().splitlines() if " ERROR: " in line][-1]
    assert "fallbacks are disabled" in last and f"{server.host}: it " in last and "gcc-odd" in last and "DISTCC_BACKOFF_PERIOD=0" in last
    explained = subprocess.run([peers.CLIENT, "--explain", *command[1:]], cwd=workplace.path, env=env, capture_output=True, text=True, check=False)
    assert explained.returncode == 1 and f"host {server.host}: it " in explained.stdout and "verdict: local" in explained.stdout
    done = workplace.run(command, {**env, "DISTCC_FALLBACK": "1"})
    assert (done.rc, done.stderr) == (0, b"") and "hello.o" in done.files
    assert ("reason=no-hosts" if status == 116 else "reason=no-compiler") in (base / "log").read_text()
    assert (base / "log").read_text().count(f"exec on {server.host}: ") == 1


@pytest.fixture
def counted_gcc(tmp_path):
    """A gcc on PATH that writes down how it was called."""
    directory = tmp_path / "bin"
    directory.mkdir()
    program = directory / "gcc"
    program.write_text(f"#!/bin/sh\necho \"$*\" >> {tmp_path}/calls\nexec /usr/bin/gcc \"$@\"\n")
    program.chmod(0o755)
    return program


def _questions(counted_gcc):
    return (counted_gcc.parent.parent / "calls").read_text().count("-###")


@pytest.mark.parametrize("more", [{}, {"HOME": None, "DISTCC_DIR": None}], ids=["state directory", "no home"])
def test_the_compiler_is_asked_once_what_native_is(stock_server, workplace, client_env, counted_gcc, more):
    server = stock_server()
    env = client_env(server.host, DISTCC_NO_REWRITE_CROSS="1", PATH=f"{counted_gcc.parent}:{os.environ['PATH']}", **more)
    command = ["gcc", "-march=native", "-O2", "-c", "hello.c"]
    local = workplace.run(command, peers.clean_env())
    for _ in range(2):
        compare.assert_same(local, workplace.run([peers.CLIENT, *command], env))
    server.wait_count(2)
    assert _questions(counted_gcc) == 1
    os.utime(counted_gcc, (1, 1))
    compare.assert_same(local, workplace.run([peers.CLIENT, *command], env))
    assert _questions(counted_gcc) == 2


def test_a_compiler_of_unknown_kind_with_native_runs_here(stock_server, workplace, client_env, counted_gcc):
    unknown = counted_gcc.rename(counted_gcc.with_name("vendor-compiler"))
    server = stock_server()
    assert workplace.run([peers.CLIENT, unknown, "-march=native", "-c", "hello.c"], client_env(server.host)).rc == 0
    assert server.count() == 0


MESSY = {"messy.c": "int f(void)\n{\n\tint unused;\n\treturn 0;\n}\n", "hello.c": "int g;\n"}


def test_exact_runs_here_what_would_differ_and_nothing_else(stock_server, workplace, client_env):
    server = stock_server()
    workplace.files = MESSY
    env = client_env(server.host, DISTCC_EXACT="1")
    for command in (["gcc", "-Wall", "-c", "messy.c"], ["gcc", "-g", "-c", "hello.c"], ["gcc", "-O2", "-c", "hello.c"],
                    ["clang", "-Wall", "-c", "messy.c"]):
        compare.assert_same(workplace.run(command, peers.clean_env()), workplace.run([peers.CLIENT, *command], env))
    # gcc's messages are seen only when the server has them; with -g nothing is sent
    server.wait_count(3)


def _on_terminal(command, cwd, env):
    main, terminal = pty.openpty()
    process = subprocess.Popen([str(word) for word in command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=terminal,
                               stderr=terminal)
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(main)
    process.wait(timeout=60)
    return shown


# gcc makes links of the names of warnings where it knows that the terminal can show them.
LINK = re.compile(rb"\033\]8;[^\a\033]*(?:\a|\033\\\\)")


@pytest.mark.parametrize("options", [[], ["-fdiagnostics-color=auto"], ["-fdiagnostics-color=always", "-fdiagnostics-color=auto"]], ids=str)
@pytest.mark.parametrize("terminal", ["xterm", "dumb"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_a_terminal_shows_the_colours_of_a_local_compile(stock_server, workplace, client_env, compiler, terminal, options):
    server = stock_server()
    workplace.files = MESSY
    command = [compiler, "-Wall", *options, "-c", "messy.c"]
    workplace.reset()
    local = _on_terminal(command, workplace.path, peers.clean_env(TERM=terminal))
    workplace.reset()
    distributed = _on_terminal([peers.CLIENT, *command], workplace.path, client_env(server.host, TERM=terminal))
    heads = [[LINK.sub(b"", line) for line in text.splitlines() if b"warning" in line] for text in (local, distributed)]
    assert (b"\033[" in heads[0][0]) == (terminal != "dumb")
    assert heads[0] == heads[1]
    server.wait_count(1)


@pytest.mark.parametrize("colours", ["", "warning=01;36:quote=04:locus=", "ne", "warning"], ids=repr)
def test_gcc_colors_are_those_of_this_machine(stock_server, workplace, client_env, colours):
    server = stock_server()
    workplace.files = MESSY
    command = ["gcc", "-Wall", "-fdiagnostics-color=always", "-fno-diagnostics-show-caret", "-c", "messy.c"]
    local = workplace.run(command, peers.clean_env(GCC_COLORS=colours))
    compare.assert_same(local, workplace.run([peers.CLIENT, *command], client_env(server.host, GCC_COLORS=colours)))
    server.wait_count(1)
