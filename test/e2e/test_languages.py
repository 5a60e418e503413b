# SPDX-License-Identifier: GPL-2.0-or-later
"""Compilers of other languages than C, C++ and Objective-C, called through distcc: what they do is
done here, exactly as without distcc, is counted, and takes one of this machine's places like the rest."""

import os
import shutil
import subprocess

import pytest

from lib import compare, peers, wait
from lib.lease import Lease

SOAK = bool(os.environ.get("DISTCC_SOAK"))

# Compiles, says something on both streams, and ends with a status of its own.
RUSTC = """#!/bin/sh
echo "note: compiling" >&2
for word; do case $word in *.rs) echo "built from $word"; sed s/fn/FN/ "$word" >"${word%.rs}.rlib";; esac; done
case $* in *wrong*) exit 3;; esac
"""
FILES = {
    "lib.rs": "pub fn one() -> i32 { 1 }\n", "wrong.rs": "fn\n",
    "solve.f90": "subroutine solve(x)\n  integer, intent(inout) :: x\n  x = x + 1\nend subroutine\n",
    "mod.f90": "module shared\n  integer :: n = 3\nend module\n",
    "bad.f90": "subroutine solve(x\nend\n",
    "tail.c": "int tail;\n",
}


@pytest.fixture
def rustc(base):
    """A directory for PATH with a rustc in it."""
    (base / "bin").mkdir()
    (base / "bin" / "rustc").write_text(RUSTC)
    (base / "bin" / "rustc").chmod(0o755)
    return f"{base / 'bin'}:{os.environ['PATH']}"


@pytest.fixture
def place(base):
    return compare.Workplace(base / "src", FILES)


@pytest.mark.parametrize("words", ["lib.rs", "--edition 2021 --crate-name lib lib.rs -C opt-level=3", "wrong.rs"])
def test_another_compiler_is_run_here_as_without_distcc(place, client_env, stock_server, gateway, rustc, base, words):
    server = stock_server()
    gw = gateway(server.host)
    log = base / "client.log"
    command = ["rustc", *words.split()]
    local = place.run(command, {**peers.clean_env(), "PATH": rustc})
    assert local.stdout and local.stderr
    compare.assert_same(local, place.run([peers.CLIENT, *command], client_env(gw.host, PATH=rustc, DISTCC_LOG=log)))
    assert "where=local server=localhost reason=language" in log.read_text()
    summary = subprocess.run([peers.CLIENT, "--summary", log], env=peers.clean_env(), capture_output=True, text=True, check=True).stdout
    assert summary.splitlines() == ["1 jobs: 0 remote, 1 local, 0 without a place", "local:",
                                    "      1  language: an unsupported language, or a name that tells none"]
    wait.until(lambda: gw.status()["reasons"].get("language") == 1, "the gateway to count it")
    assert server.count() == 0


def test_it_waits_for_one_of_this_machines_places(place, client_env, stock_server, gateway, rustc):
    gw = gateway(["--localslots=1", f"{stock_server().host}/1"])
    place.reset()
    with Lease(gw.path) as lease:
        assert lease.ask(kind="local", modes="local")[1]["mode"] == "local"
        with subprocess.Popen([peers.CLIENT, "rustc", "lib.rs"], cwd=place.path, env=client_env(gw.host, PATH=rustc),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
            wait.until(lambda: gw.status()["here_waiting"] == 1, "it to wait for the place")
            assert not (place.path / "lib.rlib").exists()
            lease.sock.close()
            assert client.wait(timeout=60) == 0
    assert (place.path / "lib.rlib").exists()
    wait.until(lambda: gw.status()["here_compile_busy"] == 0, "the place to be free")


@pytest.mark.skipif(not SOAK, reason="soak only: gfortran is large")
@pytest.mark.parametrize("words", ["-c solve.f90", "-O2 -c mod.f90 -J .", "-c bad.f90", "solve.f90 tail.c -shared -fPIC -o both.so"])
def test_fortran(place, client_env, stock_server, base, words):
    assert shutil.which("gfortran")
    server = stock_server()
    log = base / "client.log"
    command = ["gfortran", *words.split()]
    local = place.run(command, peers.clean_env())
    compare.assert_same(local, place.run([peers.CLIENT, *command], client_env(server.host, DISTCC_LOG=log)))
    assert "where=local server=localhost reason=language" in log.read_text()
    assert server.count() == 0
