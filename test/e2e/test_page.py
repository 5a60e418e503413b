# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of --http: in a browser it shows what the other views say; to everybody else it gives
nothing but answers, and never gets in the way of a job."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from lib import browser, peers, wait
from test_seeing import ask, compile_one, known_outcomes, late_on, metrics_of

DIRECTIVES = ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'")


@pytest.fixture
def page(gateway):
    """start(hosts) -> a gateway with its page at .port"""
    def start(hosts, **options):
        port = peers.free_port()
        gw = gateway(hosts, extra=["--http", f"127.0.0.1:{port}"], **options)
        gw.port = port
        return gw
    return start


def fetch(port, path="/", method="GET", body=None, **headers):
    """(status, headers, body)"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def numbers(view):
    """What the tiles show."""
    return {name: int(view.value(f"document.getElementById('{name}')?.textContent.replace(/,/g, '')") or 0)
            for name in ("done", "local", "queued", "busy")}


@pytest.mark.skipif(not browser.PROGRAM, reason="no chromium")
def test_the_page_agrees_with_all_other_views(stock_server, page, client_env, workplace, base, stack):
    server = stock_server()
    gw = page([server.host])
    known_outcomes(gw, client_env(gw.host, DISTCC_BUILD="b'1"), workplace)
    view = stack.enter_context(browser.Browser(base / "profile"))
    view.show(f"http://127.0.0.1:{gw.port}/", dark=True)
    wait.until(lambda: numbers(view) == {"done": 3, "local": 4, "queued": 0, "busy": 0}, "the page to show what happened")
    status, metrics = gw.status(), metrics_of(fetch(gw.port, "/metrics")[2].decode())
    for figure in ("done", "local", "denied", "cancelled", "jobs", "replayed"):
        assert status[figure] == metrics[figure] == json.loads(fetch(gw.port, "/status.json")[2])[figure]
    shown = view.value("[...document.querySelectorAll('#why li')].map(li => li.innerText.split('\\n').slice(0, 2))")
    assert {reason: int(count) for reason, count in shown} == status["reasons"]
    assert view.value("document.querySelector('.server .foot').textContent") == "3 done"
    # the news arrive without a reload
    assert compile_one(client_env(gw.host), "-c", str(workplace.path / "hello.c"), "-o", f"{workplace.path}/h.o").returncode == 0
    wait.until(lambda: numbers(view)["done"] == 4, "the page to hear of one more")
    # by keyboard: to the server, its slots alone, and back
    view.press("ArrowRight")
    assert view.value("document.activeElement.dataset.name") == server.host
    view.press("Enter", text="\r")
    wait.until(lambda: view.value("document.getElementById('time-note').textContent") == f"{server.host} alone", "one server")
    view.press("Escape")
    assert view.value("document.getElementById('time-note').textContent") == ""
    view.press("t")
    assert view.value("document.documentElement.dataset.theme") == "light"
    assert view.value("document.documentElement.scrollWidth <= innerWidth") is True
    view.screenshot(base / "page.png")
    assert not view.errors, "the page broke its own policy, or threw"


LANES = """
(async () => {
	const { Model } = await import("/model.js");
	const model = new Model(), lanes = {};
	await new Promise((done) => {
		const live = new EventSource("/live");
		live.onmessage = (message) => {
			model.take(JSON.parse(message.data));
			live.close();
			done();
		};
	});
	for (const spans of model.lanes.values()) {
		const last = spans.at(-1);
		lanes[last.server] = `${last.slot} ${last.file} ${last.outcome}`;
	}
	return JSON.stringify(lanes);
})()
"""


@pytest.mark.skipif(not browser.PROGRAM, reason="no chromium")
def test_a_second_attempt_has_a_bar_of_its_own(stock_server, page, client_env, workplace, base, stack):
    servers = stock_server(), stock_server()
    gw = page([f"{server.host}/1" for server in servers])
    view = stack.enter_context(browser.Browser(base / "profile"))
    view.show(f"http://127.0.0.1:{gw.port}/")
    workplace.reset()
    client = late_on(gw, client_env(gw.host), workplace, servers)
    try:
        assert json.loads(view.value(LANES)) == {server.host: "0 hello.c running" for server in servers}
        view.screenshot(base / "page.png")
    finally:
        os.killpg(servers[0].pid, signal.SIGCONT)
        assert client.wait(timeout=60) == 0
        os.killpg(servers[1].pid, signal.SIGCONT)
    assert json.loads(view.value(LANES)) == {servers[0].host: "0 hello.c done", servers[1].host: "0 hello.c abandoned"}
    wait.until(lambda: numbers(view)["busy"] == 0, "the page to hear that it is done")
    view.screenshot(base / "after.png")
    assert not view.errors


RECORD = """
window.drawn = [];
const plain = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
	const width = this.measureText(text).width, left = this.textAlign === "center" ? x - width / 2 : x;
	drawn.push({ text, left, right: left + width, top: y - 6, bottom: y + 6 });
	plain.call(this, text, x, y);
};
"""


@pytest.mark.skipif(not browser.PROGRAM, reason="no chromium")
def test_no_label_covers_another_at_any_width(page, base, stack):
    gw = page([f"a-server-with-quite-a-long-name-{i}.example.org/{slots}" for i, slots in enumerate((1, 1, 4, 12))])
    view = stack.enter_context(browser.Browser(base / "profile"))
    view.call("Page.addScriptToEvaluateOnNewDocument", source=RECORD)
    for width in (320, 480, 800, 1440):
        view.show(f"http://127.0.0.1:{gw.port}/", width=width)
        wait.until(lambda: view.value("(window.drawn ?? []).some((label) => label.text.startsWith('a-ser'))"), "the time line")
        labels = view.value("new Promise((done) => requestAnimationFrame(() => { drawn.length = 0;"
                            " const look = () => drawn.some((label) => label.text === 'now') ? done([...drawn]) : requestAnimationFrame(look);"
                            " look(); }))")
        # one frame: from one "now" to the next at most
        assert sum(label["text"] == "now" for label in labels) == 1 and len(labels) >= 4
        for i, one in enumerate(labels):
            for other in labels[i + 1:]:
                assert (one["right"] <= other["left"] or other["right"] <= one["left"] or one["bottom"] <= other["top"] or
                        other["bottom"] <= one["top"]), f"{one} covers {other} at a width of {width}"
        assert view.value("document.documentElement.scrollWidth <= innerWidth") is True, f"it is wider than {width}"
    assert not view.errors


def test_the_page_stays_while_a_gateway_replaces_another(page, base):
    gw = page(["127.0.0.1:9"])
    other = peers.Gateway(gw.tmp, ["127.0.0.1:9"], extra=["--http", f"127.0.0.1:{gw.port}"])
    refused = subprocess.run(other.command, env=other.env, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode == 102, "two that do not know each other never share a port"
    other.command.append("--replace")
    with other:
        gw.wait_log("another gateway takes over")
        wait.until(lambda: gw.process.poll() is not None or not fetch_ok(gw.port), "the old one to end, or the page to fail")
        assert gw.process.poll() == 0 and fetch_ok(gw.port)


def test_no_reader_notices_that_a_gateway_replaces_another(stock_server, page, stack, client_env, workplace):
    """One that has connected, one in the middle of its question, and a number that never falls."""
    gw = page([stock_server().host])
    workplace.reset()
    assert compile_one(client_env(gw.host), "-c", str(workplace.path / "hello.c"), "-o", f"{workplace.path}/h.o").returncode == 0
    silent, halfway = (stack.enter_context(socket.create_connection(("127.0.0.1", gw.port), timeout=20)) for _ in range(2))
    halfway.sendall(b"GET /metrics HTTP/1.1\r\nHo")
    wait.until(lambda: len(os.listdir(f"/proc/{loop_pid(gw)}/fd")) >= gw.status()["descriptors"] + 2, "both to be accepted")
    with gw.successor():
        assert wait.for_exit(gw.process) == 0
        halfway.sendall(b"st: localhost\r\n\r\n")
        silent.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for reader in (silent, halfway):
            answer = b"".join(iter(lambda: reader.recv(65536), b""))  # pylint: disable=cell-var-from-loop
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200") and metrics_of(body.decode())["done"] == 1


def test_only_get_and_head_from_here_are_answered(page):
    gw = page(["127.0.0.1:9"])
    for path, kind in (("/", "text/html"), ("/page.js", "text/javascript"), ("/style.css", "text/css"),
                       ("/status.json", "application/json"), ("/metrics", "application/openmetrics-text")):
        status, headers, body = fetch(gw.port, path)
        assert status == 200 and headers["Content-Type"].startswith(kind) and len(body) == int(headers["Content-Length"])
        assert all(directive in headers["Content-Security-Policy"] for directive in DIRECTIVES)
        assert "Access-Control-Allow-Origin" not in headers and headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert fetch(gw.port, path, method="HEAD")[::2] == (200, b"")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert fetch(gw.port, method=method)[0] == 405
    for path in ("/nothing", "/../style.css", "/page/style.css", "//"):
        assert fetch(gw.port, path)[0] == 404
    assert fetch(gw.port, Host="evil.example")[0] == 421
    assert fetch(gw.port, "/live", Host="evil.example:80")[0] == 421
    assert fetch(gw.port, "/status.json", Origin="http://evil.example")[0] == 403
    assert fetch(gw.port, "/live", Sec_Fetch_Site="cross-site")[0] == 403
    assert fetch(gw.port, X="y" * 9000)[0] == 431


def test_no_page_without_the_option_and_one_on_a_unix_socket_with_it(gateway, base):
    place = base / "page.sock"
    with peers.Gateway(base / "g", ["127.0.0.1:9"], extra=["--http", f"unix:{place}"]):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(place))
            sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: anything\r\n\r\n")
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"# EOF\n")
    assert not place.exists()
    gw = gateway(["127.0.0.1:9"])
    assert not tcp_sockets(gw.pid) and not tcp_sockets(loop_pid(gw))


def tcp_sockets(pid):
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:
        all_there = {f"socket:[{line.split()[9]}]" for line in table}
    return all_there & {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}


def test_readers_are_bounded_and_cost_the_jobs_nothing(stock_server, page, client_env, workplace, stack):
    """200 connections that say nothing, readers that never read, and jobs that go on."""
    gw = page([stock_server().host])
    before = gw.status()
    idle = [stack.enter_context(socket.create_connection(("127.0.0.1", gw.port))) for _ in range(200)]
    wait.until(lambda: gw.status()["accepted"] > before["accepted"], "the gateway to go on")
    workplace.reset()
    for number in range(3):
        assert compile_one(client_env(gw.host), "-c", str(workplace.path / "hello.c"), "-o", f"{workplace.path}/{number}.o").returncode == 0
    holders = [fd for fd in os.listdir(f"/proc/{loop_pid(gw)}/fd")]
    assert len(holders) < 64 + 40, "more connections are held than the bound"
    for sock in idle:
        sock.close()
    wait.until(lambda: fetch_ok(gw.port), "the page to be there again")
    watchers = []
    for _ in range(40):
        sock = stack.enter_context(socket.create_connection(("127.0.0.1", gw.port)))
        sock.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        watchers.append(sock.recv(12))
    assert watchers.count(b"HTTP/1.1 200") == 24 and watchers.count(b"HTTP/1.1 503") == 16
    assert gw.status()["peers"] == 0 and json.loads(ask(gw, what="status", format="json"))["done"] == 3


def loop_pid(gw):
    """The loop process is the parent's only child."""
    with open(f"/proc/{gw.pid}/task/{gw.pid}/children", encoding="ascii") as children:
        return int(children.read().split()[0])


def fetch_ok(port):
    try:
        return fetch(port, "/metrics")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def test_a_reader_hears_of_a_job_within_a_second(stock_server, page, client_env, workplace):
    gw = page([stock_server().host])
    workplace.reset()
    with socket.create_connection(("127.0.0.1", gw.port), timeout=20) as sock, sock.makefile("rb") as stream:
        sock.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        news = (json.loads(line[6:]) for line in stream if line.startswith(b"data: "))
        first = next(news)
        assert first["kind"] == "all" and first["done"] == 0 and len(first["servers"]) == 1
        assert compile_one(client_env(gw.host), "-c", str(workplace.path / "hello.c"), "-o", f"{workplace.path}/h.o").returncode == 0
        ended, events = time.monotonic(), []
        while not events or events[-1]["event"] != "done":
            more = next(news)
            assert more["kind"] == "more"
            events += more["events"]
        assert time.monotonic() - ended < wait.within(1)
        assert [event["event"] for event in events] == ["wanted", "queued", "granted", "done"]
