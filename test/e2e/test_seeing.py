# SPDX-License-Identifier: GPL-2.0-or-later
"""What is shown of a gateway: after a run with known outcomes all views agree on the counts, and the
logs of client, gateway and server name the same job."""

import json
import os
import re
import signal
import subprocess

import pytest

from lib import peers, wait
from lib.lease import Lease, message

parser = pytest.importorskip("prometheus_client.openmetrics.parser")


def ask(gw, **question):
    """The whole answer to SHOW."""
    with Lease(gw.path) as lease:
        lease.sock.sendall(message("SHOW", **question))
        answer = b""
        while True:
            head = lease._exactly(12)
            size = int(head[4:], 16)
            if head[:4] != b"TEXT" or not size:
                return answer.decode()
            answer += lease._exactly(size)


def metrics_of(text):
    """{name or (name, label value): number}, from a strict parser."""
    found = {}
    for family in parser.text_string_to_metric_families(text):
        for sample in family.samples:
            name = sample.name.removeprefix("distcc_gateway_").removesuffix("_total")
            found[(name, *sample.labels.values()) if sample.labels else name] = sample.value
    return found


def figures_of_text(text):
    return {name: int(value) for name, value in re.findall(r"^([a-z_]+) +(\d+)  [A-Z]", text, re.M)}


def monitor(gw, *options):
    """What distccmon-text shows of the gateway's jobs."""
    return subprocess.run([peers.BUILD / "distccmon-text", f"--gateway={gw.host}", *options], capture_output=True, text=True, timeout=20,
                          check=True, env=peers.clean_env()).stdout


def compile_one(env, *words):
    return subprocess.run([peers.CLIENT, "gcc", *words], env=env, capture_output=True, text=True, timeout=60, check=False)


def known_outcomes(gw, env, workplace):
    """3 done, 1 denied, 1 cancelled; 4 local runs of three reasons."""
    workplace.reset()
    source = str(workplace.path / "hello.c")
    for number in range(3):
        assert compile_one(env, "-c", source, "-o", f"{workplace.path}/{number}.o").returncode == 0
    assert compile_one({**env, "DISTCC_GATEWAY_USE": "nobody"}, "-c", source, "-o", "/dev/null").returncode != 0
    with Lease(gw.path) as lease:
        lease.sock.sendall(message("WANT", build="b'1", source="gone.c"))
        wait.until(lambda: "gone.c" in ask(gw, what="jobs", format="text"), "the job to be shown")
        row, = monitor(gw).split("\n")[:-2]
        shown, = monitor(gw, "--json").splitlines()
        assert row.split()[:3] == [str(json.loads(shown)["job"]), "Preprocess", "gone.c"] and row.split()[-1] == "b'1"
        assert gw.status()["jobs_live"] == 1
    for words in (["-E", source], ["-E", source], ["-S", source, "-o", "-"]):
        assert compile_one(env, *words).returncode == 0
    with Lease(gw.path) as lease:
        lease.sock.sendall(message("NOTE", where="local", reason="of-next-year", build="other"))
    wait.until(lambda: gw.status()["local"] == 4 and gw.status()["cancelled"] == 1, "all to be counted")


