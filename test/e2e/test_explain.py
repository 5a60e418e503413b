# SPDX-License-Identifier: GPL-2.0-or-later
"""Why is it local, is the farm well, what became of the build: --explain, --doctor and --summary."""

import os
import re
import socket
import subprocess
import threading

import pytest

from lib import compare, peers


def ask(env, *words, cwd=None):
    """One of the client's own options: status and lines."""
    done = subprocess.run([str(peers.CLIENT), *map(str, words)], env=env, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


# command -> rule, verdict
RULES = {
    "-c hello.c": ("distributable", "remote"),
    "gcc -O2 -c hello.c -o x.o": ("distributable", "remote"),
    "gcc hello.c -o hello": ("reason=not-a-compile", "local"),
    "gcc -E hello.c": ("reason=preprocess-only", "local"),
    "gcc -save-temps -c hello.c": ("reason=option detail=-save-temps", "local"),
    "gcc -c hello.c empty.c": ("reason=two-inputs", "local"),
    "ccache gcc -O2 -c hello.c": ("distributable", "remote"),
    "gcc -c conftest.c": ("reason=conftest", "local"),
    "gcc -c x.s": ("reason=assembler", "local"),
}


@pytest.mark.parametrize("command", RULES)
def test_the_rule_and_the_verdict(workplace, client_env, stock_server, command):
    server = stock_server()
    rule, verdict = RULES[command]
    workplace.reset()
    before = compare.snapshot(workplace.path)
    status, lines = ask(client_env(server.host), "--explain", *command.split(), cwd=workplace.path)
    assert any(line.startswith(f"rule: {rule}") for line in lines), lines
    assert lines[-1].startswith(f"verdict: {verdict}: ")
    assert status == (verdict == "local")
    assert compare.snapshot(workplace.path) == before
    assert server.jobs("COMPILE_OK") == []


def test_a_variable_is_the_reason(workplace, client_env):
    workplace.reset()
    status, lines = ask(client_env("localhost", COMPILER_PATH="/x"), "--explain", "gcc", "-c", "hello.c", cwd=workplace.path)
    assert status == 1
    assert "rule: reason=environment detail=COMPILER_PATH: a variable that changes what the compiler does" in lines


def test_what_would_be_sent_is_shown(workplace, client_env, stock_server):
    workplace.reset()
    _, lines = ask(client_env(stock_server().host, DISTCC_NO_REWRITE_CROSS=1), "--explain", "gcc", "-DX", "-O2", "-c", "hello.c",
                   cwd=workplace.path)
    assert "preprocess here: gcc -DX -O2 -E hello.c -fdirectives-only" in lines
    assert "compile there: gcc -O2 -c hello.c -o hello.o -fdirectives-only" in lines


def test_every_host_has_its_state(workplace, client_env, stock_server, gateway):
    server = stock_server()
    farm = gateway(f"{server.host}/3")
    closed = f"127.0.0.1:{peers.free_port()}"
    struck_off = f"127.0.0.1:{peers.free_port()}"
    workplace.reset()
    env = client_env(struck_off)
    assert workplace.run([peers.CLIENT, "gcc", "-c", "hello.c"], env).rc == 116
    env["DISTCC_HOSTS"] = f"{closed} {server.host}/2 {farm.host} unix:/nonexistent/gw {struck_off} localhost/5 me@far away,down"
    status, lines = ask(env, "--explain", "gcc", "-c", "hello.c", cwd=workplace.path)
    assert status == 0
    states = dict(line[5:].split(": ", 1) for line in lines if line.startswith("host ") and not line.startswith("host unix:"))
    states.update({line.split(" ")[1].rstrip(":"): line.split(" ", 2)[2] for line in lines if line.startswith("host unix:")})
    assert "connection refused: is distccd running there" in states[closed]
    assert states[f"{server.host}/2"] == "accepts connections; 0 of 2 slots are taken"
    assert re.match(r"a gateway with 3 slots", states[farm.host]), states
    assert "no such socket: is distcc-gateway running" in states["unix:/nonexistent/gw"]
    assert states[struck_off].startswith("avoided: it failed less than 60 s ago")
    assert states["localhost/5"] == "this machine; 0 of 5 slots are taken"
    assert states["me@far"].startswith("reached by ssh")
    assert states["away,down"] == "marked ',down' in the list"


@pytest.mark.parametrize("hosts, words", [("", "hosts: 0"), ("a,b", "unrecognized option"), ("a,down", "marked ',down'")])
@pytest.mark.parametrize("fallback", ["0", "1"])
def test_without_a_usable_host_the_verdict_is_local(workplace, client_env, hosts, words, fallback):
    workplace.reset()
    status, lines = ask(client_env(hosts, DISTCC_FALLBACK=fallback), "--explain", "gcc", "-c", "hello.c", cwd=workplace.path)
    assert status == 1
    assert words in "\n".join(lines)
    assert lines[-1].startswith("verdict: local: ")
    assert ("the job fails" if fallback == "0" else "it is compiled here") in lines[-1]


def test_this_machine_first_is_local(workplace, client_env, stock_server):
    workplace.reset()
    status, lines = ask(client_env(f"localhost/2 {stock_server().host}"), "--explain", "gcc", "-c", "hello.c", cwd=workplace.path)
    assert (status, lines[-1]) == (1, "verdict: local: it is this machine's turn first, as the list wants it")


def test_explain_without_a_command_is_a_usage_error(client_env):
    done = subprocess.run([str(peers.CLIENT), "--explain"], env=client_env(""), capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (101, b"")
    assert b"missing operand" in done.stderr


# --------------------------------------------------------------- the doctor

def test_the_doctor_finds_a_good_farm_well(client_env, stock_server, our_server, gateway, base):
    stock = stock_server()
    ours = our_server(unix=base / "ours.socket")
    farm = gateway(stock.host)
    env = client_env(f"{stock.host} {stock.host},lzo unix:{ours.unix},raw {farm.host}")
    status, lines = ask(env, "--doctor", "gcc", "g++", "clang")
    assert status == 0, lines
    assert lines[-1] == "All is well."
    assert not [line for line in lines if line.startswith("  FAIL")]
    assert sum("the object equals a local one" in line for line in lines) == 12
    stock.wait_count(9)
    ours.wait_count(3)


def test_the_doctor_takes_the_generic_compilers_by_default(client_env, stock_server):
    server = stock_server()
    status, lines = ask(client_env(server.host), "--doctor")
    assert status == 0, lines
    assert any(re.match(r"  ok   x86_64-linux-gnu-gcc: compiled on ", line) for line in lines), lines
    assert any(re.match(r"  ok   x86_64-linux-gnu-g\+\+: compiled on ", line) for line in lines), lines


def failures(env, *compilers):
    status, lines = ask(env, "--doctor", *compilers)
    found = [line[7:] for line in lines if line.startswith("  FAIL ")]
    assert (status == 100) == bool(found)
    assert (status == 0) == (not found)
    assert lines[-1] == ("Something is wrong: see the lines with FAIL." if found else "All is well.")
    return found


def test_the_doctor_names_what_is_wrong(client_env, base, gateway):
    closed = f"127.0.0.1:{peers.free_port()}"
    empty = gateway(closed)
    rows = {
        closed: r"connect: .*connection refused: is distccd running there",
        "nobody.invalid": r"resolve: failed to resolve host nobody.invalid",
        "unix:/nonexistent/gw": r"gateway: unix:/nonexistent/gw: no such socket",
        f"unix:{base}/gone,raw": r"connect: .*No such file",
        "a,fast": r"hosts: .*unrecognized option",
        "": r"hosts: 0 in \$DISTCC_HOSTS",
    }
    for hosts, words in rows.items():
        found = failures(client_env(hosts), "gcc")
        assert len(found) == 1, (hosts, found)
        assert re.match(words, found[0]), (hosts, found)
    assert len(failures(client_env(empty.host), "gcc")) == 1
    assert failures(client_env("away,down localhost"), "gcc") == []


def test_the_doctor_knows_a_server_that_lets_nobody_in(client_env):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def refuse():
            for _ in range(2):      # the connect, then the job
                listener.accept()[0].close()
        refuser = threading.Thread(target=refuse)
        refuser.start()
        found = failures(client_env(f"127.0.0.1:{listener.getsockname()[1]}"), "gcc")
        refuser.join()
    assert len(found) == 1
    assert "gcc: " in found[0]


@pytest.fixture
def tools(base, monkeypatch):
    """Programs on everybody's PATH that know by TMPDIR whether a server runs them."""
    directory = base / "tools"
    directory.mkdir()
    for name, there in {"othercc": "exec gcc -O2 \"$@\"", "lostcc": "exit 110", "sickcc": "echo sick compiler >&2; exit 3"}.items():
        (directory / name).write_text(f"#!/bin/sh\ncase $TMPDIR in */state) exec gcc \"$@\";; *) {there};; esac\n")
        (directory / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
    return directory


def test_the_doctor_compares_compilers(client_env, our_server, tools):
    server = our_server(extra=["--enable-tcp-insecure"])
    env = client_env(server.host)
    assert tools.exists()
    assert failures(env, "gcc") == []
    assert re.match("othercc: server .* gives another object than this machine: install the same version", failures(env, "othercc")[0])
    assert re.match("lostcc: server .* has no such compiler", failures(env, "lostcc")[0])
    assert re.match("sickcc: fails on server .*: sick compiler", failures(env, "sickcc")[0])


# --------------------------------------------------------------- the summary

def test_the_summary_counts_every_job_of_a_log(workplace, client_env, stock_server, base):
    server = stock_server()
    log = base / "build.log"
    env = client_env(server.host, DISTCC_LOG=log)
    jobs = ["-c hello.c", "-c hello.c", "-c empty.c", "-save-temps -c hello.c", "hello.c -o prog", "hello.c -o prog2", "-c conftest.c"]
    workplace.files = {**workplace.files, "conftest.c": ""}
    for job in jobs:
        assert workplace.run([peers.CLIENT, "gcc", *job.split()], env).rc == 0
    assert workplace.run([peers.CLIENT, "gcc", "-c", "hello.c"], {**env, "DISTCC_HOSTS": "unix:/nonexistent/gw"}).rc == 103
    for words in (["--summary", log], ["--summary"]):
        status, lines = ask(env, *words)
        assert status == 0
        assert lines == [
            "8 jobs: 3 remote, 4 local, 1 without a place",
            "remote:",
            f"      3  {server.host}",
            "local:",
            "      2  not-a-compile: the command links, or asks something",
            "      1  conftest: configure tests this machine's compiler",
            "      1  option -save-temps",
            "without a place:",
            "      1  connect",
        ]


def test_the_summary_needs_a_log(client_env, base):
    for words, status in ((["--summary"], 101), (["--summary", base / "none"], 107)):
        done = subprocess.run([str(peers.CLIENT), *map(str, words)], env=client_env(""), capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (status, b"")
        assert done.stderr.count(b"\n") == 1
