# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway may be another gateway's server; a circle of them ends a job with a reason."""

from lib import lease, peers, wait

COMPILE = [peers.CLIENT, "gcc", "-c", "hello.c", "-o", "hello.o"]


def test_a_job_goes_through_two_gateways(gateway, stock_server, workplace, client_env):
    server = stock_server()
    near = gateway([gateway([f"{server.host},lzo"]).host + "/4"])
    assert workplace.run(COMPILE, client_env(near.host)).rc == 0
    server.wait_count(1)


def test_a_circle_of_two_ends_with_a_denial(gateway, workplace, client_env, base):
    other = f"unix:{base}/g2/gw/socket"
    one = gateway([f"{other}/1"])
    two = gateway([f"{one.host}/1"])
    assert two.host == other
    outcome = workplace.run(COMPILE, client_env(one.host), timeout=20)
    assert outcome.rc == 116
    assert b"gateways are in each other's host lists (reason=loop)" in outcome.stderr
    one.wait_log("a job has come in a circle")
    for gate in (one, two):
        wait.until(lambda gate=gate: gate.status()["leases"] == 0, "no lease to be left")
        # it says nothing against the server
        assert gate.status()["servers"][0]["state"] == "up"


def test_a_circle_hurts_no_job_that_has_somewhere_else_to_go(gateway, workplace, client_env, base, stock_server):
    server = stock_server()
    one = gateway([f"unix:{base}/g2/gw/socket/4", f"{server.host}/4"])
    gateway([f"{one.host}/4"])
    for _ in range(3):
        assert workplace.run(COMPILE, client_env(one.host)).rc == 0
    server.wait_count(3)


def test_a_false_introduction_is_an_offence(gateway):
    gate = gateway(["127.0.0.1:1"])
    for hello in (lease.message("HOPS", names=""), lease.message("HOPS", names="0" * 16) * 2, lease.message("HOPS", other="x"), b"HOPSzzzzzzzz"):
        with lease.Lease(gate.path, greeting=hello) as peer:
            assert peer.sock.recv(100) == b""
    for hops in (8, 500):
        names = ",".join(f"{i:016x}" for i in range(hops))
        with lease.Lease(gate.path, greeting=lease.message("HOPS", names=names)) as peer:
            assert peer.receive()[1]["reason"] == "loop"
