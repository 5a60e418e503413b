# SPDX-License-Identifier: GPL-2.0-or-later
"""--replace: one gateway takes another's place in the middle of everything, and nobody notices."""

import json
import os
import re
import signal
import socket
import subprocess

import pytest

from lib import counting, lease, peers, wait
from test_seeing import ask as show
from test_seeing import late_on, monitor

SOAK = bool(os.environ.get("DISTCC_SOAK"))
FILES, RESTARTS = (2000, 100) if SOAK else (200, 5)

MAKEFILE = "OBJS := $(patsubst %.c,%.o,$(wildcard *.c))\nall: $(OBJS)\n%.o: %.c\n\t@$(DISTCC) gcc -c $< -o $@\n"


def server_of(gate, name):
    return next(server for server in gate.status()["servers"] if server["name"] == name)


def test_restarts_during_a_build_lose_nothing(stack, gateway, stock_server, client_env, base):
    servers = [stock_server(jobs=8), stock_server(jobs=8)]
    proxies = [stack.enter_context(counting.CountingProxy(server.port)) for server in servers]
    # some of the clients are kept waiting at every moment
    gates = [gateway([f"{proxy.host}/3" for proxy in proxies])]
    work = base / "build"
    work.mkdir()
    for i in range(FILES):
        (work / f"file{i}.c").write_text(f"int value{i}(void) {{ return {i}; }}\n")
    (work / "Makefile").write_text(MAKEFILE)
    before = sum(server.count() for server in servers)
    build = subprocess.Popen(["make", "-s", "-j32", f"DISTCC={peers.CLIENT}"], cwd=work, env=client_env(gates[0].host),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    done = lambda: sum(server.count() for server in servers) - before  # noqa: E731
    for i in range(RESTARTS):
        wait.until(lambda: done() >= (i + 1) * FILES // (RESTARTS + 1) or build.poll() is not None, "the build to go on")
        assert build.poll() is None, f"the build ended before restart {i}: {build.communicate()[0]}"
        gates.append(stack.enter_context(gates[-1].successor()))
    output, _ = build.communicate(timeout=600)
    assert build.returncode == 0 and output == "", output + gates[-1].log[-2000:]
    wait.until(lambda: done() >= FILES, "all jobs at the servers")
    assert len(list(work.glob("*.o"))) == FILES
    assert max(proxy.most for proxy in proxies) <= 3
    for gate in gates[:-1]:
        assert wait.for_exit(gate.process) == 0
        assert "ERROR" not in gate.log and "Warning" not in gate.log, gate.log
    status = gates[-1].status()
    assert status["leases"] == 0 and status["queued"] == 0
    # on a busy machine some are late, and tried twice
    assert done() <= FILES + status["second_attempts"]
    # each job is counted once, whichever of the gateways had it
    counts = {name: status[name] for name in ("jobs", "done", "denied", "cancelled", "local", "jobs_live", "lease_jobs")}
    assert counts == {"jobs": FILES, "done": FILES, "denied": 0, "cancelled": 0, "local": 0, "jobs_live": 0, "lease_jobs": FILES}
    assert sum(server["done"] for server in status["servers"]) == FILES
    assert (status["builds"][0]["jobs"], status["builds"][0]["done"], status["builds"][0]["live"]) == (FILES, FILES, 0)
    assert [server["in_flight"] for server in status["servers"]] == [0, 0]


@pytest.mark.parametrize("answer", ["first", "second", "neither"])
def test_a_second_attempt_outlives_a_restart(stack, gateway, stock_server, workplace, client_env, answer):
    """Both its slots are in use at the new gateway, too, and it is counted there, once."""
    *servers, third = stock_server(), stock_server(), stock_server()
    old = gateway([f"{server.host}/1" for server in servers])
    workplace.reset()
    client = late_on(old, client_env(old.host), workplace, servers)
    jobs = old.status()["jobs"]
    try:
        shown, = (json.loads(line) for line in monitor(old, "--json").splitlines())
        names = {"first": shown["server"], "second": shown["second"]["server"]}
        new = stack.enter_context(old.successor())
        assert [server_of(new, server.host)["in_flight"] for server in servers] == [1, 1]
        administrate(new, f"--add={third.host}")
        for server in servers:
            if answer == "neither":
                os.killpg(server.pid, signal.SIGKILL)
            elif server.host == names[answer]:
                os.killpg(server.pid, signal.SIGCONT)
        assert client.wait(timeout=60) == 0
    finally:
        for server in servers:
            if server.process.poll() is None:
                os.killpg(server.pid, signal.SIGCONT)
        client.wait(timeout=60)
    assert wait.for_exit(old.process) == 0
    wait.until(lambda: new.status()["jobs_live"] == 0, "the last counts")
    status = new.status()
    assert (status["jobs"], status["done"], status["denied"], status["cancelled"]) == (jobs, jobs, 0, 0)
    assert status["second_attempts"] >= 1 and status["slots_busy"] == 0
    assert (workplace.path / "late.o").read_bytes() == (workplace.path / "0.o").read_bytes()


def test_a_slot_in_use_at_the_old_one_is_in_use_at_the_new_one(stack, gateway, stock_server):
    server = stock_server()
    old = gateway([f"{server.host}/1"])
    holder = stack.enter_context(lease.Lease(old.path))
    assert holder.ask(compiler="gcc", modes="relay")[0] == "GRNT"
    waiting = stack.enter_context(lease.Lease(old.path))
    waiting.sock.sendall(lease.message("WANT", compiler="gcc", modes="relay") + lease.message("REDY", size=1))
    preparing = stack.enter_context(lease.Lease(old.path))
    preparing.sock.sendall(lease.message("WANT", compiler="gcc", modes="relay"))
    silent = stack.enter_context(socket.socket(socket.AF_UNIX))
    silent.connect(str(old.path))
    wait.until(lambda: old.status()["queued"] == 1 and old.status()["peers"] == 4, "all to be there")

    new = stack.enter_context(old.successor())
    wait.until(lambda: new.status()["queued"] == 1 and new.status()["peers"] == 3, "all but the holder to be handed over")
    assert server_of(new, server.host)["in_flight"] == 1
    third = stack.enter_context(new.successor())
    wait.until(lambda: third.status()["queued"] == 1, "the waiting one to be handed on")
    assert server_of(third, server.host)["in_flight"] == 1
    assert old.process.poll() is None and new.process.poll() is None, "ended before its jobs did"

    holder.sock.close()
    assert wait.for_exit(old.process) == 0
    assert wait.for_exit(new.process) == 0
    assert waiting.ask_again()[0] == "GRNT"
    preparing.sock.sendall(lease.message("REDY", size=1))
    waiting.sock.close()
    assert preparing.ask_again()[0] == "GRNT"
    assert server_of(third, server.host)["in_flight"] == 1


def test_an_old_gateway_that_is_killed_frees_what_it_used(stack, gateway, stock_server):
    server = stock_server()
    old = gateway([f"{server.host}/1"])
    holder = stack.enter_context(lease.Lease(old.path))
    assert holder.ask(compiler="gcc", modes="relay")[0] == "GRNT"
    new = stack.enter_context(old.successor())
    assert server_of(new, server.host)["in_flight"] == 1
    old.stop(signal.SIGKILL)
    wait.until(lambda: server_of(new, server.host)["in_flight"] == 0, "the slot to be free")
    assert new.path.exists(), "the socket was removed"


def test_a_new_gateway_that_cannot_start_changes_nothing(gateway, stock_server, workplace, client_env):
    server = stock_server()
    old = gateway([server.host])
    assert old.status()["servers"]
    old.hosts_file.write_text("127.0.0.1:none\n")
    done = subprocess.run([*old.command, "--replace"], capture_output=True, text=True, timeout=20, check=False, env=old.env)
    assert done.returncode == 106 and "bad port" in done.stderr
    assert workplace.run([peers.CLIENT, "gcc", "-c", "hello.c"], client_env(old.host)).rc == 0
    server.wait_count(1)
    assert "takes over" not in old.log


def test_without_a_gateway_to_replace_it_is_a_start_like_any_other(gateway):
    gate = gateway(["127.0.0.1:1"], extra=["--replace"])
    assert gate.status()["servers"]
    assert "no gateway runs here" in gate.log


def test_the_last_one_takes_the_sockets_away(stack, gateway):
    old = gateway(["127.0.0.1:1"])
    new = stack.enter_context(old.successor())
    assert wait.for_exit(old.process) == 0
    assert new.path.exists()
    assert new.stop() == 0
    assert not new.path.exists() and not (new.dir.with_name("gw-control") / "socket").exists()


def test_a_job_that_fails_at_the_old_one_goes_on_at_the_new_one(stack, gateway, stock_server, base, client_env):
    server = stock_server()
    dead = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    name = f"127.0.0.1:{dead.getsockname()[1]}"
    old = gateway([f"{name}/4", f"{server.host}/4,down"])
    (base / "one.c").write_text("int one;\n")
    client = subprocess.Popen([str(peers.CLIENT), "gcc", "-c", "one.c", "-o", "one.o"], cwd=base, env=client_env(old.host),
                              stderr=subprocess.PIPE, text=True)
    far, _ = dead.accept()
    far.settimeout(20)
    assert far.recv(100)
    old.hosts_file.write_text(f"{server.host}/4\n")
    stack.enter_context(old.successor())
    # the server dies with the request in it; the client has been told long ago that it is relayed
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    far.close()
    _, err = client.communicate(timeout=30)
    assert client.returncode == 0, err
    server.wait_count(1)
    assert wait.for_exit(old.process) == 0


def test_a_raw_client_and_its_big_request_are_handed_over(stack, gateway, stock_server, base, client_env):
    server = stock_server()
    old = gateway([f"{server.host}/1"])
    holder = stack.enter_context(lease.Lease(old.path))
    assert holder.ask(compiler="gcc", modes="relay")[0] == "GRNT"
    (base / "big.c").write_text("".join(f"int value{i} = {i};\n" for i in range(100000)))
    client = subprocess.Popen([str(peers.CLIENT), "gcc", "-c", "big.c", "-o", "big.o"], cwd=base,
                              env=client_env(f"{old.host},raw"), stderr=subprocess.PIPE, text=True)
    wait.until(lambda: old.status()["queued"] == 1, "the raw client to be queued")
    new = stack.enter_context(old.successor())
    wait.until(lambda: new.status()["queued"] == 1, "the raw client to be handed over")
    holder.sock.close()
    _, err = client.communicate(timeout=60)
    assert client.returncode == 0, err
    server.wait_count(1)


def test_a_place_on_this_machine_is_handed_over_with_its_holder(stack, gateway):
    old = gateway(["127.0.0.1:1", "--localslots=1"])
    holder = stack.enter_context(lease.Lease(old.path))
    assert holder.ask(kind="link", modes="local")[0] == "GRNT"
    new = stack.enter_context(old.successor())
    assert wait.for_exit(old.process) == 0
    waiting = stack.enter_context(lease.Lease(new.path))
    waiting.sock.sendall(lease.message("WANT", kind="link", modes="local") + lease.message("REDY", size=1))
    wait.until(lambda: new.status()["here_waiting"] == 1, "the second to wait for the place")
    holder.sock.close()
    assert waiting.ask_again()[0] == "GRNT"


def administrate(gate, *options):
    subprocess.run([str(peers.GATEWAY), f"--listen=unix:{gate.path}", *options], check=True, capture_output=True, timeout=20,
                   env=peers.clean_env())


def states(gate):
    return {server["name"]: server["slots"] for server in gate.status()["servers"]}


def test_what_an_administrator_changed_is_kept(stack, gateway):
    """Through two successions, on top of a list that was edited meanwhile."""
    old = gateway(["127.0.0.1:1/2", "127.0.0.1:2/2", "127.0.0.1:3/2"])
    administrate(old, "--add=127.0.0.1:4/7")
    administrate(old, "--drain=127.0.0.1:1")
    administrate(old, "--remove=127.0.0.1:2")
    administrate(old, "--remove=127.0.0.1:3")
    old.hosts_file.write_text("127.0.0.1:1/2\n127.0.0.1:2/2\n127.0.0.1:5/3\n")
    wanted = {"127.0.0.1:4": 7, "127.0.0.1:5": 3}
    new = stack.enter_context(old.successor())
    wait.until(lambda: {name: slots for name, slots in states(new).items() if name != "127.0.0.1:1"} == wanted, "the changes")
    assert "--remove=127.0.0.1:3 is not kept: no host" in new.log
    assert wait.for_exit(old.process) == 0
    third = stack.enter_context(new.successor())
    wait.until(lambda: {name: slots for name, slots in states(third).items() if name != "127.0.0.1:1"} == wanted, "the changes, again")
    # a drained one is listed, without a slot for anybody
    administrate(third, "--add=127.0.0.1:1/2")
    wait.until(lambda: states(third).get("127.0.0.1:1") == 2, "the drained one to be back")
    administrate(third, "--reload")
    wait.until(lambda: states(third) == {"127.0.0.1:1": 2, "127.0.0.1:2": 2, "127.0.0.1:5": 3}, "the file's own list")


COUNTED = ("jobs", "granted", "done", "denied", "cancelled", "replayed", "local", "relayed", "lease_jobs", "here_compiles")


def counted(gate):
    status = gate.status()
    return {name: status[name] for name in COUNTED}, status


def test_counts_go_on_where_the_old_one_stopped(stack, gateway, stock_server, workplace, client_env, base):
    server = stock_server()
    old = gateway([f"{server.host}/1"])
    env = client_env(old.host, DISTCC_BUILD="one", DISTCC_LOG=base / "client.log")
    workplace.reset()
    for i in range(3):
        assert workplace.run([peers.CLIENT, "gcc", "-c", "hello.c", "-o", f"{i}.o"], env).rc == 0
    assert workplace.run([peers.CLIENT, "gcc", "-S", "hello.c", "-o", "-"], env).rc == 0
    wait.until(lambda: old.status()["local"] == 1, "the local run to be counted")
    holder = stack.enter_context(lease.Lease(old.path))
    assert holder.ask(compiler="gcc", modes="relay", build="two")[0] == "GRNT"
    waiting = stack.enter_context(lease.Lease(old.path))
    waiting.send(compiler="gcc", modes="relay", build="two")
    wait.until(lambda: old.status()["queued"] == 1, "the second job to wait")
    number = next(job["job"] for job in map(json.loads, show(old, what="jobs", format="json").splitlines()) if job["phase"] == "Blocked")
    before, status = counted(old)
    assert before["jobs"] == 5 and before["done"] == 3 and status["jobs_live"] == 2

    new = stack.enter_context(old.successor())
    wait.until(lambda: new.status()["queued"] == 1, "the one that waits to be handed over")
    after, status = counted(new)
    assert after == before
    assert status["jobs_live"] == 2 and status["reasons"] == {"output-stdout": 1}
    assert server_of(new, server.host)["done"] == 3
    builds = {build["build"]: build for build in status["builds"]}
    assert (builds["one"]["done"], builds["one"]["local"], builds["two"]["jobs"], builds["two"]["live"]) == (3, 1, 2, 2)

    # a job of the old one that ends counts at the new one; the other has kept its number
    holder.sock.close()
    name, grant = waiting.ask_again()
    assert name == "GRNT"
    assert wait.for_exit(old.process) == 0
    wait.until(lambda: new.status()["cancelled"] == 1, "the end of the first to be counted")
    assert grant["lease"] == str(number)
    waiting.sock.close()
    wait.until(lambda: new.status()["cancelled"] == 2, "the end of the second")
    assert workplace.run([peers.CLIENT, "gcc", "-c", "hello.c", "-o", "4.o"], env).rc == 0
    after, status = counted(new)
    assert (after["jobs"], after["done"], after["granted"], after["lease_jobs"], status["jobs_live"]) == (6, 4, 6, 6, 0)
    jobs = [int(word) for word in re.findall(r"result: .* job=([1-9]\d*)$", (base / "client.log").read_text(), re.M)]
    assert len(jobs) == 4 and jobs[:3] == sorted(jobs[:3]) and jobs[2] < number < jobs[3]


def test_jobs_of_an_old_one_that_is_killed_are_counted_as_cancelled(stack, gateway, stock_server):
    old = gateway([f"{stock_server().host}/1"])
    holder = stack.enter_context(lease.Lease(old.path))
    assert holder.ask(compiler="gcc", modes="relay", build="b")[0] == "GRNT"
    new = stack.enter_context(old.successor())
    wait.until(lambda: new.status()["jobs_live"] == 1, "the counts")
    old.stop(signal.SIGKILL)
    wait.until(lambda: new.status()["cancelled"] == 1, "the job to be counted")
    status = new.status()
    assert status["jobs"] == 1 and status["jobs_live"] == 0
    assert (status["builds"][0]["cancelled"], status["builds"][0]["live"]) == (1, 0)


def test_the_pid_file_names_whoever_serves(gateway, base):
    pid_file = base / "pid"
    old = gateway(["127.0.0.1:1"], extra=["--pid-file", str(pid_file)])
    # the last thing of its start; who does not wait for that may connect before
    wait.until(pid_file.read_text, "the number")
    assert pid_file.read_text() == f"{old.pid}\n"
    command = [*(word for word in old.command if word != "--log-stderr"), "--replace", "--daemon", f"--log-file={base}/log"]
    old.hosts_file.write_text("127.0.0.1:none\n")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=old.env)
    assert done.returncode != 0 and "bad port 'none'" in done.stderr
    assert pid_file.read_text() == f"{old.pid}\n" and old.status()["servers"]
    old.hosts_file.write_text("127.0.0.1:2\n")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=old.env)
    assert (done.returncode, done.stderr) == (0, "")
    pid = int(pid_file.read_text())
    assert pid != old.pid
    assert wait.for_exit(old.process) == 0
    assert pid_file.read_text() == f"{pid}\n"
    os.kill(pid, signal.SIGTERM)
    wait.until(lambda: not wait.pid_exists(pid), "the new one to end")
    assert not pid_file.exists()
