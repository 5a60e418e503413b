# SPDX-License-Identifier: GPL-2.0-or-later
"""Running a gateway: its list changes while it works, and what cannot be is said and changes nothing."""

import os
import signal
import socket
import stat
import subprocess

import pytest

from lib import lease, peers, sandbox, wait

COMPILE = [peers.CLIENT, "gcc", "-c", "hello.c", "-o", "hello.o"]


def ask(gate, *options):
    """(status, stdout, stderr) of an administrator's command."""
    done = subprocess.run([str(peers.GATEWAY), f"--listen=unix:{gate.path}", *options], capture_output=True, text=True,
                          timeout=20, check=False, env=peers.clean_env())
    return done.returncode, done.stdout, done.stderr


def names(gate):
    return [server["name"] for server in gate.status()["servers"]]


def server_of(gate, name):
    return next(server for server in gate.status()["servers"] if server["name"] == name)


def test_servers_come_and_go_while_the_gateway_runs(gateway, stock_server, workplace, client_env):
    one, two = stock_server(), stock_server()
    gate = gateway([f"{one.host}/2"])
    env = client_env(gate.host)
    assert workplace.run(COMPILE, env).rc == 0
    one.wait_count(1)

    assert ask(gate, f"--add={two.host}/3")[:2] == (0, "2 servers are in use\n")
    assert ask(gate, f"--drain={one.host}")[:2] == (0, "1 servers are in use\n")
    for _ in range(3):
        assert workplace.run(COMPILE, env).rc == 0
    two.wait_count(3)
    assert one.count() == 1

    # an entry for a server that is there changes it; nothing of it is counted twice
    assert ask(gate, f"--add={one.host}/7")[0] == 0
    assert server_of(gate, one.host)["slots"] == 7
    assert ask(gate, f"--remove={two.host}")[0] == 0
    wait.until(lambda: names(gate) == [one.host], "the removed server to be gone")
    assert workplace.run(COMPILE, env).rc == 0
    one.wait_count(2)

    # the file is what is true after all, and that the rest goes is said
    assert ask(gate, "--reload")[:2] == (0, "1 servers are in use; 1 changes by --add, --drain and --remove are forgotten\n")
    wait.until(lambda: server_of(gate, one.host)["slots"] == 2, "the file's own limit")


def test_a_server_that_leaves_finishes_its_jobs_and_keeps_its_slots(gateway, stock_server):
    one, two = stock_server(), stock_server()
    gate = gateway([f"{one.host}/1", f"{two.host}/1,down"])
    with lease.Lease(gate.path) as holder, lease.Lease(gate.path) as waiter:
        assert holder.ask(compiler="gcc", modes="relay")[0] == "GRNT"
        assert ask(gate, f"--remove={one.host}")[0] == 0
        wait.until(lambda: server_of(gate, one.host)["state"] == "leaving", "the server to be leaving")
        # back again while the job runs: it is the same server with the same slot taken
        assert ask(gate, f"--add={one.host}/1")[0] == 0
        wait.until(lambda: server_of(gate, one.host)["state"] == "up", "the server to be back")
        assert server_of(gate, one.host)["in_flight"] == 1
        waiter.sock.sendall(lease.message("WANT", compiler="gcc", modes="relay") + lease.message("REDY", size=1))
        wait.until(lambda: gate.status()["queued"] == 1, "the second job to wait for the slot")
        assert ask(gate, f"--remove={one.host}")[0] == 0
        holder.sock.close()
        wait.until(lambda: names(gate) == [two.host], "the server to be gone with its last job")


@pytest.mark.parametrize("wish, complaint", [
    ("--add=-oProxyCommand=x@host", "would be an option of ssh"),
    ("--add=127.0.0.1:http", "bad port"),
    ("--drain=nobody", "no host 'nobody' in the list; there are: 127.0.0.1:1"),
    ("--remove=127.0.0.1:1", "it names no server"),
    ("--add=unix:SOCKET", "own socket"),
])
def test_a_wish_that_cannot_be_is_refused_and_changes_nothing(gateway, wish, complaint):
    gate = gateway(["127.0.0.1:1/4"])
    before = gate.status()["servers"]
    status, out, err = ask(gate, wish.replace("SOCKET", str(gate.path)))
    assert status != 0 and out == ""
    assert complaint in err and "the list stays as it was" in err
    assert gate.status()["servers"] == before


def test_a_bad_list_keeps_the_old_one_and_says_so(gateway):
    gate = gateway(["127.0.0.1:1/4"])
    assert names(gate) == ["127.0.0.1:1"]
    gate.hosts_file.write_text("127.0.0.1:1/4\n127.0.0.1:2/none\n")
    gate.process.send_signal(signal.SIGHUP)
    line, = gate.wait_log("the old list stays")
    assert "gateway.hosts: line 2:" in line and "bad limit 'none'" in line
    status, _, err = ask(gate, "--reload")
    assert status != 0 and "line 2:" in err
    assert names(gate) == ["127.0.0.1:1"]
    gate.hosts_file.write_text("127.0.0.1:2/4\n")
    gate.process.send_signal(signal.SIGHUP)
    wait.until(lambda: names(gate) == ["127.0.0.1:2"], "the good list")


