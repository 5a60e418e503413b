# SPDX-License-Identifier: GPL-2.0-or-later
"""+zeroconf in a client's own host list: a helper finds the servers, and clients of distcc 3.4 read what ours
has found, and the other way round. With a real avahi-daemon, in a network namespace."""

import fcntl
import os
import shutil
import signal
import struct
import subprocess
import time

import pytest

from lib import compare, peers, wait
from lib.avahi import Place

COMPILE = ["gcc", "-c", "hello.c", "-o", "hello.o"]
HELPER = peers.BUILD / "lsdistcc"
FLOCK = "hhqqi4x"


def holder(path):
    """The pid that has a write lock on a file, or None."""
    try:
        with open(path, "r+b") as file:
            asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            kind, _, _, _, pid = struct.unpack(FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
            return None if kind == fcntl.F_UNLCK else pid
    except FileNotFoundError:
        return None


@pytest.fixture
def place(stack, base):
    os.makedirs("/run/avahi-daemon", exist_ok=True)
    return stack.enter_context(Place(base))


@pytest.fixture
def avahi(stack, place):
    stack.enter_context(place.dbus())
    return stack.enter_context(place.avahi())


@pytest.fixture
def directory(base):
    """Where the helper keeps its files; it ends with the test."""
    path = base / "state" / "zeroconf"
    yield path
    pid = holder(path / "lock")
    if pid:
        os.kill(pid, signal.SIGTERM)


@pytest.fixture
def ask(place, client_env, base, directory):  # pylint: disable=unused-argument
    """ask(hosts, *words, client=...) -> what the client says, in the namespace."""
    def run(hosts, *words, client=peers.CLIENT, **more):
        env = {**client_env(hosts, **more), **place.env_bus}
        return subprocess.run([*place.prefix, str(client), *words], cwd=base, env=env, capture_output=True, text=True, timeout=60, check=False)
    return run


def shown(ask, hosts, **more):
    done = ask(hosts, "--show-hosts", **more)
    assert done.returncode == 0
    return done.stdout.split()


def test_servers_of_both_kinds_are_found_in_their_place_and_compile(stack, place, avahi, ask, base, workplace, client_env):
    stock = stack.enter_context(place.server(peers.STOCK_SERVER, base / "stock", extra=["--zeroconf"]))
    ours = stack.enter_context(place.server(peers.SERVER, base / "ours", extra=["--zeroconf"]))
    try:
        wait.until(lambda: {stock.port, ours.port} <= set(place.browse()), "both to be announced")
    except AssertionError as error:
        raise AssertionError(f"{error}: {stock.port} and {ours.port} of {place.browse()}\n{stock.log}\n{ours.log}\n{avahi.log}") from error
    listed = shown(ask, "first/1 +zeroconf last/1")
    assert listed[0] == "first/1" and listed[3] == "last/1"
    # the addresses of the machine's two networks; which one is first seen is avahi's choice
    networks = [f"10.77.{n}.1" for n in (0, 1)]
    assert set(listed[1:3]) <= {f"{net}:{stock.port}/3" for net in networks} | {f"{net}:{ours.port}/3,lzo" for net in networks}
    assert ask("+zeroconf", "-j").stdout == "6\n"
    local = workplace.run(COMPILE, peers.clean_env())
    for _ in range(2):
        env = {**client_env("+zeroconf"), **place.env_bus}
        compare.assert_same(local, workplace.run([peers.CLIENT, *COMPILE], env, prefix=place.prefix))
    wait.until(lambda: stock.count() + ours.count() == 2, "two jobs")
    stock.stop()
    wait.until(lambda: len(shown(ask, "+zeroconf")) == 1, "the one that has ended to go")


@pytest.mark.usefixtures("avahi")
def test_only_servers_with_this_compiler_are_found(stack, place, ask):
    """As 3.4 does it: they have a name of their own for each compiler and version."""
    stack.enter_context(place.publish("other", 4000, "jobs=3"))
    assert wait.until(place.browse, "it to be announced")
    done = ask("+zeroconf", "--show-hosts")
    assert (done.returncode, done.stdout) == (0, "")
    assert "+zeroconf: no server has announced itself for this compiler" in done.stderr


def server_of_text(place, name, port, *txt):
    version = subprocess.run(["cc", "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()
    machine = subprocess.run(["cc", "-dumpmachine"], capture_output=True, text=True, check=True).stdout.strip()
    subtype = "".join(c if c.isalnum() else "-" for c in f"{machine}--{version}".lower())
    return place.daemon(["avahi-publish", "-s", f"--subtype=_{subtype}._sub._distcc._tcp", f"distcc@{name}", "_distcc._tcp", str(port), *txt],
                        "Established under name")


@pytest.mark.usefixtures("avahi")
@pytest.mark.parametrize("first", ["ours", "stock"])
def test_both_clients_share_one_helper(stack, place, ask, directory, first):
    """Whoever is first starts its own; what it has found is what the other one uses, word for word."""
    stack.enter_context(server_of_text(place, "one", 4001, "txtvers=1", "cpus=2", "jobs=7", "distcc=3.4"))
    wait.until(place.browse, "it to be announced")
    order = [peers.CLIENT, peers.STOCK_CLIENT] if first == "ours" else [peers.STOCK_CLIENT, peers.CLIENT]
    # 3.4 looks after a second, whatever its helper has by then
    lines = wait.until(lambda: shown(ask, "+zeroconf", client=order[0]), "the server to be found")
    keeper = holder(directory / "lock")
    assert keeper
    assert shown(ask, "+zeroconf", client=order[1]) == lines
    assert lines[0] in {"10.77.0.1:4001/7", "10.77.1.1:4001/7"}, lines
    assert holder(directory / "lock") == keeper
    name = os.readlink(f"/proc/{keeper}/exe")
    assert name == str(HELPER if first == "ours" else peers.STOCK_CLIENT)


@pytest.mark.usefixtures("avahi")
def test_many_clients_at_once_start_one_helper_and_all_see_its_list(stack, place, ask, directory, client_env, base):
    stack.enter_context(server_of_text(place, "one", 4001, "jobs=2"))
    wait.until(place.browse, "it to be announced")
    env = {**client_env("+zeroconf"), **place.env_bus}
    begin = time.monotonic()
    clients = [subprocess.Popen([*place.prefix, str(peers.CLIENT), "--show-hosts"], cwd=base, env=env, stdout=subprocess.PIPE, text=True)
               for _ in range(8)]
    said = {client.communicate(timeout=60)[0] for client in clients}
    # on a busy machine the 1.5 s may pass after which the helper says what it has, be it nothing
    if "" in said and time.monotonic() - begin >= 1.5:
        said.remove("")
        wait.until(lambda: said.add(ask("+zeroconf", "--show-hosts").stdout) or any(said), "the list")
        said.discard("")
    assert len(said) == 1 and ":4001/2\n" in said.pop()
    keeper = holder(directory / "lock")
    helpers = [pid for pid in wait.processes_with(f"DISTCC_TEST_ID={os.environ['DISTCC_TEST_ID']}")
               if os.readlink(f"/proc/{pid}/exe") == str(HELPER)]
    assert helpers == [keeper]


@pytest.mark.usefixtures("avahi")
def test_the_helper_keeps_nothing_of_the_clients(stack, place, ask, directory, client_env, base):
    """A pipe that it held would keep make from ending, a directory would stay in use."""
    stack.enter_context(server_of_text(place, "one", 4001))
    wait.until(place.browse, "it to be announced")
    ends = os.pipe()
    high = fcntl.fcntl(ends[1], fcntl.F_DUPFD, 1500)
    os.close(ends[1])
    ends = (ends[0], high)
    with os.fdopen(ends[0], "rb") as reader:
        subprocess.run([*place.prefix, str(peers.CLIENT), "--show-hosts"], cwd=base, env={**client_env("+zeroconf"), **place.env_bus}, check=True,
                       pass_fds=[ends[1]], stdout=subprocess.DEVNULL, timeout=60)
        os.close(ends[1])
        assert reader.read() == b""
    keeper = holder(directory / "lock")
    assert os.readlink(f"/proc/{keeper}/cwd") == "/"
    assert os.getsid(keeper) == keeper
    # when its list is removed nobody can read it any more
    (directory / "hosts").unlink()
    wait.until(lambda: not wait.pid_exists(keeper), "the helper to end")
    assert shown(ask, "+zeroconf") != []


@pytest.mark.usefixtures("avahi")
def test_a_helper_that_was_killed_is_replaced(stack, place, ask, directory):
    stack.enter_context(server_of_text(place, "one", 4001))
    wait.until(place.browse, "it to be announced")
    before = shown(ask, "+zeroconf")
    assert before
    os.kill(holder(directory / "lock"), signal.SIGKILL)
    wait.until(lambda: holder(directory / "lock") is None, "its lock to be free")
    assert shown(ask, "+zeroconf") == before


@pytest.mark.parametrize("missing", ["bus", "avahi", "helper"])
def test_without_avahi_the_reason_is_told_and_the_rest_of_the_list_is_used(stack, place, ask, base, workplace, client_env, missing):
    client = peers.CLIENT
    if missing == "avahi":
        stack.enter_context(place.dbus())
    if missing == "helper":
        client = base / "bin" / "distcc"
        client.parent.mkdir()
        shutil.copy(peers.CLIENT, client)
    reason = {"bus": "+zeroconf: ", "avahi": "+zeroconf: avahi-daemon does not run", "helper": "/lsdistcc, which looks for servers"}[missing]
    server = stack.enter_context(place.server(peers.STOCK_SERVER, base / "stock"))
    hosts = f"+zeroconf 10.77.0.1:{server.port}/3"
    done = ask(hosts, "--show-hosts", client=client)
    assert done.stdout == f"10.77.0.1:{server.port}/3\n" and reason in done.stderr
    local = workplace.run(COMPILE, peers.clean_env())
    env = {**client_env(hosts), **place.env_bus}
    compare.assert_same(local, workplace.run([client, *COMPILE], env, prefix=place.prefix))
    server.wait_count(1)
    refused = workplace.run([client, *COMPILE], {**env, "DISTCC_HOSTS": "+zeroconf"}, prefix=place.prefix)
    assert refused.rc == 116 and reason.encode() in refused.stderr
    fell_back = workplace.run([client, *COMPILE], {**env, "DISTCC_HOSTS": "+zeroconf", "DISTCC_FALLBACK": "1"}, prefix=place.prefix)
    assert fell_back.rc == 0 and fell_back.stderr.count(b"\n") == 1 and reason.encode() in fell_back.stderr
    explained = ask("+zeroconf", "--explain", *COMPILE, client=client)
    assert explained.returncode == 1 and reason in explained.stdout
    checked = ask("+zeroconf", "--doctor", client=client)
    assert checked.returncode == 100 and reason in checked.stdout


def test_the_helper_ends_when_nobody_reads_its_list(stack, place, ask, directory):
    if not os.environ.get("DISTCC_SOAK"):
        pytest.skip("soak only: it takes twenty seconds")
    stack.enter_context(place.dbus())
    stack.enter_context(place.avahi())
    ask("+zeroconf", "--show-hosts")
    keeper = holder(directory / "lock")
    assert keeper
    wait.until(lambda: not wait.pid_exists(keeper), "the helper to end", deadline_s=60)
