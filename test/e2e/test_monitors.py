# SPDX-License-Identifier: GPL-2.0-or-later
"""lsdistcc and distccmon-text beside those of distcc 3.4: the same output for the same state, on the
same files, whoever wrote them."""

import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess

import pytest

from lib import peers, wait

LSDISTCC = peers.BUILD / "lsdistcc"
MONITOR = peers.BUILD / "distccmon-text"
STOCK_LSDISTCC = pathlib.Path("/usr/bin/lsdistcc")
STOCK_MONITOR = pathlib.Path("/usr/bin/distccmon-text")


def run(program, *words, env=None, timeout=30):
    return subprocess.run([str(program), *map(str, words)], env=env or peers.clean_env(), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=timeout, check=False)


# ------------------------------------------------------------------------------- distccmon-text

def write_note(state, pid, file=b"a.c", host=b"build7", slot=0, phase=5, size=296, magic=0x44494800, name=None):
    state.mkdir(parents=True, exist_ok=True)
    path = state / (name or f"binstate_{pid}")
    path.write_bytes(struct.pack("QQQ128s128siiQ", size, magic, pid, file, host, slot, phase, 0))
    return path


@pytest.fixture
def sleepers(stack):
    """Live processes to write notes about."""
    def start(count):
        found = []
        for _ in range(count):
            process = subprocess.Popen(["sleep", "600"])
            stack.callback(process.wait)
            stack.callback(process.kill)
            found.append(process.pid)
        return found
    return start


def test_both_monitors_show_the_same_of_the_same_notes(base, sleepers):
    state = base / "d" / "state"
    pids = sleepers(10)
    for phase in range(8):
        write_note(state, pids[phase], file=b"f%d.c" % phase, host=b"h%d" % (phase % 3), slot=phase, phase=phase)
    write_note(state, pids[8], file=b"x" * 127, host=b"y" * 127, phase=99)
    write_note(state, pids[9], file=b"", host=b"", phase=3)
    write_note(state, 2 ** 22 + 1)
    (state / "binstate_short").write_bytes(b"DD")
    (state / "other").write_bytes(b"x" * 296)
    env = peers.clean_env(DISTCC_DIR=base / "d")
    ours, stock = run(MONITOR, env=env), run(STOCK_MONITOR, env=env)
    assert (ours.returncode, ours.stdout, ours.stderr) == (stock.returncode, stock.stdout, stock.stderr)
    assert ours.stdout.count("\n") == 10
    rows = [json.loads(line) for line in run(MONITOR, "--json", env=env).stdout.splitlines()]
    assert [row["pid"] for row in rows] == [int(line[:6]) for line in ours.stdout.splitlines() if line]


def test_notes_of_the_dead_go_after_a_minute_and_foreign_ones_are_named(base, sleepers):
    state = base / "d" / "state"
    pid, = sleepers(1)
    env = peers.clean_env(DISTCC_DIR=base / "d")
    fresh, old = write_note(state, 2 ** 22 + 1), write_note(state, 2 ** 22 + 2)
    slow = write_note(state, pid, file=b"slow.cc")
    for path in (old, slow):
        os.utime(path, (1, os.stat(path).st_mtime - 100))
    write_note(state, pid, magic=7, name="binstate_magic")
    write_note(state, pid, size=280, name="binstate_size")
    done = run(MONITOR, env=env)
    assert fresh.exists() and not old.exists()
    # distcc 3.4 would have removed it: a job that takes long is no dead job
    assert slow.exists() and "slow.cc" in done.stdout
    assert "wrong magic number" in done.stderr and "wrong structure size" in done.stderr


@pytest.mark.parametrize("words", [["abc"], ["1x"], ["1", "2"], ["-1"], ["--no-such-option"]])
def test_bad_usage_is_status_1_and_said_on_stderr(words):
    done = run(MONITOR, *words)
    assert (done.returncode, done.stdout) == (1, "") and done.stderr.startswith("usage: distccmon-text")


def test_a_delay_repeats(base):
    process = subprocess.Popen([MONITOR, "0.05"], env=peers.clean_env(DISTCC_DIR=base), stdout=subprocess.PIPE, text=True)
    assert [process.stdout.readline() for _ in range(3)] == ["\n"] * 3
    process.terminate()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("client,monitor", [(peers.CLIENT, STOCK_MONITOR), (peers.STOCK_CLIENT, MONITOR)])
def test_each_monitor_reads_the_others_client(client, monitor, base, client_env, stack):
    """A server that accepts and says nothing holds the job in its phase."""
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    (base / "held.c").write_text("int held;\n")
    env = client_env(f"127.0.0.1:{listener.getsockname()[1]}/1")
    process = subprocess.Popen([client, "gcc", "-c", "held.c", "-o", "held.o"], cwd=base, env=env, stderr=subprocess.DEVNULL)
    try:
        line = wait.until(lambda: re.search(r"^ *(\d+)  Compile +held.c +127.0.0.1\[0\]$", run(monitor, env=env).stdout, re.M),
                          "the job to be shown")
        assert int(line[1]) == process.pid
    finally:
        process.terminate()
        process.wait()