def test_only_administrators_reach_the_control_socket(gateway):
    gate = gateway(["127.0.0.1:1/4"])
    place = gate.dir.with_name("gw-control")
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "socket").stat().st_mode) == 0o600
    done = subprocess.run([*sandbox.AS_USER, str(peers.GATEWAY), f"--listen=unix:{gate.path}", "--drain=127.0.0.1"],
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 103 and "Permission denied" in done.stderr
    # a question of another shape ends the visit, and nothing else
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as visitor:
        visitor.settimeout(10)
        visitor.connect(str(place / "socket"))
        visitor.sendall(b"x" * 5000)
        assert visitor.recv(10) == b""
    assert ask(gate, "--reload")[0] == 0
    assert gate.stop() == 0
    assert not (place / "socket").exists()


@pytest.mark.parametrize("mode, lines", [
    (None, ["connections are passed to clients: never (all jobs are relayed)"]),
    ("auto", ["connections are passed to clients: auto, where one of these proofs holds",
              "  af-unix     holds, for servers over ssh and unix sockets"]),
    ("always", ["connections are passed to clients: always"]),
])
def test_the_status_says_what_is_passed_to_clients(gateway, mode, lines):
    gate = gateway(["127.0.0.1:1/4"], pass_fds=mode)
    shown = ask(gate, "--status")[1].splitlines()
    assert shown[1:1 + len(lines)] == lines
    assert sum("proof" in line or "holds" in line or "does not hold: " in line for line in shown) == (0 if mode is None else 3 + (mode == "auto"))


def test_nobody_to_administrate_is_an_error_with_a_reason(base):
    done = subprocess.run([str(peers.GATEWAY), f"--listen=unix:{base}/gw/socket", "--reload"], capture_output=True,
                          text=True, timeout=20, check=False)
    assert done.returncode == 103 and "no gateway answers" in done.stderr


@pytest.mark.parametrize("text, status, says", [
    ("build7/4 build8:4000/2,lzo\n", 0, "2 entries"),
    ("build7/4,fast\n", 106, "unrecognized option"),
    ("localhost/4\n", 106, "names no server"),
    ("unix:SOCKET\n", 106, "own socket"),
])
def test_check_judges_a_configuration_without_a_gateway(base, text, status, says):
    path = base / "socket"
    (base / "hosts").write_text(text.replace("SOCKET", str(path)))
    done = subprocess.run([str(peers.GATEWAY), f"--listen=unix:{path}", f"--hosts={base}/hosts", "--user=distccd", "--force",
                           "--check"], capture_output=True, text=True, timeout=20, check=False, env=peers.clean_env())
    assert done.returncode == status
    assert says in done.stdout + done.stderr
    assert not path.exists()


def test_check_finds_a_place_where_others_could_replace_the_socket(base):
    (base / "open").mkdir()
    (base / "open").chmod(0o777)
    (base / "hosts").write_text("build7\n")
    done = subprocess.run([str(peers.GATEWAY), f"--listen=unix:{base}/open/new/socket", f"--hosts={base}/hosts", "--user=distccd",
                           "--check"], capture_output=True, text=True, timeout=20, check=False, env=peers.clean_env())
    assert done.returncode == 102 and "others may write" in done.stderr


def test_a_background_start_tells_how_it_went(base):
    """The process that was called returns when clients can have servers, or with the reason why not."""
    (base / "hosts").write_text("127.0.0.1:1/none\n")
    command = [str(peers.GATEWAY), "--daemon", f"--listen=unix:{base}/gw/socket", f"--hosts={base}/hosts", "--user=distccd", "--force",
               f"--pid-file={base}/pid", f"--log-file={base}/log"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=peers.clean_env())
    assert done.returncode != 0 and "bad limit 'none'" in done.stderr
    assert "bad limit 'none'" in (base / "log").read_text()
    assert not (base / "pid").exists() and not (base / "gw/socket").exists()
    (base / "hosts").write_text("127.0.0.1:1/4\n")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=peers.clean_env())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    pid = int((base / "pid").read_text())
    try:
        status = subprocess.run([str(peers.GATEWAY), f"--listen=unix:{base}/gw/socket", "--status"], capture_output=True, text=True,
                                timeout=20, check=True).stdout
        assert "127.0.0.1:1" in status
    finally:
        os.kill(pid, signal.SIGTERM)
        wait.until(lambda: not wait.pid_exists(pid), "the gateway to end")
    assert not (base / "pid").exists()
