# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers that fail during a build. The build finishes with all objects right, nothing runs here, no
healthy server is punished, and a server that comes back is used again within seconds."""

import itertools
import os
import signal
import subprocess
import time

import pytest

from lib import broken, peers, timed, wait
from test_slots import assert_objects_equal, make, write_project

FILES = 12
SOAK = bool(os.environ.get("DISTCC_SOAK"))


def build(gw, workplace):
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=gw.host, DISTCC_FALLBACK="0")
    done = make(workplace, f"{peers.CLIENT} gcc", "far", env, jobs=8)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("behave", [broken.reset, broken.close_in_reply, broken.close_without_reply, broken.no_distcc,
                                    broken.stall_in_reply, broken.stall_after_accept], ids=lambda value: value.__name__)
def test_a_broken_server_costs_no_job(behave, stack, stock_server, gateway, workplace):
    server = stock_server()
    bad = stack.enter_context(broken.BrokenServer(behave))
    gw = gateway([f"{bad.host}/8", f"{server.host}/2"])
    write_project(workplace, FILES)
    assert make(workplace, "gcc", "local", peers.clean_env()).returncode == 0
    build(gw, workplace)
    assert_objects_equal(workplace, FILES)
    server.wait_count(FILES)
    assert bad.met >= 1
    status = gw.status()
    assert status["servers"][1]["failed"] == 0
    assert (status["leases"], status["slots_busy"]) == (0, 0)


def test_a_black_hole_costs_one_time_out_for_all(stack, stock_server, gateway, workplace):
    server = stock_server()
    hole = stack.enter_context(broken.BlackHole())
    gw = gateway([f"{hole.host}/8", f"{server.host}/2"])
    write_project(workplace, FILES)
    assert make(workplace, "gcc", "local", peers.clean_env()).returncode == 0
    build(gw, workplace)
    assert_objects_equal(workplace, FILES)
    server.wait_count(FILES)
    # what was on its way when it was found out, and not each job anew
    assert gw.status()["servers"][0]["failed"] <= 8 + 2


def compile_one(gw, workplace, fallback="0"):
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=gw.host, DISTCC_FALLBACK=fallback)
    return subprocess.run([peers.CLIENT, "gcc", "-c", "f0.c", "-o", "f0.o"], cwd=workplace.path, env=env, capture_output=True,
                          timeout=60, check=False).returncode


def test_a_server_that_comes_back_is_used_within_five_seconds(stack, base, gateway, workplace):
    port = peers.free_port()
    gw = gateway([f"127.0.0.1:{port}/4"])
    write_project(workplace, 1)
    for _ in range(4):
        assert compile_one(gw, workplace) != 0
    # long enough down that its pauses have grown
    wait.until(lambda: compile_one(gw, workplace) and gw.status()["servers"][0]["failed"] >= 3, "the third failed probe")
    server = stack.enter_context(peers.stock_server(base / "back", port=port))
    wait.until(lambda: compile_one(gw, workplace) == 0, "the server to be used", deadline_s=wait.within(5))
    server.wait_count(1)


def test_a_server_that_is_stopped_in_mid_build_loses_its_jobs_to_another(stack, base, stock_server, gateway, workplace):
    """Alive for the kernel, which goes on accepting: only time tells."""
    stopped, server = stock_server(), stock_server()
    gw = gateway([f"{stopped.host}/2", f"{server.host}/2"])
    write_project(workplace, FILES)
    assert make(workplace, "gcc", "local", peers.clean_env()).returncode == 0
    os.killpg(stopped.pid, signal.SIGSTOP)
    try:
        build(gw, workplace)
    finally:
        os.killpg(stopped.pid, signal.SIGCONT)
    assert_objects_equal(workplace, FILES)
    status = gw.status()
    # found to be stuck, or late while the other had nothing to do
    assert status["moved"] + status["overtaken"] >= 1
    server.wait_count(FILES)


def test_a_compiler_that_one_server_lacks_is_used_on_the_other(stack, base, stock_server, gateway, workplace):
    """Found out by its answer, and remembered for that compiler alone: the server is up."""
    (base / "nothing").mkdir()
    lacking = peers.Server(peers.STOCK_SERVER, base / "lacking", extra=["--enable-tcp-insecure"])
    lacking.env["DISTCCD_PATH"] = str(base / "nothing")
    stack.enter_context(lacking)
    having = stock_server()
    gw = gateway([f"{lacking.host}/4", f"{having.host}/4"])
    write_project(workplace, FILES)
    assert make(workplace, "gcc", "local", peers.clean_env()).returncode == 0
    build(gw, workplace)
    assert_objects_equal(workplace, FILES)
    having.wait_count(FILES)
    status = gw.status()
    assert [server["state"] for server in status["servers"]] == ["up", "up"]
    # those that were on their way when it was found out, and at most one in a while after that
    assert 1 <= status["replayed"] <= 8


def test_a_server_whose_compilers_are_killed_is_asked_seldom(stack, base, stock_server, gateway, workplace):
    """As where memory has run out: twice in a row is no job's fault, and concerns that compiler alone."""
    (base / "deadly").mkdir()
    (base / "deadly" / "gcc").write_text("#!/bin/sh\nkill -9 $$\n")
    (base / "deadly" / "gcc").chmod(0o755)
    deadly = peers.Server(peers.STOCK_SERVER, base / "server", extra=["--enable-tcp-insecure"])
    deadly.env["DISTCCD_PATH"] = f"{base / 'deadly'}:/usr/bin:/bin"
    stack.enter_context(deadly)
    healthy = stock_server()
    gw = gateway([f"{deadly.host}/2", f"{healthy.host}/2"])
    files = 3 * FILES
    write_project(workplace, files)
    assert make(workplace, "gcc", "local", peers.clean_env()).returncode == 0
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=gw.host, DISTCC_FALLBACK="0", DISTCC_NO_REWRITE_CROSS="1")
    done = make(workplace, f"{peers.CLIENT} gcc", "far", env, jobs=8)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert_objects_equal(workplace, files)
    healthy.wait_count(files)
    status = gw.status()
    assert [server["failed"] for server in status["servers"]] == [0, 0]
    # those that were on their way, and one in 4 s after that
    assert 1 <= status["replayed"] <= files // 2


