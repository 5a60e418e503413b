# SPDX-License-Identifier: GPL-2.0-or-later
"""What distcc 3.4 got wrong; test_contracts.py has the list."""

import fcntl
import os
import re
import signal
import subprocess

import pytest

from lib import compare, peers, wait
from lib.broken import BrokenServer, close_in_reply, close_without_reply, no_distcc, reset
from lib.pump import IncludeServer

COMMAND = ["gcc", "-O2", "-c", "hello.c", "-o", "hello.o"]


@pytest.fixture
def recorded_gcc(base):
    """A gcc on PATH that writes down its words, and what it has inherited; -E may wait for a FIFO."""
    directory = base / "bin"
    directory.mkdir()
    (directory / "gcc").write_text(
        f"#!/bin/sh\necho \"$*\" >>{base}/calls\nls -l /proc/self/fd >>{base}/descriptors\n"
        "case $* in *-E*) [ -z \"$HOLD_E\" ] || read -r line <\"$HOLD_E\";; *) [ -z \"$HOLD_C\" ] || read -r line <\"$HOLD_C\";; esac\n"
        "exec /usr/bin/gcc \"$@\"\n")
    (directory / "gcc").chmod(0o755)
    return {"PATH": f"{directory}:/usr/bin:/bin", "DISTCC_NO_REWRITE_CROSS": "1"}


def calls(base):
    return (base / "calls").read_text().splitlines()


def start(command, workplace, env):
    return subprocess.Popen([str(peers.CLIENT), *command], cwd=workplace.path, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)


def test_a_job_that_runs_here_holds_no_slot_of_a_host(workplace, client_env, stock_server, base, recorded_gcc):
    server = stock_server()
    workplace.files = {"inc.c": "__asm__(\".incbin \\\"blob\\\"\");\n", "blob": "blob", "ok.c": "int ok;\n"}
    workplace.reset()
    os.mkfifo(base / "fifo")
    env = client_env(f"{server.host}/1", DISTCC_FALLBACK=1, **recorded_gcc)
    held = start(["gcc", "-c", "inc.c"], workplace, {**env, "HOLD_C": str(base / "fifo")})
    wait.until(lambda: any("-E" not in line for line in calls(base)) if (base / "calls").exists() else False, "the local compiler to run")
    for client in (peers.CLIENT, peers.STOCK_CLIENT):
        subprocess.run([client, "gcc", "-c", "ok.c", "-o", "ok.o"], cwd=workplace.path, env={**env, "DISTCC_FALLBACK": "0"}, check=True, timeout=60)
    assert held.poll() is None
    (base / "fifo").write_text("go\n")
    assert held.communicate(timeout=60)[1] == b"" and held.returncode == 0
    server.wait_count(2)


STAGES = {
    "no hosts": "", "a list that is wrong": "h:http", "all in back-off": "DISLIKED", "a connection that is refused": "127.0.0.1:1",
    "a name that nobody knows": "nobody.invalid", "a gateway that is gone": "unix:/nonexistent/gw", "a reset while sending": "RESET",
    "an answer that breaks off": "CUT", "no answer": "CLOSED", "nonsense": "NONSENSE", "the compiler there fails": "LIAR",
    "no include server": "127.0.0.1:1,cpp,lzo",
}


@pytest.mark.parametrize("fallback", ["0", "1"])
@pytest.mark.parametrize("stage", STAGES)
def test_wherever_it_fails_a_job_is_done_here_once_or_not_at_all(workplace, client_env, stack, liar, base, recorded_gcc, stage, fallback):
    """As the manual's table says it."""
    hosts = STAGES[stage]
    for word, behave in {"RESET": reset, "CUT": close_in_reply, "CLOSED": close_without_reply, "NONSENSE": no_distcc}.items():
        if hosts == word:
            hosts = stack.enter_context(BrokenServer(behave)).host
    hosts = hosts.replace("LIAR", liar.host)
    env = client_env(hosts, DISTCC_FALLBACK=fallback, DISTCC_LOG=base / "log", **recorded_gcc)
    if hosts == "DISLIKED":
        env["DISTCC_HOSTS"] = "127.0.0.1:1"
        (base / "state" / "lock").mkdir()
        (base / "state" / "lock" / "backoff_tcp_127.0.0.1_1_0").write_text("x")
    done = workplace.run([peers.CLIENT, *COMMAND], env)
    compiles = [line for line in calls(base) if "-E" not in line] if (base / "calls").exists() else []
    assert (done.rc == 0) == (fallback == "1"), done
    assert len(compiles) == int(fallback)
    assert ("hello.o" in done.files) == (fallback == "1")


