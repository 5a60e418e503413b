# SPDX-License-Identifier: GPL-2.0-or-later
"""Item 4: many files at once over two servers: slots are never exceeded, all objects are a local
compile's, and the gateway's own counters return to where they started. And what several servers are
for: a dead one costs nobody a build."""

import os
import signal
import socket
import subprocess

from lib import peers, sandbox, wait
from lib.counting import CountingProxy

FILES = 200 if os.environ.get("DISTCC_SOAK") else 60


def write_project(workplace, count):
    """Sources that need some work, and a Makefile that builds them into the directory OUT."""
    workplace.files = {f"f{n}.c": f"#include <stdio.h>\n#include <stdlib.h>\nint f{n}(int a) {{ return printf(\"%d\", a + {n}); }}\n"
                       for n in range(count)}
    workplace.files["Makefile"] = ("OBJS = $(patsubst %.c,$(OUT)/%.o,$(wildcard *.c))\nall: $(OBJS)\n"
                                   "$(OUT)/%.o: %.c\n\t@mkdir -p $(OUT)\n\t@$(CC) -O2 -c $< -o $@\n")
    workplace.reset()


def make(workplace, compiler, out, env, prefix=(), jobs=16):
    return subprocess.run([*prefix, "make", "-s", f"-j{jobs}", f"CC={compiler}", f"OUT={out}"], cwd=workplace.path,
                          env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)


def assert_objects_equal(workplace, count):
    for number in range(count):
        local = (workplace.path / "local" / f"f{number}.o").read_bytes()
        assert (workplace.path / "far" / f"f{number}.o").read_bytes() == local


def idle_figures(gw):
    """What must come back to where it was, once the last connection is gone."""
    wait.until(lambda: gw.status()["peers"] == 0, "the gateway to be idle")
    status = gw.status()
    return {key: status[key] for key in ("descriptors", "live_bytes", "leases", "queued", "peers")}


def test_slots_of_two_stock_servers_are_never_exceeded(stock_server, gateway, stack, workplace, base):
    servers = [stock_server(jobs=8), stock_server(jobs=8)]
    proxies = [stack.enter_context(CountingProxy(server.port)) for server in servers]
    gw = gateway([f"{proxies[0].host}/2", f"{proxies[1].host}/4"])
    write_project(workplace, FILES)
    assert make(workplace, "gcc", "local", peers.clean_env()).returncode == 0
    before = idle_figures(gw)
    inside = sandbox.Sandbox("unshare", gw.path, workplace.path, base / "inside")
    env = inside.env(DISTCC_HOSTS=f"unix:{inside.socket}", DISTCC_FALLBACK="0")
    done = make(workplace, f"{peers.CLIENT} gcc", "far", env, inside.prefix)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert_objects_equal(workplace, FILES)
    assert idle_figures(gw) == before
    assert 1 <= proxies[0].most <= 2 and 1 <= proxies[1].most <= 4
    wait.until(lambda: servers[0].count() + servers[1].count() >= FILES, "the servers to have logged each job")
    assert servers[0].count() + servers[1].count() == FILES
    assert [server["in_flight"] for server in gw.status()["servers"]] == [0, 0]


def test_a_server_that_refuses_connections_costs_no_job(stock_server, gateway, workplace, base):
    server = stock_server()
    gw = gateway([f"127.0.0.1:{peers.free_port()}/4", f"{server.host}/4"])
    write_project(workplace, 12)
    assert make(workplace, "gcc", "local", peers.clean_env()).returncode == 0
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=gw.host, DISTCC_FALLBACK="0")
    done = make(workplace, f"{peers.CLIENT} gcc", "far", env)
    assert (done.returncode, done.stderr) == (0, b"")
    assert_objects_equal(workplace, 12)
    server.wait_count(12)
    assert gw.status()["servers"][0]["failed"] >= 1


def test_a_server_that_dies_in_the_middle_costs_no_job(stack, base, stock_server, gateway, workplace):
    """The answer breaks off: the kept request goes to the other server, the client notices nothing."""
    good = stock_server()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    stack.callback(listener.close)
    gw = gateway([f"127.0.0.1:{listener.getsockname()[1]}/9", f"{good.host}/1"])
    write_project(workplace, 1)
    assert make(workplace, "gcc", "local", peers.clean_env()).returncode == 0
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=gw.host, DISTCC_FALLBACK="0")
    with subprocess.Popen([peers.CLIENT, "gcc", "-O2", "-c", "f0.c", "-o", "far.o"], cwd=workplace.path, env=env,
                          stderr=subprocess.PIPE) as client:
        connection, _ = listener.accept()
        assert wait.for_bytes(connection, 12) == b"DIST00000001"
        connection.sendall(b"DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00001000half")
        connection.close()
        assert client.wait(timeout=60) == 0
        assert client.stderr.read() == b""
    assert (workplace.path / "far.o").read_bytes() == (workplace.path / "local" / "f0.o").read_bytes()
    good.wait_count(1)
    assert gw.status()["replayed"] == 1


def test_a_reload_changes_the_servers_and_a_bad_list_keeps_the_old(stock_server, gateway, workplace):
    first, second = stock_server(), stock_server()
    gw = gateway([f"{first.host}/4"])
    gw.hosts_file.write_text("this is,not/a list\n")
    gw.process.send_signal(signal.SIGHUP)
    gw.wait_log("the old list stays")
    assert [server["name"] for server in gw.status()["servers"]] == [first.host]
    gw.hosts_file.write_text(f"{second.host}/3\n")
    gw.process.send_signal(signal.SIGHUP)
    gw.wait_log("1 servers from", count=2)
    assert [(server["name"], server["slots"]) for server in gw.status()["servers"]] == [(second.host, 3)]