def test_all_views_agree_after_known_outcomes(stock_server, gateway, client_env, workplace, base):
    server = stock_server()
    gw = gateway([server.host])
    env = client_env(gw.host, DISTCC_BUILD="b'1", DISTCC_LOG=base / "client.log")
    known_outcomes(gw, env, workplace)
    status = gw.status()
    wanted = {"jobs": 5, "done": 3, "denied": 1, "cancelled": 1, "replayed": 0, "local": 4, "relayed": 3, "queued": 0,
              "jobs_live": 0, "slots": 4, "slots_busy": 0}
    assert {key: status[key] for key in wanted} == wanted
    assert status["reasons"] == {"preprocess-only": 2, "output-stdout": 1, "other": 1}
    text = figures_of_text(ask(gw, what="status"))
    metrics = metrics_of(ask(gw, what="metrics"))
    assert {key: text[key] for key in wanted} == wanted
    assert {key: metrics[key] for key in wanted} == wanted
    assert {key: value for key, value in metrics.items() if key[0] == "local_runs" and value} == {
        ("local_runs", reason): count for reason, count in status["reasons"].items()}
    assert metrics["server_done", server.host] == status["servers"][0]["done"] == 3
    server.wait_count(3)
    events = [json.loads(line) for line in ask(gw, what="events").splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    for kind, count in (("wanted", 5), ("done", 3), ("denied", 1), ("cancelled", 1), ("local", 4)):
        assert sum(event["event"] == kind for event in events) == count
    assert monitor(gw, "--events") == ask(gw, what="events")
    assert (monitor(gw), monitor(gw, "--json")) == ("\n", "")
    assert {key: value for key, value in status["builds"][0].items() if key in wanted} == {
        "jobs": 5, "done": 3, "denied": 1, "cancelled": 1, "replayed": 0, "local": 3}
    summary = subprocess.run([peers.GATEWAY, f"--listen={gw.host}", "--status", "--build=b'1"], capture_output=True, text=True,
                             timeout=20, check=True).stdout
    assert " 5 jobs, 3 done, 1 denied, 1 cancelled, 0 replayed, 3 local" in summary
    assert "2 local: preprocess-only" in summary and "of-next-year" not in summary


def test_all_views_agree_on_attempts_that_failed(stock_server, gateway, client_env, workplace):
    """One server is not there; what is tried again there is counted alike everywhere."""
    dead, server = f"127.0.0.1:{peers.free_port()}", stock_server()
    gw = gateway([f"{dead}/4", f"{server.host}/4"])
    env = client_env(gw.host, DISTCC_BUILD="b")
    workplace.reset()
    for number in range(20):
        assert compile_one(env, "-c", str(workplace.path / "hello.c"), "-o", f"{workplace.path}/{number}.o").returncode == 0
        if gw.status()["replayed"]:
            break
    server.wait_count(number + 1)
    status = gw.status()
    assert status["replayed"] >= 1 and status["done"] == number + 1 and status["granted"] == status["done"] + status["replayed"]
    metrics, text = metrics_of(ask(gw, what="metrics")), figures_of_text(ask(gw, what="status"))
    events = [json.loads(line) for line in monitor(gw, "--events").splitlines()]
    for name in ("jobs", "granted", "done", "replayed", "denied", "cancelled"):
        kind = "wanted" if name == "jobs" else name
        assert status[name] == metrics[name] == text[name] == sum(event["event"] == kind for event in events), name
    failed = {one["name"]: one["failed"] for one in status["servers"]}
    assert failed == {dead: status["replayed"], server.host: 0} and metrics["server_failures", dead] == failed[dead]
    assert (status["builds"][0]["replayed"], status["builds"][0]["done"]) == (status["replayed"], status["done"])


def late_on(gw, env, workplace, stopped):
    """A client whose job is tried by both servers: each of which is stopped, and known to be quick."""
    compiles = [peers.CLIENT, "gcc", "-c", str(workplace.path / "hello.c"), "-o"]
    for number in range(20):
        assert subprocess.run([*compiles, f"{workplace.path}/{number}.o"], env=env, timeout=60, check=False).returncode == 0
        if all(server["done"] for server in gw.status()["servers"]):
            break
    for server in stopped:
        os.killpg(server.pid, signal.SIGSTOP)
    client = subprocess.Popen([*compiles, f"{workplace.path}/late.o"], env=env)  # pylint: disable=consider-using-with
    wait.until(lambda: '"second"' in monitor(gw, "--json"), "a second attempt")
    return client


def test_all_views_agree_on_a_second_attempt(stock_server, gateway, client_env, workplace):
    """It is on the lane of its server, and each of the two ends once: the other is abandoned."""
    servers = stock_server(), stock_server()
    gw = gateway([f"{server.host}/1" for server in servers])
    workplace.reset()
    client = late_on(gw, client_env(gw.host, DISTCC_BUILD="b"), workplace, servers)
    try:
        shown, = (json.loads(line) for line in monitor(gw, "--json").splitlines())
        first, other = shown["server"], shown["second"]["server"]
        assert {first, other} == {server.host for server in servers} and shown["slot"] == shown["second"]["slot"] == 0
        assert f"{first}[0] and {other}[0]  b" in monitor(gw)
        assert gw.status()["slots_busy"] == 2
    finally:
        for server in servers:
            if server.host != first:
                os.killpg(server.pid, signal.SIGCONT)
        assert client.wait(timeout=60) == 0
        for server in servers:
            os.killpg(server.pid, signal.SIGCONT)
    status = gw.status()
    assert status["second_attempts"] >= 1 and status["overtaken"] >= 1 and status["slots_busy"] == 0
    events = [json.loads(line) for line in monitor(gw, "--events").splitlines()]
    told = [(event["event"], event["server"], event["slot"]) for event in events if event["job"] == shown["job"]]
    assert told == [("wanted", "", -1), ("queued", "", -1), ("granted", first, 0), ("second", other, 0),
                    ("abandoned", first, 0), ("done", other, 0)]
    assert events[-2]["reason"] == "overtaken"
    metrics, text = metrics_of(ask(gw, what="metrics")), figures_of_text(ask(gw, what="status"))
    assert status["second_attempts"] == metrics["second_attempts"] == text["second_attempts"] == sum(event["event"] == "second" for event in events)


@pytest.mark.parametrize("way", ["relay", "fd"])
def test_client_gateway_and_server_name_the_same_job(stock_server, gateway, client_env, workplace, base, way):
    server = stock_server()
    gw = gateway([server.host], pass_fds="always")
    workplace.reset()
    env = client_env(f"{gw.host},{way}", DISTCC_LOG=base / "client.log")
    assert compile_one(env, "-c", str(workplace.path / "hello.c"), "-o", f"{workplace.path}/hello.o").returncode == 0
    job = re.search(r"result: .* status=0 job=(\d+)$", (base / "client.log").read_text(), re.M)[1]
    line, = gw.wait_log(f"job={job} outcome=done")
    pairs = dict(word.split("=", 1) for word in line[line.index("job="):].split())
    assert (pairs["source"], pairs["server"], pairs["way"]) == ("hello.c", server.host, way)
    server.wait_count(1)
    assert server.jobs("COMPILE_OK")[0]["client"] == pairs["from"]