@pytest.mark.parametrize("retry", ["1", "", None], ids=["set", "empty", "unset"])
def test_a_failure_there_is_final_where_no_retry_is_wanted(workplace, client_env, liar, base, recorded_gcc, retry):
    env = client_env(liar.host, DISTCC_FALLBACK=1, DISTCC_SKIP_LOCAL_RETRY=retry, DISTCC_LOG=base / "log", **recorded_gcc)
    done = workplace.run([peers.CLIENT, *COMMAND], env)
    assert (done.rc, done.stderr) == ((1, b"no\n") if retry else (0, b""))
    assert len([line for line in calls(base) if "-E" not in line]) == (0 if retry else 1)


def test_jobs_that_fail_blame_nobody_while_others_run(workplace, client_env, stock_server):
    """3.4 strikes the host off for a moment, and others go nowhere meanwhile."""
    server = stock_server()
    workplace.files = {"bad.c": "#include \"no-such.h\"\n", "wrong.c": "int f(void) { return nothing; }\n", "ok.c": "int ok;\n"}
    workplace.reset()
    bad = [start(["gcc", "-c", f"{name}.c"], workplace, client_env(server.host, DISTCC_FALLBACK=1)) for name in ("bad", "wrong") for _ in range(10)]
    good = [start(["gcc", "-c", "ok.c", "-o", f"{i}.o"], workplace, client_env(server.host)) for i in range(20)]
    assert [(client.communicate(timeout=60)[1], client.returncode) for client in good] == [(b"", 0)] * 20
    assert [client.communicate(timeout=60) and client.returncode for client in bad] == [1] * 20
    server.wait_count(20)


def test_a_request_is_one_write(workplace, client_env, stock_server, base):
    if peers.is_sanitized():
        pytest.skip("strace and LeakSanitizer do not go together: the run without sanitizers does this")
    server = stock_server()
    workplace.reset()
    subprocess.run(["strace", "-e", "trace=network,write,writev,sendto,sendmsg", "-o", base / "trace", peers.CLIENT, *COMMAND],
                   cwd=workplace.path, env=client_env(server.host), check=True)
    assert len([line for line in (base / "trace").read_text().splitlines() if "DIST0000" in line or "DOTI" in line]) == 1
    server.wait_count(1)


@pytest.mark.parametrize("behave", [reset, close_in_reply, close_without_reply, no_distcc], ids=lambda behave: behave.__name__)
def test_a_broken_server_is_passed_over_without_a_word(workplace, client_env, stack, stock_server, base, behave):
    broken, server = stack.enter_context(BrokenServer(behave)), stock_server()
    log = base / "log"
    # more than what the kernel takes at once
    workplace.files = {"hello.c": "int f(void) { return 1; }\n" + "extern int more_of_it;\n" * 200000}
    local = workplace.run(COMMAND, peers.clean_env())
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], client_env(f"{broken.host} {server.host}", DISTCC_LOG=log)))
    assert broken.met == 1
    server.wait_count(1)
    ends = [line for line in log.read_text().splitlines() if re.search("compile .* completed ok", line)]
    assert len(ends) == 1 and server.host in ends[0]


def answering(reply):
    """A server that reads a request and says this."""
    def behave(connection, _):
        connection.settimeout(1)
        text = b""
        while b"DOTI" not in text and b"NFIL" not in text:
            text += connection.recv(65536)
        connection.sendall(reply)
        connection.settimeout(0.2)
        try:
            while connection.recv(65536):
                pass
        except TimeoutError:
            pass
        connection.close()
    return behave


