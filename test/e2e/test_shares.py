# SPDX-License-Identifier: GPL-2.0-or-later
"""Users beside each other: how many connections one may have, and whose the ids are that were lent."""

import os
import subprocess
import sys

import pytest

from lib import peers, timed, wait
from lib.lease import Lease

HOLD = """import sys
sys.path.insert(0, {lib!r})
from lib.lease import Lease
held = []
for _ in range({count}):
    held.append(Lease({path!r}))
    held[-1].send(build="held")
print("held", flush=True)
sys.stdin.read()
"""


def as_uid(uid):
    """The prefix of a command that is run as an ordinary user."""
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]


def hold(gw, uid, count):
    """A process of that user that has so many connections with a wish, until its stdin ends."""
    code = HOLD.format(lib=str(peers.TOP / "test" / "e2e"), path=str(gw.path), count=count)
    process = subprocess.Popen([*as_uid(uid), sys.executable, "-I", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def subuid(base):
    path = base / "subuid"
    path.write_text("4001:200000:1000\n")
    return path


def compile_as(uid, gw, workplace, output, fallback):
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=gw.host, DISTCC_FALLBACK=fallback)
    return subprocess.run([*as_uid(uid), str(peers.CLIENT), "gcc", "-c", "hello.c", "-o", str(output)], cwd=workplace.path, env=env,
                          capture_output=True, text=True, timeout=60, check=False)


def test_who_has_enough_connections_is_told_so_and_others_are_served(stock_server, gateway, workplace, base, subuid):
    """Also under an id that was lent: it is the same user."""
    server = stock_server()
    gw = gateway([f"{server.host}/4"], extra=["--user-connections=3", f"--subuid={subuid}"])
    workplace.reset()
    out = base / "out"
    out.mkdir(mode=0o777)
    out.chmod(0o777)
    holder = hold(gw, 200007, 3)
    try:
        wait.until(lambda: gw.status()["peers"] == 3, "the connections to be held")
        refused = compile_as(4001, gw, workplace, out / "a.o", "0")
        assert refused.returncode != 0 and "--user-connections" in refused.stderr, refused
        assert not (out / "a.o").exists()
        alone = compile_as(4001, gw, workplace, out / "b.o", "1")
        assert (alone.returncode, alone.stdout) == (0, ""), alone
        assert (out / "b.o").exists()
        served = compile_as(4002, gw, workplace, out / "c.o", "0")
        assert (served.returncode, served.stdout, served.stderr) == (0, "", "")
        server.wait_count(1)
        assert gw.status()["over_quota"] >= 2
        assert len([line for line in gw.lines if "--user-connections" in line]) == 1
    finally:
        holder.communicate()
    wait.until(lambda: gw.status()["peers"] == 0, "the connections to end")
    again = compile_as(4001, gw, workplace, out / "d.o", "0")
    assert (again.returncode, again.stderr) == (0, "")
    server.wait_count(2)


def waiting_client(gw, uid, name):
    """A client of that user in the queue."""
    code = HOLD.format(lib=str(peers.TOP / "test" / "e2e"), path=str(gw.path), count=1).replace('build="held"', f'build="{name}"')
    process = subprocess.Popen([*as_uid(uid), sys.executable, "-I", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_ids_that_were_lent_get_no_turns_of_their_own(stock_server, gateway, subuid):
    """Two ids of one user, and another user: the two share the turns of one."""
    server = stock_server()
    gw = gateway([f"{server.host}/1"], extra=[f"--subuid={subuid}"])
    with Lease(gw.path) as first:
        assert first.ask(build="first")[0] == "GRNT"
        clients = {f"{uid}.{n}": waiting_client(gw, uid, f"{uid}.{n}") for n in range(2) for uid in (200001, 200002, 4002)}
        wait.until(lambda: gw.status()["queued"] == 6, "all to wait")
        first.sock.close()
        granted = []
        while len(granted) < 6:
            def grants():
                return [event["build"] for event in timed.events(gw) if event["event"] == "granted"][1:]
            wait.until(lambda: len(grants()) > len(granted), f"turn {len(granted)}")
            granted.append(grants()[-1])
            clients[granted[-1]].communicate()
    # as long as both users wait, every second turn is the other one's
    others = [build.startswith("4002.") for build in granted]
    assert others[:4].count(True) == 2 and others[0] != others[1] and others[2] != others[3], granted


@pytest.mark.skipif(not os.path.exists("/proc/self/cgroup"), reason="no control groups here")
def test_a_weight_is_read_without_harm(stock_server, gateway, workplace, base):
    """Whatever the control group of this process is: the job is done."""
    server = stock_server()
    gw = gateway([f"{server.host}/1"])
    project = timed.Project(base / "project", 4)
    project.finish(project.start(gw, 4))
    server.wait_count(4)
