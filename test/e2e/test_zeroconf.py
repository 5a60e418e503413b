# SPDX-License-Identifier: GPL-2.0-or-later
"""+zeroconf with a real avahi-daemon on a bus of its own, in a network namespace with two networks."""

import os
import re
import signal
import subprocess
import time

import pytest

from lib import peers, wait
from lib.avahi import Place

COMPILE = [peers.CLIENT, "gcc", "-c", "hello.c", "-o", "hello.o"]

@pytest.fixture
def place(stack, base):
    os.makedirs("/run/avahi-daemon", exist_ok=True)
    return stack.enter_context(Place(base))


@pytest.fixture
def browsing(stack, place, gateway):
    """start(hosts) -> a gateway in the namespace."""
    return lambda *hosts: gateway(["+zeroconf", *hosts], prefix=place.prefix, env=place.env_bus)


def found(gate):
    return {server["name"]: (server["slots"], server["state"]) for server in gate.status()["servers"]}


def test_servers_appear_and_vanish(stack, place, browsing, base, workplace, client_env):
    stack.enter_context(place.dbus())
    stack.enter_context(place.avahi())
    gate = browsing()
    assert found(gate) == {}
    server = stack.enter_context(place.server(peers.STOCK_SERVER, base / "stock"))
    name = f"testhost.local:{server.port}"
    with place.publish("one", server.port, "txtvers=1", "cpus=2", "jobs=3", "distcc=3.4"):
        # two networks and two protocols: one host
        wait.until(lambda: found(gate) == {name: (3, "up")}, "the server to be found")
        assert workplace.run(COMPILE, client_env(gate.host)).rc == 0
        server.wait_count(1)
    wait.until(lambda: found(gate) == {}, "the server to vanish")


MAKEFILE = "OBJS := $(patsubst %.c,%.o,$(wildcard *.c))\nall: $(OBJS)\n%.o: %.c\n\t@$(DISTCC) gcc -c $< -o $@\n"


