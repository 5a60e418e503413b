# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers behind ssh: a few logins for many jobs, against a real sshd with its default limits, and an
end with a named cause against an ssh that misbehaves."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

import pytest

from lib import compare, peers, wait
from lib.lease import Lease

COMPILE = [peers.CLIENT, "gcc", "-c", "hello.c", "-o", "hello.o"]
MAKEFILE = "OBJS := $(patsubst %.c,%.o,$(wildcard *.c))\nall: $(OBJS)\n%.o: %.c\n\t@$(DISTCC) gcc -c $< -o $@\n"


@pytest.fixture
def sshd(stack, base):
    return stack.enter_context(peers.Sshd(base / "ssh"))


def masters(gate):
    """pids of the gateway's ssh processes that stay: children of its parent process."""
    children = open(f"/proc/{gate.pid}/task/{gate.pid}/children", encoding="ascii").read().split()
    found = []
    for pid in children:
        with contextlib.suppress(FileNotFoundError):  # it has ended since
            if b"-MNTS" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                found.append(int(pid))
    return found


def build(base, host, client_env, files, jobs):
    """Builds that many files; the output of a build that went wrong is the failure."""
    work = base / "build"
    work.mkdir()
    for i in range(files):
        (work / f"file{i}.c").write_text(f"int value{i}(void) {{ return {i}; }}\n")
    (work / "Makefile").write_text(MAKEFILE)
    done = subprocess.run(["make", "-s", f"-j{jobs}", f"DISTCC={peers.CLIENT}"], cwd=work, env=client_env(host),
                          capture_output=True, text=True, timeout=280, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(list(work.glob("*.o"))) == files


def inetd_server(base):
    """A stock distccd --inetd with a log, as a word for a host list, and the log."""
    log = base / "inetd.log"
    log.touch()
    log.chmod(0o666)
    wrapper = base / "serve"
    wrapper.write_text(f"#!/bin/sh\nexec {peers.STOCK_SERVER} --log-file={log} --log-level=info --user=distccd \"$@\"\n")
    wrapper.chmod(0o755)
    return wrapper, log


def test_sessions_share_a_few_logins(gateway, base, sshd, client_env):
    files = 200 if os.environ.get("DISTCC_SOAK") else 24
    wrapper, log = inetd_server(base)
    gate = gateway([f"root@127.0.0.1/12:{wrapper}"], env={"DISTCC_SSH": sshd.command})
    build(base, gate.host, client_env, files, 32)
    wait.until(lambda: log.read_text().count("COMPILE_OK") == files, "all jobs in the log of the server")
    logins = gate.log.count("logged in by ssh")
    assert 1 <= logins <= 3 and len(masters(gate)) == logins
    assert gate.status()["replayed"] == 0, gate.log


@pytest.mark.parametrize("kind", ["port", "path"])
def test_forwarded_channels_share_one_login(gateway, base, sshd, client_env, stock_server, our_server, kind):
    files = 200 if os.environ.get("DISTCC_SOAK") else 40
    if kind == "port":
        server = stock_server(jobs=16)
        entry = f"root@127.0.0.1/16,forward={server.port}"
    else:
        server = our_server(jobs=16, unix=base / "far.sock")
        entry = f"root@127.0.0.1/16,forward={base}/far.sock"
    gate = gateway([entry], env={"DISTCC_SSH": sshd.command})
    build(base, gate.host, client_env, files, 32)
    server.wait_count(files)
    assert len(masters(gate)) == 1
    assert gate.status()["replayed"] == 0, gate.log


def test_a_client_uses_forward_without_a_gateway(base, sshd, client_env, stock_server, workplace):
    server = stock_server()
    env = client_env(f"root@127.0.0.1,forward={server.port}", DISTCC_SSH=sshd.command)
    compare.assert_same(workplace.run(COMPILE[1:], peers.clean_env()), workplace.run(COMPILE, env))
    server.wait_count(1)


def test_a_master_that_dies_is_replaced(gateway, base, sshd, client_env, stock_server, workplace):
    server = stock_server()
    gate = gateway([f"root@127.0.0.1,forward={server.port}"], env={"DISTCC_SSH": sshd.command})
    assert workplace.run(COMPILE, client_env(gate.host)).rc == 0
    first, = masters(gate)
    os.kill(first, signal.SIGKILL)
    gate.wait_log("an ssh connection ended: ssh ended with signal 9")
    assert workplace.run(COMPILE, client_env(gate.host)).rc == 0
    server.wait_count(2)
    assert masters(gate) not in ([], [first])


def test_nobody_stays_logged_in_to_a_host_that_has_left(gateway, base, sshd, client_env, stock_server, workplace):
    server = stock_server()
    entry = f"root@127.0.0.1/2,forward={server.port}"
    gate = gateway([entry, "127.0.0.1:1/1,down"], env={"DISTCC_SSH": sshd.command})
    ask = lambda wish: subprocess.run([str(peers.GATEWAY), f"--listen=unix:{gate.path}", wish], check=True, timeout=20)  # noqa: E731
    assert workplace.run(COMPILE, client_env(gate.host)).rc == 0
    first, = masters(gate)
    # another limit is no reason for another login
    ask(f"--add={entry.replace('/2', '/7')}")
    wait.until(lambda: gate.status()["slots"] == 8, "the new limit")
    assert workplace.run(COMPILE, client_env(gate.host)).rc == 0
    assert masters(gate) == [first]
    # a job that runs keeps the way that it runs on
    with Lease(gate.path) as holder:
        assert holder.ask(compiler="gcc", modes="relay")[0] == "GRNT"
        ask("--remove=root@127.0.0.1")
        wait.until(lambda: gate.status()["servers"][0]["state"] == "leaving", "the host to be leaving")
        assert masters(gate) == [first]
    wait.until(lambda: not masters(gate), "the connection to be closed")
    assert len(gate.status()["servers"]) == 1


def test_a_second_login_that_is_refused_keeps_no_job_from_the_first(gateway, base, sshd, client_env):
    wrapper, log = inetd_server(base)
    once = base / "once"
    # logs in one time; sessions go on as ever
    once.write_text(f"#!/bin/sh\ncase \"$*\" in *-MNTS*) mkdir {base}/taken || {{ echo 'too many logins' >&2; exit 255; }} ;; esac\n"
                    f"exec {sshd.command} \"$@\"\n")
    once.chmod(0o755)
    gate = gateway([f"root@127.0.0.1/12:{wrapper}"], env={"DISTCC_SSH": str(once)})
    build(base, gate.host, client_env, 20, 20)
    wait.until(lambda: log.read_text().count("COMPILE_OK") == 20, "all jobs in the log of the server")
    gate.wait_log("no further login: ssh ended with exit 255: too many logins")
    assert gate.status()["replayed"] == 0, gate.log


def test_what_does_not_listen_behind_ssh_is_said_in_its_words(gateway, base, sshd, client_env, workplace):
    talkative = base / "talkative"
    talkative.write_text(pathlib.Path(sshd.command).read_text(encoding="ascii").replace(" -q ", " "))
    talkative.chmod(0o755)
    gate = gateway([f"root@127.0.0.1,forward={peers.free_port()}"], env={"DISTCC_SSH": str(talkative)})
    assert workplace.run(COMPILE, client_env(gate.host)).rc != 0
    gate.wait_log("Connection refused")


FAKES = {
    "never answers": ("exec sleep 1000", "did not log in within"),
    "exits 255": ("echo 'Permission denied (publickey).' >&2; exit 255", "ssh ended with exit 255: Permission denied (publickey)."),
    "prints a banner": ("echo 'Welcome to the machine'; echo 'No entry today' >&2; exit 1", "ssh ended with exit 1: No entry today"),
    "keeps stdout open": ("sleep 1000 & exit 255", "ssh ended with exit 255"),
    "is not there": (None, "failed to exec"),
}


@pytest.mark.parametrize("fake", FAKES)
def test_an_ssh_that_misbehaves_ends_with_its_cause_named(gateway, base, stock_server, client_env, workplace, fake):
    script, cause = FAKES[fake]
    program = base / "fake-ssh"
    if script:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    good = stock_server()
    gate = gateway(["me@far/4", f"{good.host}/4,down"], env={"DISTCC_SSH": str(program)})
    begin = time.monotonic()
    outcome = workplace.run(COMPILE, client_env(gate.host))
    assert outcome.rc != 0
    assert time.monotonic() - begin < 25
    line, = gate.wait_log("is down:")
    assert cause in line
    assert sum("ssh says" in line for line in gate.lines) <= 1
    # ends at once, with all that the script started (nothing_left looks)
    begin = time.monotonic()
    assert gate.stop() == 0
    assert time.monotonic() - begin < wait.within(1)


def test_a_server_that_prints_a_banner_in_its_session_is_named(gateway, base, sshd, client_env, workplace):
    wrapper, _ = inetd_server(base)
    noisy = base / "noisy"
    noisy.write_text(f"#!/bin/sh\necho 'Welcome'\nexec {wrapper} \"$@\"\n")
    noisy.chmod(0o755)
    gate = gateway([f"root@127.0.0.1:{noisy}"], env={"DISTCC_SSH": sshd.command})
    assert workplace.run(COMPILE, client_env(gate.host)).rc != 0
    gate.wait_log("is down:")


def test_no_ssh_outlives_the_gateway(gateway, base, sshd, client_env, stock_server, workplace):
    server = stock_server()
    gate = gateway([f"root@127.0.0.1,forward={server.port}"], env={"DISTCC_SSH": sshd.command})
    assert workplace.run(COMPILE, client_env(gate.host)).rc == 0
    found = masters(gate)
    assert found
    gate.stop(signal.SIGKILL)
    wait.until(lambda: not any(wait.pid_exists(pid) for pid in found), "the master to be gone")