def replace_compiler(server, text):
    """The server's gcc is another program from now on. Returns the one that was there."""
    program = server.bin / "gcc"
    before = server.bin / "gcc.before"
    program.rename(before)
    (server.bin / "gcc.new").write_text(text)
    (server.bin / "gcc.new").chmod(0o755)
    (server.bin / "gcc.new").rename(program)
    return before


FOREIGN = "#!/bin/sh\nexec clang --target=aarch64-linux-gnu \"$@\"\n"


@pytest.mark.parametrize("lzo", ["", ",lzo"] if SOAK else [",lzo"])
def test_a_compiler_that_makes_objects_for_another_machine_is_avoided_until_it_is_right_again(lzo, stack, base, gateway):
    """Replaced in mid-build, as by an upgrade: no object of it reaches the build, nothing is held against the other server or the other
    compilers of this one, and it is used again within seconds."""
    wrong, right = (stack.enter_context(timed.TimedServer(base / name, 100, 4)) for name in ("wrong", "right"))
    gw = gateway([f"{wrong.host}/2{lzo}", f"{right.host}/2{lzo}"])
    project = timed.Project(base / "project", 60)
    build_process = project.start(gw, 8)
    wait.until(lambda: gw.status()["done"] >= 8, "the build to be under way")
    good, begin = replace_compiler(wrong, FOREIGN), time.monotonic()
    project.finish(build_process)
    took = time.monotonic() - begin
    project.assert_objects()
    status = gw.status()
    # those that were on their way when it was found out, and both slots' each 4 s after that; half of the fifty others if nobody
    # remembered, within a second or two
    assert 1 <= status["replayed"] < 8 + 2 * (1 + took / 4), f"in {took:.0f} s"
    assert [server["failed"] for server in status["servers"]] == [0, 0]
    assert [server["state"] for server in status["servers"]] == ["up", "up"]
    n_clang = wrong.count()
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=gw.host, DISTCC_FALLBACK="0", DISTCC_GATEWAY_USE=wrong.host)
    subprocess.run([peers.CLIENT, "clang", "-c", "f0.c", "-o", "clang.o"], cwd=project.directory, env=env, check=True, timeout=60)
    wrong.wait_count(n_clang + 1)

    good.rename(wrong.bin / "gcc")
    n_runs, numbers = len(wrong.runs()), itertools.count()

    def is_used():
        # more at once than the other has slots: one that comes alone goes to whichever was quicker
        more = timed.Project(base / f"more{next(numbers)}", 16)
        more.finish(more.start(gw, 16))
        more.assert_objects()
        return len(wrong.runs()) > n_runs
    wait.until(is_used, "the server to be used again", deadline_s=10)


