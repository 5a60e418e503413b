# SPDX-License-Identifier: GPL-2.0-or-later
"""Users beside each other: how much one may have, and whose the ids are that were lent."""

import os
import subprocess
import sys
import time

import pytest

from lib import peers, timed, wait
from lib.lease import Lease

SOAK = bool(os.environ.get("DISTCC_SOAK"))

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


def compile_as(uid, gw, workplace, output, fallback, source="hello.c"):
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=gw.host, DISTCC_FALLBACK=fallback)
    return subprocess.run([*as_uid(uid), str(peers.CLIENT), "gcc", "-c", source, "-o", str(output)], cwd=workplace.path, env=env,
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


def test_who_has_enough_bytes_here_is_told_so(stock_server, gateway, workplace, base):
    """And only the job that is too much is not served."""
    server = stock_server()
    gw = gateway([f"{server.host}/4"], extra=["--user-mib=1"])
    workplace.reset()
    (workplace.path / "large.c").write_text("int table[] = {" + "1234567,\n" * 150000 + "};\n")
    out = base / "out"
    out.mkdir(mode=0o777)
    out.chmod(0o777)
    for _ in range(2):
        refused = compile_as(4001, gw, workplace, out / "large.o", "0", "large.c")
        assert refused.returncode != 0 and "--user-mib" in refused.stderr, refused
        assert not (out / "large.o").exists()
    alone = compile_as(4001, gw, workplace, out / "large.o", "1", "large.c")
    assert (alone.returncode, alone.stdout) == (0, ""), alone
    assert (out / "large.o").exists()
    served = compile_as(4001, gw, workplace, out / "small.o", "0")
    assert (served.returncode, served.stdout, served.stderr) == (0, "", "")
    server.wait_count(1)
    assert gw.status()["over_quota"] == 3
    assert gw.wait_log("--user-mib")
    # nobody limits root
    assert compile_as(0, gw, workplace, out / "root.o", "0", "large.c").returncode == 0


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


# Half of its connections queue for the farm and keep what they are given without a word; the others
# flood: garbage, notes, wishes that are taken back, and questions that are answered slowly read.
HOSTILE = """import select, socket, sys
count, path = int(sys.argv[1]), sys.argv[2]
def message(name, **pairs):
    text = "".join(f"{key}={value}\\n" for key, value in pairs.items())
    return f"{name}{len(text):08x}{text}".encode()
wish = b"GATE00000001" + message("WANT", kind="compile", compiler="gcc") + message("REDY", size=1)
floods = [b"\\xff" * 40, b"GATE00000001" + message("NOTE", where="local", reason="x", ms=1), wish,
          b"GATE00000001" + message("SHOW", what="status"), b"DIST00000001ARGC00000001ARGV0000000"]
def connect():
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    sock.setblocking(False)
    return sock
holders = []
for _ in range(count // 2):
    holders.append(connect())
    holders[-1].send(wish)
print("begun", flush=True)
n = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    flood = []
    for i in range(count // 2):
        try:
            flood.append(connect())
            flood[-1].send(floods[(n + i) % len(floods)])
        except OSError:
            pass
    n += count // 2
    for i, sock in enumerate(holders):
        try:
            if sock.recv(100) == b"":
                raise ConnectionResetError
        except BlockingIOError:
            continue
        except OSError:
            sock.close()
            holders[i] = connect()
            holders[i].send(wish)
    for sock in flood:
        sock.close()
print(n, flush=True)
"""


def loop_cpu_seconds(gw):
    with open(f"/proc/{gw.pid}/task/{gw.pid}/children", encoding="ascii") as children:
        pid = int(children.read().split()[0])
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_hostile_user_leaves_the_other_one_its_turns(stack, gateway, base):
    """500 connections (60 in small) that queue, hold, flood and lie; beside it one user's build."""
    server = stack.enter_context(timed.TimedServer(base / "timed", 100, 8))
    gw = gateway([f"{server.host}/4"])
    project = timed.Project(base / "project", 400 if SOAK else 24)
    os.chmod(project.directory, 0o777)
    hostile = subprocess.Popen([*as_uid(4003), sys.executable, "-I", "-c", HOSTILE, str(500 if SOAK else 60), str(gw.path)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert hostile.stdout.readline() == "begun\n"
        wait.until(lambda: gw.status()["slots_busy"] == 4, "all slots to be held")
        cpu, begin = loop_cpu_seconds(gw), time.monotonic()
        make = project.start(gw, 16, prefix=as_uid(4004))
        waiting, since = {}, 0
        ours = others = 0
        while make.poll() is None:
            for event in timed.events(gw, since):
                since, uid = event["seq"], event["uid"]
                if event["event"] in ("queued", "replayed"):
                    waiting.setdefault(uid, set()).add(event["job"])
                elif event["event"] == "granted":
                    if waiting.get(4004) and waiting.get(4003):
                        ours, others = ours + (uid == 4004), others + (uid == 4003)
                    waiting.get(uid, set()).discard(event["job"])
                elif event["event"] in ("cancelled", "denied"):
                    waiting.get(uid, set()).discard(event["job"])
        took = time.monotonic() - begin
        project.finish(make)
    finally:
        said, _ = hostile.communicate()
    used = loop_cpu_seconds(gw) - cpu
    share = ours / (ours + others) if ours + others else 1
    print(f"\nbeside a hostile user: {ours} of {ours + others} grants ({100 * share:.0f} %) while both waited, {took:.1f} s for {project.count} jobs; "
          f"{int(said)} hostile connections, at most {1e6 * used / max(int(said), 1):.0f} us of gateway CPU for each")
    assert ours > 0
    assert share >= 0.45
    # and no slot is lost for good
    wait.until(lambda: gw.status()["peers"] == 0, "all to be gone")
    assert (gw.status()["slots_busy"], gw.status()["leases"]) == (0, 0)