def test_a_reply_without_its_dependencies_is_no_success(workplace, client_env, stack, stock_server, base):
    includes = stack.enter_context(IncludeServer(base / "pump"))
    broken = stack.enter_context(BrokenServer(answering(b"DONE00000003STAT00000000SERR00000000SOUT00000000DOTO00000000")))
    server = stock_server()
    command = ["gcc", "-MD", "-c", "hello.c"]
    local = workplace.run(command, peers.clean_env())
    env = client_env(f"{broken.host},cpp,lzo {server.host},cpp,lzo", INCLUDE_SERVER_PORT=includes.socket, DISTCC_LOG=base / "log")
    compare.assert_same(local, workplace.run([peers.CLIENT, *command], env))
    assert broken.met == 1
    server.wait_count(1)


@pytest.mark.parametrize("reply", [b"DONE00000001STAT00000100SERR00000000SOUT00000006wrong\nDOTO00000000",
                                   b"DONE00000001STAT00000000SERR00000000SOUT00000006wrong\nDOTO00001000half"], ids=["failed", "cut"])
def test_output_of_a_job_that_is_done_again_is_not_shown(workplace, client_env, stack, reply):
    broken = stack.enter_context(BrokenServer(answering(reply)))
    local = workplace.run(COMMAND, peers.clean_env())
    done = workplace.run([peers.CLIENT, *COMMAND], client_env(broken.host, DISTCC_FALLBACK=1, DISTCC_LOG="/dev/null"))
    compare.assert_same(local, done)
    assert broken.met == 1


def test_the_preprocessor_runs_once_for_all_hosts(workplace, client_env, stack, stock_server, base, recorded_gcc):
    broken, server = stack.enter_context(BrokenServer(close_in_reply)), stock_server()
    env = client_env(f"127.0.0.1:1 {broken.host} 127.0.0.1:2 {server.host}", **recorded_gcc)
    assert workplace.run([peers.CLIENT, *COMMAND], env).rc == 0
    server.wait_count(1)
    assert len(calls(base)) == 1 and "-E" in calls(base)[0]
    left = [path.name for path in (base / "state").iterdir() if path.is_file()]
    assert left == []


@pytest.mark.parametrize("source, runs", [("int a;\n          \n/* x */   \nint b;\n", 1), ("#pragma push_macro(\"M\")\nint a;\n#pragma pop_macro(\"M\")\n", 2)],
                         ids=["blanks", "popped"])
def test_blanks_that_a_directive_could_have_left_cost_no_second_run(workplace, client_env, stock_server, base, recorded_gcc, source, runs):
    server = stock_server()
    workplace.files = {"hello.c": source}
    local = workplace.run(COMMAND, peers.clean_env())
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], client_env(server.host, **recorded_gcc)))
    server.wait_count(1)
    assert len([line for line in calls(base) if "-E" in line]) == runs


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_the_preprocessor(workplace, client_env, stock_server, base, recorded_gcc, number):
    """That nothing is left running is seen to at the end of every test."""
    server = stock_server()
    workplace.reset()
    os.mkfifo(base / "fifo")
    client = start(COMMAND, workplace, client_env(server.host, DISTCC_FALLBACK=1, HOLD_E=base / "fifo", **recorded_gcc))
    wait.until((base / "descriptors").exists, "the preprocessor to run")
    client.send_signal(number)
    assert client.communicate(timeout=20)[1] == b""
    assert client.returncode == -number
    assert sorted(path.name for path in workplace.path.iterdir()) == ["empty.c", "hello.c", "hello.h", "sub"]
    assert len(calls(base)) == 1 and server.count() == 0


@pytest.mark.parametrize("command", [["gcc", "hello.c", "-o", "prog"], ["gcc", "-E", "hello.c"], ["touch", "made"]], ids=" ".join)
def test_scan_includes_never_compiles(workplace, client_env, base, command):
    done = workplace.run([peers.CLIENT, "--scan-includes", *command], client_env("localhost", DISTCC_LOG=base / "log"))
    assert (done.rc, done.stdout, done.stderr) == (100, b"", b"")
    assert sorted(done.files) == sorted([*workplace.files, "sub"])


@pytest.mark.parametrize("hosts", ["SERVER", "localhost", "none"])
def test_a_compiler_inherits_nothing(workplace, client_env, stock_server, base, recorded_gcc, hosts):
    """Whether it preprocesses or compiles: its three streams, the object that it writes, and the end of a pipe that
    kills it with the client."""
    server = stock_server()
    env = client_env(hosts.replace("SERVER", server.host), DISTCC_FALLBACK=1, DISTCC_LOG=base / "log", **recorded_gcc)
    assert workplace.run([peers.CLIENT, "gcc", "-c", "hello.c"], env).rc == 0
    for listing in (base / "descriptors").read_text().split("total ")[1:]:
        names = [match.groups() for match in re.finditer(r" (\d+) -> (.*)", listing)]
        foreign = [name for number, name in names if int(number) > 2 and not name.startswith(("/proc/", str(workplace.path)))]
        assert len(foreign) <= 1 and all(name.startswith("pipe:") for name in foreign), listing