def test_a_gateways_jobs_have_rows_that_go_with_their_clients(gateway, base, client_env, stack):
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    gw = gateway([f"127.0.0.1:{listener.getsockname()[1]}/2"])
    (base / "held.c").write_text("int held;\n")
    clients = [subprocess.Popen([peers.CLIENT, "gcc", "-c", "held.c", "-o", f"{base}/{number}.o"], cwd=base,
                                env=client_env(gw.host, DISTCC_BUILD=f"build-{number % 2}"), stderr=subprocess.DEVNULL)
               for number in range(4)]

    def rows():
        done = run(MONITOR, f"--gateway={gw.host}", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        return [json.loads(line) for line in done.stdout.splitlines()]

    wait.until(lambda: sorted(row["phase"] for row in rows()) == ["Blocked", "Blocked", "Compile", "Compile"],
               "two jobs to run and two to wait")
    assert sorted(row["build"] for row in rows()) == ["build-0", "build-0", "build-1", "build-1"]
    assert {row["pid"] for row in rows()} == {client.pid for client in clients}
    assert sorted(row["slot"] for row in rows()) == [-1, -1, 0, 1]
    text = run(MONITOR, env=client_env(gw.host)).stdout
    assert text == "\n", "clients of a gateway leave no notes"
    text = run(MONITOR, "--gateway", env=client_env(gw.host)).stdout
    assert len(re.findall(r"^ +\d+  Compile +held.c +127.0.0.1:\d+\[[01]\]  build-[01]$", text, re.M)) == 2
    clients[0].send_signal(signal.SIGKILL)
    wait.until(lambda: len(rows()) == 3, "the dead client's row to go", deadline_s=wait.within(1))
    for client in clients:
        client.kill()
        client.wait()
    wait.until(lambda: not rows(), "all rows to go")


def test_no_event_is_missed_however_short_the_job(our_server, gateway, client_env, workplace):
    gw = gateway([our_server(jobs=4).host])
    workplace.reset()
    for number in range(20):
        assert run(peers.CLIENT, "gcc", "-c", workplace.path / "hello.c", "-o", f"{workplace.path}/{number}.o",
                   env=client_env(gw.host)).returncode == 0
    wait.until(lambda: gw.status()["done"] == 20, "all to be done")
    events = [json.loads(line) for line in run(MONITOR, f"--gateway={gw.host}", "--events").stdout.splitlines()]
    assert [sum(event["event"] == kind for event in events) for kind in ("wanted", "granted", "done")] == [20, 20, 20]


def test_without_a_gateway_the_remedy_is_named(base):
    done = run(MONITOR, f"--gateway=unix:{base}/nobody")
    assert done.returncode == 103 and "is distcc-gateway running" in done.stderr


# ------------------------------------------------------------------------------- lsdistcc

@pytest.mark.parametrize("words", [["--help"], ["-q"], ["-m32"], ["-P4"], ["-r0"], ["-t-1"], ["-p"], ["-c"], ["-kx"]])
def test_usage_is_on_stdout_with_status_1(words):
    done, stock = run(LSDISTCC, *words), run(STOCK_LSDISTCC, "--help")
    assert (done.returncode, done.stderr) == (stock.returncode, stock.stderr) == (1, "")
    assert done.stdout.startswith("Usage: lsdistcc") and stock.stdout.startswith("Usage: lsdistcc")


@pytest.mark.parametrize("words", [
    ["-pgcc"], ["-pgcc", "-P2"], ["-pgcc", "-P3"], ["-pgcc", "-P2", "-n"], [], ["-c0"], ["-k0", "-pnone"], ["-x"],
    ["-x", "-pno-such-compiler"], ["-pno-such-compiler"],
])
def test_both_print_the_same_of_the_same_servers(words, stock_server):
    server = stock_server()
    words = [*words, f"-r{server.port}", "localhost"]
    ours, stock = run(LSDISTCC, *words), run(STOCK_LSDISTCC, *words)
    assert (ours.stdout, ours.stderr) == (stock.stdout, stock.stderr)
    assert ours.returncode == (0 if ours.stdout and ",down" not in ours.stdout else 1)


@pytest.mark.parametrize("protocol,suffix", [(1, ""), (2, ",lzo")])
def test_our_server_passes_the_test_compile(protocol, suffix, our_server):
    server = our_server()
    done = run(LSDISTCC, "-pgcc", f"-P{protocol}", f"-r{server.port}", "-l", "127.0.0.1")
    match = re.fullmatch(rf"127\.0\.0\.1:{server.port}{suffix} (\d+)\n", done.stdout)
    assert match and int(match[1]) < 1500 and done.returncode == 0


def test_a_name_that_does_not_resolve_hides_no_other(stock_server):
    server = stock_server()
    done = run(LSDISTCC, f"-r{server.port}", "no-such-host.invalid", "also-none.invalid", "nor-this.invalid", "localhost")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"localhost:{server.port}\n", "")


def test_counting_ends_at_the_first_name_that_does_not_resolve():
    done = run(LSDISTCC, "-c0", "127.0.0.%d0000")
    assert (done.returncode, done.stdout) == (1, "")
    done = run(LSDISTCC, "-c0", "-t60", "127.0.0.%d")
    assert sorted(done.stdout.split(), key=lambda name: int(name.split(".")[3])) == [f"127.0.0.{n}" for n in range(1, 256)]


def test_bits_of_the_address_select_a_network():
    done = run(LSDISTCC, "-c0", "-m24", "-o0", "127.0.0.1", "127.0.1.1", "127.0.0.2")
    assert done.stdout == "127.0.0.1\n127.0.0.2\n"


def test_silent_servers_are_down_after_their_time_and_the_whole_has_an_end(stack):
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    port = listener.getsockname()[1]
    done = run(LSDISTCC, "-x", "-pgcc", "-k100", f"-r{port}", "127.0.0.1")
    assert (done.returncode, done.stdout) == (1, f"127.0.0.1:{port},down\n")
    done = run(LSDISTCC, "-v", "-pgcc", "-k60000", "-t1", f"-r{port}", "127.0.0.1", timeout=10)
    assert (done.returncode, done.stdout) == (1, "") and "Timeout!" in done.stderr
