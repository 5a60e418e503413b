# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole builds over servers of a chosen speed. What is counted is judged always; what is timed only at
full size (test/run --soak schedule), on a machine with nothing else to do."""

import itertools
import os
import subprocess
import time

import pytest

from lib import faulty, peers, sandbox, timed, wait

SOAK = bool(os.environ.get("DISTCC_SOAK"))


@pytest.fixture
def timed_server(stack, base):
    """timed_server(ms, jobs): a stock server whose compiles take that long."""
    count = 0

    def start(ms, jobs):
        nonlocal count
        count += 1
        return stack.enter_context(timed.TimedServer(base / f"timed{count}", ms, jobs))
    return start


# --------------------------------------------------------------- no slot idles

def compile_command(n):
    return [peers.CLIENT, "gcc", "-c", f"f{n}.c", "-o", f"f{n}.o"]


def test_eight_at_once_on_one_slot_take_as_long_as_one_after_the_other(timed_server, gateway, base):
    """Stock clients look for a free slot once a second: they took 17 times as long."""
    server = timed_server(0, 4)
    gw = gateway([f"{server.host}/1"])
    project = timed.Project(base / "project", 8)
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=gw.host, DISTCC_FALLBACK="0", DISTCC_NO_REWRITE_CROSS="1")
    ratios = []
    for _ in range(3 if SOAK else 1):
        begin = time.monotonic()
        for n in range(8):
            subprocess.run(compile_command(n), cwd=project.directory, env=env, check=True, timeout=60)
        serial = time.monotonic() - begin
        begin = time.monotonic()
        clients = [subprocess.Popen(compile_command(n), cwd=project.directory, env=env) for n in range(8)]
        assert [wait.for_exit(client) for client in clients] == [0] * 8
        ratios.append((time.monotonic() - begin) / serial)
    print(f"\n8 at once: {', '.join(f'{ratio:.2f}' for ratio in ratios)} times as long as one after the other")
    server.wait_count(16 * len(ratios))
    assert server.most_at_once() == 1
    assert not SOAK or min(ratios) <= 1.3


def test_no_slot_is_idle_while_jobs_wait(timed_server, gateway, base):
    server = timed_server(500 if SOAK else 100, 4)
    gw = gateway([f"{server.host}/2"])
    project = timed.Project(base / "project", 32)
    make = project.start(gw, 8)
    waiting = 0
    while make.poll() is None:
        status = gw.status()
        if status["queued"]:
            waiting += 1
            assert status["slots_busy"] == 2, status
    project.finish(make)
    server.wait_count(32)
    assert waiting > 0
    assert server.most_at_once() == 2
    runs = server.runs()
    used = sum(end - begin for begin, end in runs) / 2 / (max(end for _, end in runs) - runs[0][0])
    print(f"\n32 units on 2 slots: {100 * used:.0f} % of their time in the compiler; {waiting} looks at a queue")
    assert not SOAK or used > 0.9


def test_a_server_without_a_limit_gets_as_many_jobs_as_bring_something(timed_server, gateway, base):
    """Two that look the same: one could do more at once than four, the other lets a fifth wait (test-makespan.c has
    more of the kind). The third has a limit."""
    # jobs that take so long that the farm is the limit, and not this machine, which may be busy
    ms = 300 if SOAK else 800
    wide, narrow, limited = timed_server(ms, 16), timed_server(ms, 4), timed_server(ms, 16)
    gw = gateway([wide.host, narrow.host, f"{limited.host}/4"])
    assert [server["slots"] for server in gw.status()["servers"]] == [4, 4, 4]
    def decisions(server):
        return [line for line in gw.lines if server.host in line and "at once" in line]

    # on a busy machine one build may be too short to tell what more jobs bring
    jobs, farm_was_the_limit = 400 if SOAK else 160, SOAK
    for number in range(1 if SOAK else 5):
        project, begin = timed.Project(base / f"project{number}", jobs), time.monotonic()
        project.finish(project.start(gw, 64 if SOAK else 40))
        farm_was_the_limit |= time.monotonic() - begin < 1.7 * jobs * ms / 1000 / 12
        if decisions(wide) and wide.most_at_once() >= 6:
            break
    most = [server.most_at_once() for server in (wide, narrow, limited)]
    runs = [len(server.runs()) for server in (wide, narrow, limited)]
    print(f"\ncompilers at once: {most}; jobs {runs}; farm was the limit: {farm_was_the_limit}; " + "; ".join(line.split("info: ")[-1].strip() for line in gw.lines if "at once" in line))
    assert most[2] <= 4 and not decisions(limited)
    if not farm_was_the_limit:
        return      # to a machine that cannot keep the first slots busy more of them bring nothing
    assert most[0] >= 6 and most[2] == 4 and decisions(wide)
    # on a busy machine the fifth's way there and back is worth hiding
    assert not SOAK or not [line for line in decisions(narrow) if "gets 6 jobs at once" in line]
    assert runs[0] > runs[1]


# --------------------------------------------------------------- builds share

def queue_history(events):
    """For each grant, in order: (its build, {build: jobs that waited just before})."""
    waiting, history = {}, []
    for event in events:
        build = event["build"]
        if event["event"] in ("queued", "replayed"):
            waiting[build] = waiting.get(build, 0) + 1
        elif event["event"] == "granted":
            history.append((build, dict(waiting)))
            waiting[build] -= 1
    return history


def assert_turns(history, one, other):
    """As long as both have work waiting, neither gets two grants more than the other. Returns the number of such grants."""
    lead = checked = 0
    for build, waiting in history:
        if not waiting.get(one) or not waiting.get(other):
            lead = 0
        elif build in (one, other):
            lead += 1 if build == one else -1
            checked += 1
            assert abs(lead) <= 2, (one, other, checked)
    return checked


def shares(history, builds, jobs):
    """Grants of each build from the moment when all have begun until the first has nothing new: the worst ratio
    of two of them after the first 50."""
    counts = {build: 0 for build in builds}
    left = {build: jobs for build in builds}
    begun, worst = set(), 1.0
    for build, waiting in history:
        left[build] -= 1
        begun.add(build)
        if len(begun) == len(builds) and all(left[name] > waiting.get(name, 0) for name in builds):
            counts[build] += 1
            if sum(counts.values()) > 50:
                worst = max(worst, max(counts.values()) / min(counts.values()))
    return counts, worst


def test_four_sandboxes_share_two_servers(timed_server, gateway, base):
    """No slot is taken twice, and the builds get on side by side."""
    # few slots in small, so that a slow machine's clients still are more than the servers take
    slots, files = (8, 150) if SOAK else (2, 20)
    a, b = timed_server(400, 2 * slots), timed_server(400, 2 * slots)
    gw = gateway([f"{a.host}/{slots}", f"{b.host}/{slots}"])
    names = [f"build{n}" for n in range(4)]
    builds = []
    for name in names:
        project = timed.Project(base / name, files)
        inside = sandbox.Sandbox("unshare", gw.path, project.directory, base / f"inside-{name}")
        env = {**inside.env(DISTCC_HOSTS=f"unix:{inside.socket}"), "DISTCC_BUILD": name}
        builds.append((project, project.start(gw, 16, inside.prefix, **env)))
    for project, make in builds:
        project.finish(make)
    wait.until(lambda: a.count() + b.count() == 4 * files, "the servers to have logged each job")
    history = queue_history(timed.events(gw))
    checked = [assert_turns(history, one, other) for one, other in itertools.combinations(names, 2)]
    counts, worst = shares(history, names, files)
    print(f"\ngrants side by side: {counts}, the most unequal pair ever after 50 grants {worst:.2f}; grants in turns checked: {checked}")
    assert min(checked) > 0
    assert not SOAK or worst <= 1.2
    assert (a.most_at_once(), b.most_at_once()) == (slots, slots)


def test_one_job_beside_a_big_build_gets_the_next_slot(timed_server, gateway, base):
    server = timed_server(1000 if SOAK else 300, 8)
    gw = gateway([f"{server.host}/4"])
    big, small = timed.Project(base / "big", 48), timed.Project(base / "small", 1)
    make = big.start(gw, 64 if SOAK else 24, DISTCC_BUILD="big")
    wait.until(lambda: gw.status()["granted"] >= 8, "the big build to be under way")
    small.finish(small.start(gw, 1, DISTCC_BUILD="small"))
    big.finish(make)
    events = timed.events(gw)
    queued, granted = ([i for i, event in enumerate(events) if event["build"] == "small" and event["event"] == kind][0]
                       for kind in ("queued", "granted"))
    before = [event for event in events[queued:granted] if event["event"] == "granted"]
    print(f"\nthe small build waited {events[granted]['waited_ms']} ms, {len(before)} grants went before")
    assert len(before) <= 1
    # one job's time: the compiler's second, and the way there and back
    assert not SOAK or events[granted]["waited_ms"] <= max(event["run_ms"] for event in events)


# --------------------------------------------------------------- speed

def test_servers_of_different_speed_end_together(timed_server, gateway, base):
    """The same in a clock of its own, many times over: test/unit/test-makespan.c."""
    unit, files, percents = (400, 120, (50, 100, 150, 100)) if SOAK else (150, 42, (100,))
    servers = [timed_server(unit * 4 // speed, 4) for speed in (1, 2, 4)]
    gw = gateway([f"{server.host}/2" for server in servers])
    project = timed.Project(base / "project", files, percents)
    begin = time.monotonic()
    project.finish(project.start(gw, 16))
    took = time.monotonic() - begin
    work = sum(unit * 4 * percents[n % len(percents)] / 100 for n in range(files)) / 1000
    longest = max(end - begin for server in servers for begin, end in server.runs())
    bound = work / (2 * 7) + longest
    counts = [len(server.runs()) for server in servers]
    print(f"\nspeeds 1, 2, 4: {took:.1f} s, the bound is {bound:.1f} s ({took / bound:.2f}); jobs {counts}")
    assert sum(counts) == files
    assert all(server.most_at_once() <= 2 for server in servers)
    assert 1 <= counts[0] < counts[2]
    assert not SOAK or took <= 1.10 * bound


@pytest.mark.skipif(not SOAK, reason="soak only: timed")
def test_a_server_that_turns_slow_is_not_on_the_tail(timed_server, gateway, base):
    servers = [timed_server(500, 4) for _ in range(3)]
    gw = gateway([f"{server.host}/2" for server in servers])
    project = timed.Project(base / "project", 180)
    make = project.start(gw, 32)
    wait.until(lambda: len(servers[2].runs()) >= 20, "the build to be under way")
    servers[2].ms = 2000
    project.finish(make)
    ends = [max(end for _, end in server.runs()) for server in servers]
    print(f"\nthe slow one's last job ended {ends[2] - max(ends[:2]):+.2f} s after the others'; jobs {[len(s.runs()) for s in servers]}")
    assert ends[2] <= max(ends[:2]) + 0.5


# --------------------------------------------------------------- faults

JOB_S = 0.5
CONNECT_S = 1.0
DOWN_S = 4.0
FAULTS = (faulty.REFUSE, faulty.HOLE, faulty.RESET, faulty.STALL, faulty.STALL_REPLY)


def healthy_build(gw, base, name, files):
    project = timed.Project(base / name, files)
    begin = time.monotonic()
    project.finish(project.start(gw, 32))
    return time.monotonic() - begin


@pytest.mark.skipif(not SOAK, reason="soak only: timed; test_faults.py has each fault in small")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_mid_build_costs_little(fault, stack, timed_server, gateway, base):
    """For four seconds one of two servers fails in one way."""
    a, b = timed_server(int(1000 * JOB_S), 12), timed_server(int(1000 * JOB_S), 12)
    proxy = stack.enter_context(faulty.FaultyProxy(a.port))
    gw = gateway([f"{proxy.host}/8", f"{b.host}/8"])
    files = 320
    usual = healthy_build(gw, base, "usual", files)
    before = gw.status()
    project = timed.Project(base / "project", files)
    begin = time.monotonic()
    make = project.start(gw, 32)
    wait.until(lambda: gw.status()["done"] - before["done"] >= 50, "the build to be under way")
    proxy.set_mode(fault)
    time.sleep(DOWN_S)
    proxy.set_mode(faulty.PASS)
    back = time.monotonic()
    project.finish(make)
    took = time.monotonic() - begin
    project.assert_objects()
    later = [run[0] for run in a.runs() if run[0] > back]
    used_again = later[0] - back if later else float("inf")
    # half of the farm is missing while it is down and not yet found to be back
    lost = took - usual - (DOWN_S + min(used_again, 5)) / 2
    status = gw.status()
    print(f"\n{fault}: {took:.1f} s instead of {usual:.1f}; {lost:+.1f} s lost beyond the missing half; used again after {used_again:.1f} s; "
          f"{status['replayed']} attempts repeated, {status['servers'][1]['failed']} failures of the healthy one")
    assert status["servers"][1]["failed"] == 0
    assert used_again <= 5
    assert lost <= CONNECT_S + JOB_S


@pytest.mark.skipif(not SOAK, reason="soak only: timed")
def test_a_compiler_that_is_killed_costs_little(timed_server, gateway, base):
    """Each compile on one of two servers dies: the other one does them, and the server is not blamed."""
    a, b = timed_server(int(1000 * JOB_S), 12), timed_server(int(1000 * JOB_S), 12)
    gw = gateway([f"{a.host}/8", f"{b.host}/8"])
    files = 160
    (a.bin / "gcc").unlink()
    (a.bin / "gcc").write_text("#!/bin/sh\nkill -9 $$\n")
    (a.bin / "gcc").chmod(0o755)
    project = timed.Project(base / "project", files)
    begin = time.monotonic()
    project.finish(project.start(gw, 32))
    took = time.monotonic() - begin
    project.assert_objects()
    status = gw.status()
    alone = files * JOB_S / 8
    print(f"\nkilled compilers: {took:.1f} s, the other server alone needs {alone:.1f} s; {status['replayed']} attempts repeated")
    assert [server["failed"] for server in status["servers"]] == [0, 0]
    assert b.count() == files


@pytest.mark.skipif(not SOAK, reason="soak only: timed")
def test_a_restart_of_a_server_in_mid_build_costs_little(timed_server, gateway, base):
    a, b = timed_server(int(1000 * JOB_S), 12), timed_server(int(1000 * JOB_S), 12)
    gw = gateway([f"{a.host}/8", f"{b.host}/8"])
    files = 320
    usual = healthy_build(gw, base, "usual", files)
    project = timed.Project(base / "project", files)
    begin = time.monotonic()
    make = project.start(gw, 32)
    wait.until(lambda: gw.status()["done"] >= files + 50, "the build to be under way")
    a.stop()
    runs = len(a.runs())
    a.__enter__()
    back = time.monotonic()
    project.finish(make)
    took = time.monotonic() - begin
    project.assert_objects()
    used_again = a.runs()[runs][0] - back
    lost = took - usual - min(used_again, 5) / 2
    print(f"\nrestart: {took:.1f} s instead of {usual:.1f}; {lost:+.1f} s lost; used again after {used_again:.1f} s")
    assert gw.status()["servers"][1]["failed"] == 0
    assert used_again <= 5
    assert lost <= CONNECT_S + JOB_S
