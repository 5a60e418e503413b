# SPDX-License-Identifier: GPL-2.0-or-later
"""A compile pays for the client's start: it links what a job uses and nothing else, starts what must be
started, and makes far fewer system calls than stock 3.4 (counted side by side; no clock is asked)."""

import re
import subprocess

import pytest

from lib import peers

# What sanitizers bring is no choice of ours.
SANITIZER = re.compile(r"lib(asan|ubsan|m|dl|pthread|rt|gcc_s|stdc\+\+)\.so")
NEEDED = {"liblzo2.so.2", "libc.so.6"}


def test_the_client_links_only_what_a_job_uses():
    assert {name for name in peers.libraries(peers.CLIENT) if not SANITIZER.match(name)} <= NEEDED
    assert len(peers.libraries(peers.STOCK_CLIENT)) > 10


class Trace:
    """One compile under strace, after one that has made the directories."""

    def __init__(self, program, workplace, env):
        trace = workplace.path.parent / f"{program.parent.name}.trace"
        command = [str(program), "gcc", "-O2", "-c", "hello.c", "-o", "hello.o"]
        workplace.reset()
        subprocess.run(command, cwd=workplace.path, env=env, check=True)
        (workplace.path / "hello.o").unlink()
        subprocess.run(["strace", "-f", "-o", str(trace), *command], cwd=workplace.path, env=env, check=True)
        lines = trace.read_text().splitlines()
        main = lines[0].split()[0]
        self.own = [line.split(None, 1)[1] for line in lines if line.split()[0] == main and "resumed>" not in line]
        self.started = [line for line in lines if re.search(r"\bexecve\b", line) and line.endswith("= 0")]
        self.made = [line for line in self.own if "O_CREAT" in line or line.startswith(("mkdir(", "unlink("))]


@pytest.fixture
def plain_build():
    if peers.is_sanitized():
        pytest.skip("a sanitizer makes system calls of its own: the run without sanitizers does this")


@pytest.mark.usefixtures("plain_build")
def test_a_compile_makes_half_the_system_calls_of_stock_and_starts_one_program(workplace, client_env, stock_server, base):
    server = stock_server()
    for name in "ab":
        (base / name).mkdir()
    stock = Trace(peers.STOCK_CLIENT, workplace, client_env(server.host, DISTCC_DIR=base / "a", PATH="/usr/bin:/bin"))
    ours = Trace(peers.CLIENT, workplace, client_env(server.host, DISTCC_DIR=base / "b", PATH="/usr/bin:/bin"))
    assert len(ours.own) < 0.6 * len(stock.own), "\n".join(ours.own)
    # the client itself, the driver that preprocesses, and its cc1
    assert len(ours.started) == 3, ours.started
    server.wait_count(4)


@pytest.mark.usefixtures("plain_build")
def test_with_a_gateway_no_file_is_made_but_the_object(workplace, client_env, stock_server, gateway):
    server = stock_server()
    env = client_env(gateway(server.host).host, DISTCC_DIR=None, HOME="/nonexistent", TMPDIR="/nonexistent", PATH="/usr/bin:/bin")
    ours = Trace(peers.CLIENT, workplace, env)
    assert ours.made == []
    assert len(ours.started) == 3
    server.wait_count(2)