def test_a_server_that_appears_in_a_build_gets_what_waits_and_may_vanish_again(stack, place, browsing, base, client_env):
    """The build's clients have neither D-Bus nor a network. How long it took is printed (-rP)."""
    stack.enter_context(place.dbus())
    stack.enter_context(place.avahi())
    steady = stack.enter_context(place.server(peers.STOCK_SERVER, base / "steady"))
    gate = browsing(f"10.77.0.1:{steady.port}/1")
    passing = stack.enter_context(place.server(peers.STOCK_SERVER, base / "passing"))
    work = base / "build"
    work.mkdir()
    for i in range(40):
        (work / f"file{i}.c").write_text(f"int value{i}(void) {{ return {i}; }}\n")
    (work / "Makefile").write_text(MAKEFILE)
    # it goes on until the server has come and gone, however fast this machine is
    build = subprocess.Popen(["unshare", "-n", "sh", "-c", f"until test -e enough; do make -s -B -j8 DISTCC={peers.CLIENT} || exit; done"],
                             cwd=work, env=client_env(gate.host), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait.until(lambda: steady.count() >= 2, "the build to have begun")
    # it does not listen where it is seen first, perhaps, and is used all the same
    with place.publish("one", passing.port, "jobs=3"):
        published = time.monotonic()
        wait.until(lambda: gate.status()["slots"] == 4, "the server to be found")
        found_s = time.monotonic() - published
        wait.until(lambda: any(server["in_flight"] or server["done"] for server in gate.status()["servers"] if "testhost" in server["name"]),
                   "a job at the server that has come")
        used_s = time.monotonic() - published
        wait.until(lambda: passing.count() >= 2, "two jobs done there")
        began = gate.log
        assert "is down" not in began or "has another address: that is tried at once" in began, began
    unpublished = time.monotonic()
    # gone without a word to its clients, too
    passing.stop(signal.SIGKILL)
    wait.until(lambda: gate.status()["slots"] == 1, "the server to vanish")
    gone_s = time.monotonic() - unpublished
    (work / "enough").touch()
    output, _ = build.communicate(timeout=120)
    assert (build.returncode, output) == (0, ""), output + gate.log
    assert len(list(work.glob("*.o"))) == 40
    assert max(found_s, used_s, gone_s) < 10, "a second, and patience with a loaded machine"
    print(f"found after {found_s:.2f} s, used after {used_s:.2f} s, gone after {gone_s:.2f} s")


def test_our_server_announces_what_one_of_3_4_does(stack, place, base):
    stack.enter_context(place.dbus())
    stack.enter_context(place.avahi())
    servers = [stack.enter_context(place.server(program, base / name, extra=["--zeroconf"]))
               for name, program in (("stock", peers.STOCK_SERVER), ("ours", peers.SERVER))]
    stock, ours = (server.port for server in servers)
    # both are called distcc@HOST: the later one takes another name
    wait.until(lambda: {stock, ours} <= set(place.browse()), "both servers")
    seen = place.browse()
    versions = {word for word in seen[stock] | seen[ours] if word.startswith("distcc=")}
    assert seen[ours] - versions == seen[stock] - versions | {"features=lzo,pump"}
    # clients look for their own compiler
    version = subprocess.run(["cc", "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()
    machine = subprocess.run(["cc", "-dumpmachine"], capture_output=True, text=True, check=True).stdout.strip()
    kind = f"_{re.sub('[^a-z0-9]', '-', f'{machine}--{version}'.lower())}._sub._distcc._tcp"
    assert {stock, ours} <= set(place.browse(kind))


def test_an_announced_server_is_found_and_vanishes_however_it_ends(stack, place, browsing, base, workplace, client_env):
    stack.enter_context(place.dbus())
    avahi = place.avahi().__enter__()
    gate = browsing()
    server = stack.enter_context(place.server(peers.SERVER, base / "ours", extra=["--zeroconf"]))
    name = f"testhost.local:{server.port}"
    wait.until(lambda: found(gate) == {name: (3, "up")}, "the server to be found")
    assert workplace.run(COMPILE, client_env(gate.host)).rc == 0
    server.wait_count(1)
    assert avahi.stop() == 0
    server.wait_log("no avahi-daemon is running")
    stack.enter_context(place.avahi())
    server.wait_log("announced as", count=2)
    server.stop(signal.SIGKILL)
    wait.until(lambda: found(gate) == {}, "the server to vanish")


def test_a_server_without_avahi_says_so_once_and_serves(place, stack, base):
    server = stack.enter_context(place.server(peers.SERVER, base / "ours", extra=["--zeroconf"]))
    line, = server.wait_log("this server is not announced")
    assert "Warning:" in line
    assert server.stop() == -signal.SIGTERM


TEXTS = [(["cpus=2"], 4), (["cpus=6", "jobs=0"], 8), (["jobs=many"], 3), (["jobs"], 3), (["jobs=99999999999"], 3),
         (["cpus=-3", "jobs=x"], 3), ([], 4), (["jobs=5", "features=lzo,new", "x=" + 240 * "y"], 5)]


def test_texts_are_read_as_stock_clients_read_them(stack, place, browsing):
    stack.enter_context(place.dbus())
    stack.enter_context(place.avahi())
    gate = browsing()
    wanted = {}
    for i, (txt, slots) in enumerate(TEXTS):
        stack.enter_context(place.publish(f"host{i}", 4000 + i, *txt))
        wanted[f"testhost.local:{4000 + i}"] = (slots, "up")
    wait.until(lambda: len(found(gate)) == len(wanted), "all servers")
    assert found(gate) == wanted


def test_a_restart_of_avahi_is_survived(stack, place, browsing):
    stack.enter_context(place.dbus())
    avahi = place.avahi().__enter__()
    gate = browsing("127.0.0.1:1")
    first = stack.enter_context(place.publish("one", 4000))
    name = "testhost.local:4000"
    wait.until(lambda: name in found(gate), "the server")
    assert avahi.stop() == 0
    gate.wait_log("finds nobody yet: avahi-daemon does not run")
    # what was found is likely to be there still
    assert name in found(gate)
    first.stop()
    stack.enter_context(place.avahi())
    stack.enter_context(place.publish("two", 4001))
    wait.until(lambda: "testhost.local:4001" in found(gate), "a server of the new daemon")
    wait.until(lambda: name not in found(gate), "the one that did not come back to be gone")
    assert gate.log.count("finds nobody yet") == 1


def test_no_avahi_is_one_warning(browsing, workplace, client_env):
    gate = browsing("127.0.0.1:1")
    line, = gate.wait_log("+zeroconf finds nobody yet")
    assert "Warning:" in line
    gate.process.send_signal(signal.SIGHUP)
    gate.wait_log("servers from", count=2)
    assert gate.log.count("finds nobody yet") == 1
    assert list(found(gate)) == ["127.0.0.1:1"]


def test_a_server_of_the_list_is_not_found_again(stack, place, browsing):
    stack.enter_context(place.dbus())
    stack.enter_context(place.avahi())
    gate = browsing("10.77.0.1:4000/2,lzo")
    stack.enter_context(place.publish("one", 4000, "jobs=9"))
    stack.enter_context(place.publish("two", 4001, "jobs=9"))
    # its other addresses may be seen before the one that the list has
    wait.until(lambda: found(gate) == {"10.77.0.1:4000": (2, "up"), "testhost.local:4001": (9, "up")}, f"these two: {found(gate)}")
    # without +zeroconf those that were found go
    gate.hosts_file.write_text("10.77.0.1:4000/2\n")
    gate.process.send_signal(signal.SIGHUP)
    wait.until(lambda: list(found(gate)) == ["10.77.0.1:4000"], "the list alone")
