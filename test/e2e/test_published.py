# SPDX-License-Identifier: GPL-2.0-or-later
"""What servers publish on their statistics port is asked for, used, and never waited for."""

import pytest

from lib import broken, lease, peers, timed, wait


def only_server(gw):
    server, = gw.status()["servers"]
    return server


@pytest.mark.parametrize("kind", ["stock", "ours"])
def test_a_server_without_a_limit_gets_as_many_jobs_as_it_has_workers(kind, stock_server, our_server, gateway):
    port = peers.free_port()
    server = (stock_server if kind == "stock" else our_server)(jobs=7, extra=["--stats", f"--stats-port={port}"])
    gw = gateway([server.host], extra=[f"--stats-port={port}"])
    wait.until(lambda: only_server(gw)["slots"] == 7, "the workers to be known")
    assert (only_server(gw)["free_mib"] > 0) == (kind == "ours")
    assert only_server(gw)["others"] >= 0


def test_a_limit_of_the_list_stays(stock_server, gateway, base):
    port = peers.free_port()
    server = stock_server(jobs=7, extra=["--stats", f"--stats-port={port}"])
    gw = gateway([f"{server.host}/3"], extra=[f"--stats-port={port}"])
    project = timed.Project(base / "project", 4)
    project.finish(project.start(gw, 4))
    server.wait_count(4)
    assert only_server(gw)["slots"] == 3


def test_a_load_of_others_is_known_after_the_first_job(gateway, stock_server, stack, base):
    """Eleven processes are busy there, it says, and none of them is ours by then."""
    answer = b"HTTP/1.0 200 OK\n\nargv /distccd\n<distccstats>\ndcc_max_kids 4\ndcc_current_load 12\ndcc_free_mem 3000 MB\n</distccstats>\n"

    def publish(connection, _):
        connection.sendall(answer)
        connection.close()
    stats = stack.enter_context(broken.BrokenServer(publish))
    server = stock_server()
    gw = gateway([server.host], extra=[f"--stats-port={stats.port}"])
    wait.until(lambda: only_server(gw)["others"] == 11, "the load to be known")
    assert only_server(gw)["free_mib"] == 3000
    # not asked again for each job
    project = timed.Project(base / "project", 6)
    project.finish(project.start(gw, 2))
    server.wait_count(6)
    assert stats.met <= 2


@pytest.mark.parametrize("behave", [broken.stall_after_accept, broken.reset, broken.no_distcc], ids=lambda value: value.__name__)
def test_a_statistics_port_that_is_broken_hurts_nobody(behave, gateway, stock_server, stack, base):
    stats = stack.enter_context(broken.BrokenServer(behave))
    server = stock_server()
    gw = gateway([server.host], extra=[f"--stats-port={stats.port}"])
    project = timed.Project(base / "project", 6)
    project.finish(project.start(gw, 3))
    server.wait_count(6)
    assert stats.met == 1
    status = only_server(gw)
    assert (status["slots"], status["state"], status["failed"], status["others"]) == (4, "up", 0, 0)