def test_lsdistcc_takes_a_long_name(stock_server):
    server = stock_server()
    done = subprocess.run([peers.BUILD / "lsdistcc", f"-r{server.port}", "-p" + "x" * 4000, "127.0.0.1"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_a_compiler_that_is_not_here_is_status_110(workplace, client_env, stock_server):
    server = stock_server(extra=["--enable-tcp-insecure"])
    done = workplace.run([peers.CLIENT, "no-such-compiler", "-c", "hello.c"], client_env(server.host))
    assert (done.rc, done.stdout) == (110, b"") and b"no-such-compiler" in done.stderr
    assert server.count() == 0


def test_a_socket_name_that_is_too_long_is_a_warning(workplace, client_env, stock_server, base):
    server = stock_server()
    log = base / "log"
    local = workplace.run(COMMAND, peers.clean_env())
    env = client_env(f"{server.host},cpp,lzo", INCLUDE_SERVER_PORT="/" + "x" * 107, DISTCC_LOG=log, DISTCC_FALLBACK=1)
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], env))
    assert "failed to get includes from include server, preprocessing locally" in log.read_text()
    server.wait_count(1)


@pytest.mark.parametrize("client", [peers.CLIENT, peers.STOCK_CLIENT], ids=["ours", "stock"])
def test_two_users_at_one_machine_share_its_slots(workplace, client_env, stock_server, base, client):
    """The one thing here that 3.4 does, too: another name would be another lock for the same slot."""
    server = stock_server()
    (base / "ssh").write_text(f"#!/bin/sh\necho \"$*\" >>{base}/words\nexit 1\n")
    (base / "ssh").chmod(0o755)
    env = client_env(f"me@farm/1 you@farm/1 {server.host}", DISTCC_SSH=base / "ssh", DISTCC_BACKOFF_PERIOD="0")
    (base / "state" / "lock").mkdir()
    with open(base / "state" / "lock" / "cpu_ssh_farm_0", "w", encoding="ascii") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        assert workplace.run([client, *COMMAND], env).rc == 0
    server.wait_count(1)
    assert not (base / "words").exists()


def times(line):
    return sum(float(word) for word in re.findall(r"\d+\.\d{6}", line))


def test_the_log_tells_what_a_job_took(workplace, client_env, stock_server, base):
    """In 3.4's words, whose figures of a compiler are 0."""
    server, log = stock_server(), base / "log"
    env = client_env(server.host, DISTCC_LOG=log)
    assert workplace.run([peers.CLIENT, *COMMAND], env).rc == 0
    text = log.read_text()
    assert re.search(rf"\] cpp times: user \d+\.\d{{6}}s, system \d+\.\d{{6}}s, [1-9]\d* minflt, \d+ majflt\n.*\] cpp hello.c on localhost completed ok\n"
                     rf".*\] [1-9]\d+ bytes from hello.c compiled on {server.host} in \d+\.\d{{4}}s, rate [1-9]\d*kB/s\n", text), text
    assert re.search(r"\] elapsed compilation time \d+\.\d{6}s\n.*\] exit: code 0; self: \d+\.\d{6} user \d+\.\d{6} sys; "
                     r"children: \d+\.\d{6} user \d+\.\d{6} sys\n$", text), text
    assert "Re-writing call to 'gcc' to '" in text
    assert workplace.run([peers.CLIENT, "gcc", "-S", "-O2", "-fsyntax-only", "hello.c"], env).rc == 0
    assert workplace.run([peers.CLIENT, "sh", "-c", "exit 3"], env).rc == 3
    text = log.read_text()
    for what in ("cpp times:", "cc times:", "children:"):
        assert all(times(line[line.index(what):]) > 0 for line in text.splitlines() if what in line and "exit: code 3" not in line), text
    assert "exit: code 3; " in text
