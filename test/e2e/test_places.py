# SPDX-License-Identifier: GPL-2.0-or-later
"""Work on this machine, scheduled by the gateway for all builds together: local compiles, links and
preprocessors. A courtesy that no crash, stop or missing gateway turns into a trap."""

import os
import signal
import subprocess
import sys

import pytest

from lib import peers, wait
from lib.lease import Lease

# Notes the beginning and the end of each run, in the order in which they happen.
WRAPPER = """#!/bin/sh
case " $* " in *" -E "*) kind=cpp;; *) kind=compile;; esac
echo "+$kind" >>{log}
/usr/bin/gcc "$@"
rc=$?
echo "-$kind" >>{log}
exit $rc
"""

HOLDER = """import sys
sys.path.insert(0, {lib!r})
from lib.lease import Lease
lease = Lease({path!r})
print(lease.ask(kind="local", modes="local")[0], flush=True)
sys.stdin.read()
"""


def most_at_once(log, kind):
    now = most = 0
    for line in log.read_text().splitlines():
        if line[1:] == kind:
            now += 1 if line[0] == "+" else -1
            most = max(most, now)
    assert now == 0
    return most


@pytest.fixture
def counted(base):
    """A gcc on PATH that is counted."""
    log = base / "runs"
    log.touch()
    bin_dir = base / "bin"
    bin_dir.mkdir()
    (bin_dir / "gcc").write_text(WRAPPER.format(log=log))
    (bin_dir / "gcc").chmod(0o755)
    return log, f"{bin_dir}:{os.environ['PATH']}"


