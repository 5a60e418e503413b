# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever is wrong with the hosts: one line names the cause and the remedy, the compile happens here,
and with DISTCC_FALLBACK=0 the client ends with the status that the manual promises."""

import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest

from lib import compare, peers, sandbox, wait

COMMAND = ["gcc", "-O2", "-c", "hello.c", "-o", "hello.o"]
MISSING = "unix:/nonexistent/gw/socket"

# host list -> what the line must say, and the exit status without fallback
BAD_LISTS = {
    "no hosts": ("", r"\$DISTCC_HOSTS contained no hosts; can't distribute work", 116),
    "only comments": ("# none\n", r"\$DISTCC_HOSTS contained no hosts", 116),
    "a port that is none": ("farm:http", r"host 'farm:http'.*invalid tcp port specification: bad port 'http': a number from 1 to 65535", 116),
    "an unknown option": ("a,lzo,fast", r"host 'a,lzo,fast': unrecognized option in host specification: ',fast'", 116),
    "pump without compression": ("a,cpp", r"pump mode \(',cpp'\) requires compression \(',lzo'\)", 116),
    "a limit of nothing": ("a/0", r"bad limit '0': a number from 1 to", 116),
    "an unclosed bracket": ("[::1", r"IPv6 Hostname requires closing '\]'", 116),
    "a keyword that is none": ("--random a", r"host '--random': this is no keyword", 116),
    "the line is named": ("a\nb\nc,down,x", r"line 3: host 'c,down,x'", 116),
    "all down": ("a,down b,down", r"every host in the list is marked ',down'", 116),
    "an abstract socket": ("unix:@gw", r"abstract sockets belong to a network namespace.*use unix:/path", 116),
    "a relative socket": ("unix:gw", r"unix: needs an absolute path", 116),
    "a socket path that is too long": ("unix:/" + "x" * 300, r"socket path of 301 bytes, at most 107 are possible: use a shorter directory", 116),
    "a socket that is missing": (MISSING, r"unix:/nonexistent/gw/socket: no such socket: is distcc-gateway running", 103),
    "a name that nobody knows": ("nobody.invalid", r"host 'nobody.invalid': failed to resolve host nobody.invalid port 3632", 116),
}


def run_both_ways(workplace, env, words, status, **more):
    """With and without fallback; returns nothing: all is asserted."""
    local = workplace.run(COMMAND, peers.clean_env())
    fell_back = workplace.run([peers.CLIENT, *COMMAND], {**env, "DISTCC_FALLBACK": "1"}, **more)
    lines = fell_back.stderr.decode().splitlines()
    assert len(lines) == 1, fell_back
    assert re.fullmatch(rf"distcc\[\d+\] Warning: failed to distribute( hello\.c to \S+)?, running locally instead: .*{words}.*", lines[0]), lines
    fell_back.stderr = b""
    compare.assert_same(local, fell_back)

    for stamp in pathlib.Path(env["DISTCC_DIR"]).glob("lock/backoff_*"):
        stamp.unlink()
    refused = workplace.run([peers.CLIENT, *COMMAND], env, **more)
    lines = refused.stderr.decode().splitlines()
    assert len(lines) == 1, refused
    assert "ERROR: failed to distribute and fallbacks are disabled: " in lines[0]
    assert refused.rc == status
    assert refused.stdout == b""
    assert sorted(refused.files) == sorted([*workplace.files, "sub"])


@pytest.mark.parametrize("row", BAD_LISTS)
def test_a_host_list_that_cannot_be_used(workplace, client_env, row):
    hosts, words, status = BAD_LISTS[row]
    run_both_ways(workplace, client_env(hosts), words, status)


def test_no_list_at_all(workplace, client_env, base):
    """No variable, no file. (A machine-wide list would be found, so the test needs one without.)"""
    env = client_env(None, DISTCC_DIR=base / "empty")
    run_both_ways(workplace, env, "(no hostlist is set; can't distribute work|every host failed|refused)", 116)


def test_nobody_listens_on_the_socket(workplace, client_env, base):
    """A gateway that was killed leaves its file behind."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(base / "dead"))
    run_both_ways(workplace, client_env(f"unix:{base}/dead"), "nobody listens: start distcc-gateway again", 103)


def test_a_killed_gateway(workplace, client_env, gateway, stock_server):
    running = gateway(stock_server().host)
    os.killpg(running.pid, signal.SIGKILL)
    running.process.wait()
    run_both_ways(workplace, client_env(running.host), "nobody listens: start distcc-gateway again", 103)