@pytest.mark.parametrize("pass_fds", ["never", "always"])
def test_what_only_the_compiler_here_knows_is_found_out_too(pass_fds, stack, base, gateway, workplace):
    """A cross compiler's objects: the client asks its own, and then the gateway finds another server. So it does for descriptors."""
    cross = "clang --target=i386-linux-gnu"
    bins = []
    for name, program in ("wrong", FOREIGN.replace("exec ", "shift; exec /usr/bin/")), ("right", "#!/bin/sh\nexec /usr/bin/clang \"$@\"\n"):
        bins.append(base / name)
        bins[-1].mkdir()
        (bins[-1] / "clang").write_text(program)
        (bins[-1] / "clang").chmod(0o755)
    wrong, right = (stack.enter_context(peers.stock_server(base / f"server-{path.name}", env={"DISTCCD_PATH": f"{path}:/usr/bin:/bin"},
                                                           extra=["--enable-tcp-insecure"])) for path in bins)
    gw = gateway([f"{wrong.host}/4", f"{right.host}/4"], pass_fds=pass_fds)
    workplace.files = {"f0.c": "int f(int a) { return a + 1; }\n"}
    workplace.reset()
    subprocess.run([*cross.split(), "-c", "f0.c", "-o", "local.o"], cwd=workplace.path, check=True)
    env = peers.clean_env(HOME=base, DISTCC_HOSTS=gw.host, DISTCC_FALLBACK="0", DISTCC_NO_REWRITE_CROSS="1")
    for n in range(4):
        done = subprocess.run([peers.CLIENT, *cross.split(), "-c", "f0.c", "-o", f"far{n}.o"], cwd=workplace.path, env=env, timeout=60,
                              capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert (workplace.path / f"far{n}.o").read_bytes() == (workplace.path / "local.o").read_bytes()
    assert wrong.count() >= 1
    right.wait_count(4)
    assert [server["failed"] for server in gw.status()["servers"]] == [0, 0]


def test_where_all_make_other_objects_the_job_is_done_here(stack, base, gateway):
    """And whoever expects the wrong thing is served, too: the client has the last word."""
    server = stack.enter_context(timed.TimedServer(base / "wrong", 0, 4))
    gw = gateway([f"{server.host}/2"])
    project = timed.Project(base / "project", 1)
    good = replace_compiler(server, FOREIGN)
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=gw.host, DISTCC_NO_REWRITE_CROSS="1", DISTCC_LOG=base / "log")
    for n in range(3):
        subprocess.run([peers.CLIENT, "gcc", "-c", "f0.c", "-o", "f0.o"], cwd=project.directory, env=env, check=True, timeout=60,
                       stderr=subprocess.DEVNULL)
        project.assert_objects()
        server.wait_count(n + 1)
    results = [line for line in (base / "log").read_text().splitlines() if " result: " in line]
    assert len(results) == 3 and all("where=local" in line and "reason=toolchain" in line for line in results), results
    good.rename(server.bin / "gcc")
    done = subprocess.run([peers.CLIENT, "gcc", "-c", "f0.c", "-o", "f0.o"], cwd=project.directory, env={**env, "DISTCC_FALLBACK": "0"},
                          check=False, timeout=60)
    assert done.returncode == 0
    project.assert_objects()