def start_build(directory, compiler, env):
    directory.mkdir()
    for number in range(8):
        (directory / f"f{number}.c").write_text(f"#include <stdlib.h>\nint f{number}(int a) {{ return abs(a) + {number}; }}\n")
        (directory / f"s{number}.s").write_text(f"\t.globl s{number}\ns{number}:\n\tret\n")
    (directory / "Makefile").write_text(
        "all: $(patsubst %.c,%.o,$(wildcard f*.c)) $(patsubst %.s,%.o,$(wildcard s*.s))\n"
        "%.o: %.c\n\t@$(CC) -c $< -o $@\n%.o: %.s\n\t@$(CC) -c $< -o $@\n")
    return subprocess.Popen(["make", "-s", "-j8", f"CC={compiler}"], cwd=directory, env=env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_two_builds_keep_to_the_machines_places_together(stock_server, gateway, base, counted):
    log, path = counted
    server = stock_server(jobs=8)
    gw = gateway(["--localslots_cpp=2", "localhost/2", f"{server.host}/8"])
    env = {**peers.clean_env(DISTCC_HOSTS=gw.host, HOME="/nonexistent", DISTCC_NO_REWRITE_CROSS="1"), "PATH": path}
    builds = [start_build(base / name, f"{peers.CLIENT} gcc", env) for name in ("one", "two")]
    for build in builds:
        output, _ = build.communicate(timeout=120)
        assert (build.returncode, output) == (0, b"")
    assert 1 <= most_at_once(log, "cpp") <= 2
    assert 1 <= most_at_once(log, "compile") <= 2
    status = gw.status()
    assert (status["here_compile_busy"], status["here_cpp_busy"], status["overbooked"]) == (0, 0, 0)
    assert status["here_cpps"] == 16
    # what the farm did and what was done here is all there was
    server.wait_count(32 - status["here_compiles"])
    subprocess.run(["gcc", "-c", "f3.c", "-o", "plain.o"], cwd=base / "one", check=True)
    assert (base / "one" / "f3.o").read_bytes() == (base / "one" / "plain.o").read_bytes()


NO_SERVER = "127.0.0.1:1/1"  # what is for the farm runs here


@pytest.fixture
def served_through(our_server, base, counted):
    """start(gateway) -> our distccd, whose compilers are counted, too."""
    log, path = counted
    log.chmod(0o666)

    def start(gate, jobs=6):
        server = our_server(jobs=jobs, extra=("--sandbox=off", "--enable-tcp-insecure", f"--gateway={gate.host}"),
                            env={"DISTCCD_PATH": path})
        return server, log
    return start


def start_remote_clients(base, server, client_env, count=8):
    """As from other machines: straight to the server, compilers without a prefix."""
    clients = []
    for number in range(count):
        (base / f"r{number}.c").write_text(f"#include <string.h>\nint r{number}(char *s) {{ return strlen(s) + {number}; }}\n")
        clients.append(subprocess.Popen([str(peers.CLIENT), "gcc", "-c", f"r{number}.c", "-o", f"r{number}.o"], cwd=base,
                                        env=client_env(f"{server.host}/{count}", DISTCC_NO_REWRITE_CROSS="1")))
    return clients


def test_what_is_served_and_what_is_built_here_keep_to_one_limit(gateway, base, counted, served_through, client_env):
    gate = gateway(["localhost/2", NO_SERVER])
    server, log = served_through(gate)
    env = {**peers.clean_env(DISTCC_HOSTS=gate.host, HOME="/nonexistent"), "PATH": counted[1]}
    build = start_build(base / "here", f"{peers.CLIENT} gcc", env)
    for client in start_remote_clients(base, server, client_env):
        assert wait.for_exit(client) == 0
    build.communicate(timeout=120)
    assert build.returncode == 0
    server.wait_count(8)
    assert most_at_once(log, "compile") == 2
    wait.until(lambda: gate.status()["here_compile_busy"] == 0, "all places to be free")
    assert gate.status()["overbooked"] == 0


def test_a_server_goes_on_when_its_gateway_is_gone(gateway, base, served_through, client_env):
    gate = gateway(["localhost/1", NO_SERVER])
    server, _ = served_through(gate)
    gate.stop()
    for client in start_remote_clients(base, server, client_env, count=1):
        assert wait.for_exit(client) == 0
    assert "this job has no place from the gateway" in server.log


def test_a_client_that_gives_up_takes_no_place(gateway, base, served_through, client_env):
    gate = gateway(["localhost/1", NO_SERVER])
    server, _ = served_through(gate)
    with Lease(gate.path) as holder:
        assert holder.ask(kind="local", modes="local")[0] == "GRNT"
        client, = start_remote_clients(base, server, client_env, count=1)
        wait.until(lambda: gate.status()["here_waiting"] == 1, "the job to wait for its place")
        client.kill()
        client.wait()
        wait.until(lambda: gate.status()["here_waiting"] == 0, "the wish to be taken back")
    server.wait_count(1, "CLI_DISCONN")


def test_a_full_farm_sends_a_compile_back_to_this_machine(stock_server, gateway, workplace, client_env):
    server = stock_server()
    gw = gateway(["localhost/1", f"{server.host}/1"])
    workplace.reset()
    with Lease(gw.path) as lease:
        assert lease.ask(modes="relay")[1]["mode"] == "relay"
        done = subprocess.run([peers.CLIENT, "gcc", "-c", "hello.c", "-o", "hello.o"], cwd=workplace.path,
                              env=client_env(gw.host), capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert server.count() == 0
    assert gw.status()["here_compiles"] == 1
    # the farm has room again, and it comes first
    subprocess.run([peers.CLIENT, "gcc", "-c", "hello.c", "-o", "hello.o"], cwd=workplace.path, env=client_env(gw.host), check=True)
    server.wait_count(1)


def test_without_localhost_in_the_list_a_compile_waits_for_the_farm(stock_server, gateway, workplace, client_env):
    server = stock_server()
    gw = gateway([f"{server.host}/1"])
    workplace.reset()
    with Lease(gw.path) as lease:
        assert lease.ask(modes="relay")[1]["mode"] == "relay"
        with subprocess.Popen([peers.CLIENT, "gcc", "-c", "hello.c", "-o", "hello.o"], cwd=workplace.path,
                              env=client_env(gw.host)) as client:
            wait.until(lambda: gw.status()["queued"] == 1, "the job to be queued")
            lease.sock.close()
            assert client.wait(timeout=60) == 0
    server.wait_count(1)


def wait_until_waiting(gw, count=1):
    wait.until(lambda: gw.status()["here_waiting"] == count, "somebody to wait for a place")


def test_a_killed_holder_gives_its_place_back_at_once(gateway, stock_server):
    gw = gateway(["--localslots=1", f"{stock_server().host}/1"])
    code = HOLDER.format(lib=str(peers.TOP / "test" / "e2e"), path=str(gw.path))
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "GRNT\n"
        with Lease(gw.path) as second:
            second.send(kind="link", modes="local")
            wait_until_waiting(gw)
            holder.kill()
            assert second.ask_again()[1]["mode"] == "local"
    wait.until(lambda: gw.status()["here_compile_busy"] == 0, "the places to be free")


def test_a_stopped_holder_does_not_count(gateway, stock_server):
    gw = gateway(["--localslots=1", f"{stock_server().host}/1"])
    code = HOLDER.format(lib=str(peers.TOP / "test" / "e2e"), path=str(gw.path))
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "GRNT\n"
        holder.send_signal(signal.SIGSTOP)
        with Lease(gw.path) as second:
            second.sock.settimeout(8)
            assert second.ask(kind="local", modes="local")[1]["mode"] == "local"
        holder.kill()
    assert gw.status()["overbooked"] == 0


def test_what_runs_under_a_lease_takes_none(gateway, stock_server, workplace, client_env):
    gw = gateway(["--localslots=1", f"{stock_server().host}/1"])
    workplace.reset()
    (workplace.path / "s.s").write_text("\t.globl s\ns:\n\tret\n")
    with Lease(gw.path) as lease:
        assert lease.ask(kind="local", modes="local")[1]["mode"] == "local"
        done = subprocess.run([peers.CLIENT, "gcc", "-c", "s.s", "-o", "s.o"], cwd=workplace.path, capture_output=True,
                              env=client_env(gw.host, _DISTCC_LEASE="1"), timeout=8, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
    assert gw.status()["here_compiles"] == 1