def test_a_socket_without_permission(workplace, client_env, base):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(base / "closed"))
        sock.listen(5)
        (base / "closed").chmod(0o600)
        run_both_ways(workplace, client_env(f"unix:{base}/closed"), "permission denied: see --socket-mode and --socket-group", 103,
                      prefix=sandbox.AS_USER)


def test_a_gateway_that_accepts_and_says_nothing(workplace, client_env, base):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(base / "silent"))
        sock.listen(5)
        env = client_env(f"unix:{base}/silent", DISTCC_IO_TIMEOUT=1)
        run_both_ways(workplace, env, f"unix:{base}/silent: the gateway is silent for 1 s", 118)


def test_a_stopped_gateway(workplace, client_env, gateway, stock_server):
    running = gateway(stock_server().host)
    os.killpg(running.pid, signal.SIGSTOP)
    try:
        run_both_ways(workplace, client_env(running.host, DISTCC_IO_TIMEOUT=1), "the gateway is silent for 1 s", 118)
    finally:
        os.killpg(running.pid, signal.SIGCONT)


def test_a_gateway_without_a_server(workplace, client_env, gateway):
    running = gateway(f"127.0.0.1:{peers.free_port()}")
    run_both_ways(workplace, client_env(running.host), "the gateway has no place for this job: ", 116)


def test_a_server_that_refuses(workplace, client_env):
    port = peers.free_port()
    env = client_env(f"127.0.0.1:{port}", DISTCC_BACKOFF_PERIOD=0)
    local = workplace.run(COMMAND, peers.clean_env())
    fell_back = workplace.run([peers.CLIENT, *COMMAND], {**env, "DISTCC_FALLBACK": "1"})
    assert fell_back.stderr.count(b"\n") == 1
    assert b"connection refused: is distccd running there, on this port and address?" in fell_back.stderr
    fell_back.stderr = b""
    compare.assert_same(local, fell_back)
    refused = workplace.run([peers.CLIENT, *COMMAND], env)
    assert refused.rc == 103
    assert b"connection refused: is distccd running there" in refused.stderr


def test_a_server_that_accepts_and_says_nothing(workplace, client_env):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        env = client_env(f"127.0.0.1:{sock.getsockname()[1]}", DISTCC_IO_TIMEOUT=1)
        run_both_ways(workplace, env, "", 116)


def test_one_good_host_is_enough(workplace, client_env, stock_server):
    """No word about the others, and the job runs there."""
    server = stock_server()
    local = workplace.run(COMMAND, peers.clean_env())
    env = client_env(f"127.0.0.1:{peers.free_port()} {MISSING} {server.host}")
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], env))
    server.wait_count(1)


def test_a_job_that_is_local_by_nature_needs_no_hosts(workplace, client_env):
    command = ["gcc", "-E", "hello.c", "-o", "hello.i"]
    local = workplace.run(command, peers.clean_env())
    compare.assert_same(local, workplace.run([peers.CLIENT, *command], client_env(MISSING)))


def test_a_host_in_back_off_is_named(workplace, client_env):
    """The second compile does not try the host again and says so."""
    host = f"127.0.0.1:{peers.free_port()}"
    env = client_env(host)
    assert workplace.run([peers.CLIENT, *COMMAND], env).rc == 116
    second = workplace.run([peers.CLIENT, *COMMAND], env)
    assert second.rc == 116
    assert f"every host failed less than 60 s ago, '{host}' for one".encode() in second.stderr


@pytest.mark.parametrize("value", ["0", "-3"])
def test_a_timeout_of_nothing_is_a_bad_setting(workplace, client_env, value):
    done = workplace.run([peers.CLIENT, *COMMAND], client_env(MISSING, DISTCC_IO_TIMEOUT=value))
    assert done.rc == 101
    assert f"Bad DISTCC_IO_TIMEOUT value: {value}".encode() in done.stderr


def test_a_gateway_killed_in_mid_job(workplace, client_env, gateway, base):
    """The server never answers; the client notices the gateway's end, asks once more, then compiles here."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        running = gateway(f"127.0.0.1:{server.getsockname()[1]}", pass_fds="never")
        log = base / "client.log"
        local = workplace.run(COMMAND, peers.clean_env())
        workplace.reset()
        env = client_env(running.host, DISTCC_FALLBACK=1, DISTCC_LOG=log, DISTCC_VERBOSE=1)
        client = subprocess.Popen([str(word) for word in [peers.CLIENT, *COMMAND]], cwd=workplace.path, env=env)
        connection, _ = server.accept()
        with connection:
            assert wait.for_bytes(connection, 4) == b"DIST"
            running.stop(signal.SIGKILL)
            assert client.wait(timeout=30) == 0
        assert compare.snapshot(workplace.path) == local.files
        assert "running locally instead" in log.read_text()
