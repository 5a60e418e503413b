# SPDX-License-Identifier: GPL-2.0-or-later
"""Item 5: kill -9 of a client, the gateway or a server at random moments of a build. Every object is
whole or absent, the build finishes, no slot leaks, and nothing is left: no process, no file."""

import os
import pathlib
import random
import signal
import subprocess
import threading

import pytest

from lib import peers, wait
from test_slots import make, write_project

SOAK = bool(os.environ.get("DISTCC_SOAK"))
ROUNDS = 100 if SOAK else 8
FILES = 24

# Long enough that a kill hits it, without a header that only the preprocessor sees.
SLOW = "int table[4096];\n" + "".join(
    f"int slow{n}(int a) {{ int s = 0; for (int i = 0; i < a; i++) s += table[(i * {n} + a) & 4095] ^ (s << {n % 7}); return s; }}\n"
    for n in range(9000))     # half a minute: without a kill it would still be there when a test looks


def clients(marker):
    """pids of our distcc processes of this test."""
    found = []
    for pid in wait.processes_with(f"DISTCC_TEST_ID={marker}"):
        try:
            if os.readlink(f"/proc/{pid}/exe") == str(peers.CLIENT.resolve()):
                found.append(pid)
        except OSError:
            continue
    return found


def kill_quietly(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Farm:
    """Two servers and a gateway that come back after they were killed."""

    def __init__(self, stack, base):
        self.stack = stack
        self.base = base
        self.servers = [stack.enter_context(peers.stock_server(base / "stock", jobs=4))]
        self.servers.append(stack.enter_context(peers.our_server(base / "ours", jobs=4)))
        self.gateway = stack.enter_context(peers.Gateway(base / "g", [f"{server.host}/4" for server in self.servers]))

    def restart_gateway(self):
        os.killpg(self.gateway.pid, signal.SIGKILL)
        self.gateway.stop()
        self.gateway = self.stack.enter_context(
            peers.Gateway(self.base / "g", [f"{server.host}/4" for server in self.servers]))

    def restart_server(self, number):
        old = self.servers[number]
        os.killpg(old.pid, signal.SIGKILL)
        old.stop()
        start = peers.stock_server if number == 0 else peers.our_server
        self.servers[number] = self.stack.enter_context(start(old.tmp, jobs=4, port=old.port))


@pytest.fixture
def farm(stack, base):
    return Farm(stack, base)


def test_kills_at_random_moments_of_a_kill_build(farm, workplace, base, nothing_left):
    marker = os.environ["DISTCC_TEST_ID"]
    seed = int(os.environ.get("DISTCC_SEED", random.randrange(1 << 30)))
    print(f"seed {seed} (repeat with DISTCC_SEED={seed})")
    rng = random.Random(seed)
    write_project(workplace, FILES)
    assert make(workplace, "gcc", "local", peers.clean_env()).returncode == 0
    tmp = base / "client-tmp"
    tmp.mkdir()
    # The leak checker stops the world from a thread that looks like another client; killed alone, it
    # leaves its process spinning.
    env = peers.clean_env(HOME="/nonexistent", TMPDIR=tmp, DISTCC_HOSTS=farm.gateway.host, ASAN_OPTIONS="detect_leaks=0")
    for _ in range(ROUNDS):
        subprocess.run(["rm", "-rf", "far"], cwd=workplace.path, check=True)
        build = threading.Thread(target=make, args=(workplace, f"{peers.CLIENT} gcc", "far", env), daemon=True)
        build.start()
        victim = rng.choice(["client", "client", "gateway", "server0", "server1"])
        moment = rng.uniform(0.02, 0.5)
        build.join(timeout=moment)
        if victim == "client":
            for pid in rng.sample(found, min(2, len(found))) if (found := clients(marker)) else []:
                kill_quietly(pid)
        elif victim == "gateway":
            farm.restart_gateway()
        else:
            farm.restart_server(int(victim[-1]))
        build.join(timeout=120)
        assert not build.is_alive(), f"{victim}: {farm.gateway.status()}\n{farm.gateway.log}"
        whole_or_absent(workplace)
        # whatever the kill left undone is done now, with fallback on
        again = make(workplace, f"{peers.CLIENT} gcc", "far", env)
        assert again.returncode == 0, again.stderr
        for number in range(FILES):
            assert ((workplace.path / "far" / f"f{number}.o").read_bytes()
                    == (workplace.path / "local" / f"f{number}.o").read_bytes())
        nothing_else_is_left(farm, workplace, tmp, marker)


def whole_or_absent(workplace):
    for path in (workplace.path / "far").glob("*"):
        assert path.read_bytes() == (workplace.path / "local" / path.name).read_bytes(), path


def nothing_else_is_left(farm, workplace, tmp, marker):
    wait.until(lambda: not clients(marker), "clients to be gone", deadline_s=wait.within(5))
    wait.until(lambda: farm.gateway.status()["peers"] == 0, "the gateway to be idle")
    status = farm.gateway.status()
    assert [server["in_flight"] for server in status["servers"]] == [0, 0]
    assert status["live_bytes"] == 0 and status["queued"] == 0
    assert os.listdir(tmp) == [] or all(name.startswith("cc") for name in os.listdir(tmp)), os.listdir(tmp)
    expected = {f"f{n}.o" for n in range(FILES)}
    assert {path.name for path in (workplace.path / "far").iterdir()} == expected


def compilers(marker):
    """Compiler processes of this test, by the program that runs in them."""
    return [pid for pid in wait.processes_with(f"DISTCC_TEST_ID={marker}")
            if pathlib.Path(f"/proc/{pid}/comm").exists() and pathlib.Path(f"/proc/{pid}/comm").read_text().strip() in ("cc1", "as", "gcc", "x86_64-linux-gnu")]


@pytest.mark.parametrize("hosts", ["", "localhost"], ids=["fallback", "localhost"])
def test_a_killed_client_takes_its_local_compiler_along(workplace, client_env, hosts):
    marker = os.environ["DISTCC_TEST_ID"]
    workplace.files = {"slow.c": SLOW}
    workplace.reset()
    env = client_env(hosts, DISTCC_FALLBACK="1")
    with subprocess.Popen([peers.CLIENT, "gcc", "-O3", "-c", "slow.c"], cwd=workplace.path, env=env,
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        wait.until(lambda: "cc1" in names(marker), "cc1 to run")
        client.kill()
        client.wait()
    wait.until(lambda: not compilers(marker), "the compiler to be gone", deadline_s=wait.within(1))
    assert sorted(os.listdir(workplace.path)) == ["slow.c"]


def names(marker):
    found = set()
    for pid in wait.processes_with(f"DISTCC_TEST_ID={marker}"):
        try:
            found.add(pathlib.Path(f"/proc/{pid}/comm").read_text().strip())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("through", ["tcp", "gateway"])
def test_a_killed_client_takes_its_far_compiler_along(our_server, gateway, workplace, client_env, through):
    marker = os.environ["DISTCC_TEST_ID"]
    server = our_server()
    host = server.host if through == "tcp" else gateway([f"{server.host}/4"]).host
    workplace.files = {"slow.i": SLOW}
    workplace.reset()
    with subprocess.Popen([peers.CLIENT, "gcc", "-O3", "-c", "slow.i"], cwd=workplace.path, env=client_env(host),
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        wait.until(lambda: "cc1" in names(marker), "cc1 to run")
        client.kill()
        client.wait()
    wait.until(lambda: "cc1" not in names(marker), "the server's compiler to be gone", deadline_s=wait.within(1))
    server.wait_count(1, "CLI_DISCONN")
    assert [name for name in os.listdir(server.tmp) if not name.startswith("distccd_")] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_server_that_ends_takes_everything_along(our_server, workplace, client_env, number):
    marker = os.environ["DISTCC_TEST_ID"]
    server = our_server()
    workplace.files = {"slow.i": SLOW}
    workplace.reset()
    with subprocess.Popen([peers.CLIENT, "gcc", "-O3", "-c", "slow.i"], cwd=workplace.path, env=client_env(server.host),
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        wait.until(lambda: "cc1" in names(marker), "cc1 to run")
        server.process.send_signal(number)
        server.process.wait(timeout=10)
        wait.until(lambda: "distccd" not in names(marker) and "cc1" not in names(marker), "the server to be gone", deadline_s=wait.within(1.5))
        assert client.wait(timeout=30) != 0
    wait.until(lambda: not os.listdir(server.tmp), "its files to be gone", deadline_s=wait.within(1))


def test_a_killed_worker_leaves_no_file_and_no_compiler(our_server, workplace, client_env):
    marker = os.environ["DISTCC_TEST_ID"]
    server = our_server(jobs=1)
    workplace.files = {"slow.i": SLOW}
    workplace.reset()
    with subprocess.Popen([peers.CLIENT, "gcc", "-O3", "-c", "slow.i"], cwd=workplace.path, env=client_env(server.host),
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        wait.until(lambda: "cc1" in names(marker), "cc1 to run")
        worker = int(pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()[0])
        os.kill(worker, signal.SIGKILL)
        assert client.wait(timeout=30) != 0
    wait.until(lambda: "cc1" not in names(marker), "the compiler to be gone", deadline_s=wait.within(1))
    wait.until(lambda: not list(pathlib.Path(server.tmp).glob("*/*/job")), "the job's directory to be gone", deadline_s=wait.within(1))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_gateway_that_ends_leaves_no_process_and_no_socket(stock_server, gateway, number):
    end_gateway(gateway([f"{stock_server().host}/4"]), number)


def test_a_gateway_that_is_ended_while_it_starts_leaves_nothing_either(stack, base, monkeypatch):
    monkeypatch.setattr(peers.Gateway, "wait_ready", peers.Gateway.wait_connectable)
    for attempt in range(10):
        end_gateway(stack.enter_context(peers.Gateway(base / f"g{attempt}", ["127.0.0.1:1/4"])), signal.SIGTERM)


def end_gateway(gw, number):
    marker = os.environ["DISTCC_TEST_ID"]
    gw.process.send_signal(number)
    status = gw.process.wait(timeout=wait.within(1))
    assert status == (0 if number == signal.SIGTERM else -number)
    wait.until(lambda: "distcc-gateway" not in names(marker), "both processes to be gone", deadline_s=wait.within(1))
    assert not gw.path.exists()
