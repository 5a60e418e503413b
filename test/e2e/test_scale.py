# SPDX-License-Identifier: GPL-2.0-or-later
"""A big farm and many clients at once: what they cost the gateway. Figures are printed (-s), and only
memory is judged."""

import os
import resource
import socket
import time

from lib import broken, lease, peers, wait, wire

SOAK = bool(os.environ.get("DISTCC_SOAK"))
CLIENTS = 10000 if SOAK else 400
BYTES_PER_CLIENT_MAX = 8192


def loop_pid(gate):
    with open(f"/proc/{gate.pid}/task/{gate.pid}/children", encoding="ascii") as children:
        return int(children.read().split()[0])


def resident(pid):
    """Private bytes of a process in memory."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return sum(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Private_"))


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_six_hundred_hosts_of_64_slots(gateway):
    begin = time.monotonic()
    gate = gateway([f"127.{i // 200}.1.{i % 200 + 1}:9/64,lzo" for i in range(600)])
    status = gate.status()
    parsed = time.monotonic()
    assert len(status["servers"]) == 600
    assert sum(server["slots"] for server in status["servers"]) == 38400
    gate.status()
    print(f"\n600 hosts: {1000 * (parsed - begin):.0f} ms from start to status, {1000 * (time.monotonic() - parsed):.0f} ms for a status")
    # each changes at once, and none is counted twice
    gate.hosts_file.write_text("".join(f"127.{i // 200}.1.{i % 200 + 1}:9/32\n" for i in range(600)))
    gate.process.send_signal(1)
    wait.until(lambda: sum(server["slots"] for server in gate.status()["servers"]) == 19200, "the changed list")


def test_clients_that_wait_cost_little(gateway, stock_server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CLIENTS + 200
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise AssertionError(f"this needs {wanted} descriptors, the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    server = stock_server()
    gate = gateway([f"{server.host}/1"])
    clients = []
    try:
        holder = lease.Lease(gate.path)
        clients.append(holder)
        assert holder.ask(compiler="gcc")[0] == "GRNT"
        pid = loop_pid(gate)
        before = resident(pid)
        for i in range(CLIENTS):
            clients.append(lease.Lease(gate.path))
            clients[-1].sock.sendall(lease.message("WANT", compiler="gcc", source=f"file{i}.c", build=f"build{i % 16}") + lease.message("REDY", size=10000))
        wait.until(lambda: gate.status()["queued"] == CLIENTS, f"{CLIENTS} to be queued", deadline_s=120)
        each = (resident(pid) - before) / CLIENTS
        cpu = cpu_seconds(pid)
        # one after the other gets the slot and gives it back
        granted = 0
        waiting = {client.sock.fileno(): client for client in clients[1:]}
        holder.sock.close()
        rounds = min(CLIENTS, 1000)
        while granted < rounds:
            for fd, client in list(waiting.items()):
                client.sock.setblocking(False)
                try:
                    client.sock.recv(1)
                except BlockingIOError:
                    continue
                granted += 1
                client.sock.close()
                del waiting[fd]
        used = cpu_seconds(pid) - cpu
        print(f"\n{CLIENTS} waiting clients: {each:.0f} bytes each; {1e6 * used / granted:.0f} us of gateway CPU for each of {granted} grants")
    finally:
        for client in clients:
            client.sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert each < BYTES_PER_CLIENT_MAX
    wait.until(lambda: gate.status()["peers"] == 0, "all to be gone")


LEASES = 1000000 if SOAK else 3000
RELAYED_EACH = 10
REPLY = b"DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000003obj"
REQUEST = wire.plain(["gcc", "-c", "x.c", "-o", "x.o"])


def answer(connection, _):
    """As a distccd, and at once."""
    got = 0
    while got < len(REQUEST):
        got += len(connection.recv(65536)) or len(REQUEST)
    connection.sendall(REPLY)
    connection.close()


def one_lease(gate, number):
    """A place here, or each tenth time a job for the farm, of one of many builds."""
    with lease.Lease(gate.path) as client:
        if number % RELAYED_EACH:
            assert client.ask(kind="local", modes="local", build=f"build{number % 1000}")[1]["mode"] == "local"
            client.sock.sendall(lease.message("RSLT", result="ok"))
        else:
            assert client.ask(compiler="gcc", modes="relay", build=f"build{number % 5000}", source=f"f{number}.c")[1]["mode"] == "relay"
            client.sock.sendall(REQUEST)
            assert client.sock.recv(len(REPLY), socket.MSG_WAITALL) == REPLY


def test_leases_leave_nothing_behind(gateway, stack):
    """After the first ones have filled the tables that have a bound: no more memory, no descriptor."""
    server = stack.enter_context(broken.BrokenServer(answer))
    gate = gateway(["localhost/2", f"{server.host}/2"], extra=["--log-level=warning", "--stats-port=0"])
    pid = loop_pid(gate)
    warm = LEASES // 5 if SOAK else 2000
    for number in range(warm):
        one_lease(gate, number)
    wait.until(lambda: gate.status()["peers"] == 0, "the gateway to be idle")
    memory, descriptors, begin, cpu = resident(pid), gate.status()["descriptors"], time.monotonic(), cpu_seconds(pid)
    for number in range(warm, LEASES):
        one_lease(gate, number)
    wait.until(lambda: gate.status()["peers"] == 0, "the gateway to be idle")
    status = gate.status()
    grown = resident(pid) - memory
    count = LEASES - warm
    print(f"\n{count} leases: {count / (time.monotonic() - begin):.0f} a second, {1e6 * (cpu_seconds(pid) - cpu) / count:.0f} us of gateway CPU each; "
          f"memory grew by {grown} bytes")
    assert (status["descriptors"], status["leases"], status["live_bytes"], status["slots_busy"]) == (descriptors, 0, 0, 0)
    assert status["done"] == LEASES // RELAYED_EACH
    # in small the table of events still fills; a sanitizer keeps what was freed
    assert peers.is_sanitized() or grown < (1 << 20 if SOAK else 4 << 20)
