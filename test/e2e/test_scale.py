# SPDX-License-Identifier: GPL-2.0-or-later
"""A big farm and many clients at once: what they cost the gateway. Figures are printed (-s), and only
memory is judged."""

import os
import resource
import time

from lib import lease, peers, wait

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
