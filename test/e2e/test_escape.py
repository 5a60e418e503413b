# SPDX-License-Identifier: GPL-2.0-or-later
"""Item 7: a passed descriptor is a way out of a sandbox, if it is not shut. Without the filter the
escape is achieved here, so that the tests can fail; with it, it is not. And no field of any dialect
makes the gateway connect where a client says."""

import pathlib
import signal
import socket
import subprocess
import sys
import threading

import pytest

from lib import lease, peers, sandbox, wait

ESCAPE = pathlib.Path(__file__).with_name("escape.py")


class Outside:
    """A listener in the host's namespace that greets whoever reaches it."""

    def __init__(self, address="127.0.0.1", family=socket.AF_INET):
        self.reached = []
        self.listener = socket.create_server((address, 0), family=family)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self):
        while True:
            try:
                caller, address = self.listener.accept()
            except OSError:
                return
            self.reached.append(address)
            with caller:
                caller.sendall(b"outside")

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(timeout=10)
        self.listener.close()


@pytest.fixture
def outside(stack):
    return stack.enter_context(Outside())


def attack(gw, *words):
    """Starts the hostile build as an ordinary user in a namespace without a network."""
    return subprocess.Popen([*sandbox.AS_USER, "unshare", "-rn", "/usr/bin/python3", str(ESCAPE), str(gw.path), *map(str, words)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=peers.clean_env(HOME="/nonexistent"))


def try_to_connect(gw, outside, how="connect"):
    process = attack(gw, how, outside.port)
    said, _ = process.communicate(timeout=60)
    return said.strip()


def try_to_listen(gw):
    process = attack(gw, "listen")
    port = process.stdout.readline().strip()
    if port.isdigit():
        with socket.socket() as caller:
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
            try:
                caller.connect(("127.0.0.1", int(port)))
                caller.sendall(b"outside")
            except OSError:
                pass
            said, _ = process.communicate("tried\n", timeout=60)
            return said.strip()
    process.communicate(timeout=60)
    return port


def test_without_the_filter_the_escape_succeeds(stock_server, gateway, outside):
    """What the filter is for. This build of the gateway is for this test only."""
    gw = gateway([stock_server().host], pass_fds="always", program=peers.GATEWAY_NOFILTER)
    assert try_to_connect(gw, outside) == "escaped"
    assert len(outside.reached) == 1
    assert try_to_listen(gw) == "escaped"


@pytest.fixture
def ways_out(stack, outside):
    """{name: (family of the socket, listener)}"""
    outside6 = stack.enter_context(Outside("::1", socket.AF_INET6))
    return {"connect": (socket.AF_INET, outside), "fastopen": (socket.AF_INET, outside), "fastopen-connect": (socket.AF_INET, outside),
            "mapped": (socket.AF_INET6, outside), "ipv6": (socket.AF_INET6, outside6)}


@pytest.fixture
def idle_servers(stack):
    """Entries of servers that only have to accept: one for each family."""
    listeners = {socket.AF_INET: stack.enter_context(socket.create_server(("127.0.0.1", 0))),
                 socket.AF_INET6: stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))}
    return {family: ("[::1]:%d/4" if family == socket.AF_INET6 else "127.0.0.1:%d/4") % listener.getsockname()[1]
            for family, listener in listeners.items()}


@pytest.fixture
def guarded(gateway):
    """start(entry) -> a gateway that passes sockets with nothing but cgroup BPF between them and the world."""
    before, started = cgroups(), []

    def start(entry):
        gw = gateway([entry], pass_fds="auto", program=peers.GATEWAY_NOFILTER)
        started.append(gw)
        proof = gw.status()["proofs"]["cgroup-bpf"]
        if not proof["holds"]:
            pytest.skip(f"no cgroup BPF here: {proof['why']}")
        return gw
    yield start
    for gw in started:
        gw.stop()
    assert cgroups() <= before, "a gateway that has ended left its cgroup"


def cgroups():
    return {str(path) for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified") for path in pathlib.Path(mount).glob("distcc-gateway-*")}


@pytest.mark.parametrize("how", ["connect", "fastopen", "fastopen-connect", "mapped", "ipv6"])
def test_each_way_out_is_one_until_it_is_guarded(gateway, guarded, ways_out, idle_servers, how, base):
    family, outside = ways_out[how]
    open_one = peers.Gateway(base / "open", [idle_servers[family]], pass_fds="always", program=peers.GATEWAY_NOFILTER)
    with open_one:
        assert try_to_connect(open_one, outside, how) == "escaped"
    assert len(outside.reached) == 1
    gw = guarded(idle_servers[family])
    assert try_to_connect(gw, outside, how) == "shut: [Errno 1] Operation not permitted"
    assert len(outside.reached) == 1


def test_nobody_reaches_a_guarded_socket_that_listens(guarded, idle_servers):
    """Its negative is the first test above."""
    assert try_to_listen(guarded(idle_servers[socket.AF_INET])).startswith("shut: ")


def test_a_guarded_socket_stays_shut_when_the_gateway_is_dead(guarded, idle_servers, outside):
    gw = guarded(idle_servers[socket.AF_INET])
    own = idle_servers[socket.AF_INET].split(":")[1].split("/")[0]
    process = attack(gw, "later", outside.port, own)
    assert process.stdout.readline() == "held\n"
    gw.stop(signal.SIGKILL)
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.stdout.readline() == "reached\n", "what is in the map must be reached"
    assert process.stdout.readline() == "shut: [Errno 1] Operation not permitted\n"
    process.communicate(timeout=60)
    assert outside.reached == []
    with peers.Gateway(gw.tmp / "next", [idle_servers[socket.AF_INET]], pass_fds="auto"):
        pass    # takes away what the killed one left


def test_guarded_sockets_follow_the_list(guarded, stock_server, idle_servers, workplace, client_env):
    """A server that is added is reached, and jobs are done there; what has left is not reached any more."""
    server = stock_server()
    first = idle_servers[socket.AF_INET]
    gw = guarded(first)
    workplace.reset()
    for wish in (f"--add={server.host}/4", f"--remove={first.split('/')[0]}"):
        subprocess.run([str(peers.GATEWAY), f"--listen=unix:{gw.path}", wish], check=True, capture_output=True, timeout=20)
    wait.until(lambda: len(gw.status()["servers"]) == 1, "the first to be gone")
    done = subprocess.run([*sandbox.AS_USER, str(peers.CLIENT), "gcc", "-c", str(workplace.path / "hello.c"), "-o", "/dev/null"],
                          env=client_env(f"{gw.host},fd"), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    server.wait_count(1)
    assert gw.status()["passed"] == 1

    class Place:
        """Where the first one listens."""
        port = int(first.split(":")[1].split("/")[0])
    assert try_to_connect(gw, Place, "connect") == "shut: [Errno 1] Operation not permitted"


def test_with_the_filter_both_ways_are_shut(stock_server, gateway, outside):
    gw = gateway([stock_server().host], pass_fds="always")
    assert try_to_connect(gw, outside).startswith("shut: ")
    assert outside.reached == []
    assert try_to_listen(gw).startswith("shut: ")
    assert gw.status()["descriptors"] > 0


def test_always_says_at_the_start_what_it_opens(stock_server, gateway):
    gw = gateway([stock_server().host], pass_fds="always")
    assert len(gw.wait_log("--pass-fds=always")) == 1


def mode_for_a_user(gw):
    """Who is not root, and would take either."""
    asked = subprocess.run([*sandbox.AS_USER, "/usr/bin/python3", "-c",
                            "import sys; sys.path.insert(0, sys.argv[2]); from lib import lease\n"
                            "with lease.Lease(sys.argv[1]) as one: print(one.ask(modes='relay,fd')[1]['mode'])",
                            str(gw.path), str(ESCAPE.parent)], capture_output=True, text=True, timeout=60, check=True)
    return asked.stdout.strip()


def test_auto_relays_what_is_not_proved_and_says_which_proof_failed(stock_server, gateway):
    """Whatever this kernel has: the grant must agree with the proofs that --status shows."""
    gw = gateway([stock_server().host], pass_fds="auto")
    proofs = gw.status()["proofs"]
    assert proofs["af-unix"]["holds"]
    for proof in proofs.values():
        assert proof["holds"] or proof["why"]
    passes = proofs["tls-ulp"]["holds"] or proofs["cgroup-bpf"]["holds"]
    assert mode_for_a_user(gw) == ("fd" if passes else "relay")


def test_auto_relays_where_bpf_is_not_allowed(stock_server, gateway):
    """With all rights of root but those for BPF: said in the kernel's words, and jobs are done."""
    rights = "-all,+setuid,+setgid,+chown,+dac_override,+fowner,+net_admin"
    gw = gateway([stock_server().host], pass_fds="auto", prefix=["setpriv", f"--bounding-set={rights}", "--inh-caps=-all"])
    proofs = gw.status()["proofs"]
    assert not proofs["cgroup-bpf"]["holds"] and "Operation not permitted" in proofs["cgroup-bpf"]["why"]
    assert mode_for_a_user(gw) == ("fd" if proofs["tls-ulp"]["holds"] else "relay")


def test_root_gets_no_tcp_socket_in_auto(stock_server, gateway):
    gw = gateway([stock_server().host], pass_fds="auto")
    with lease.Lease(gw.path) as connection:
        name, pairs = connection.ask(modes="fd")
        assert (name, pairs["reason"]) in (("DENY", "peer-is-root"), ("DENY", "not-proved"))


def test_never_is_the_default(stock_server, gateway):
    gw = gateway([stock_server().host])
    with lease.Lease(gw.path) as connection:
        name, pairs = connection.ask(modes="fd")
        assert (name, pairs["reason"]) == ("DENY", "mode-never")


# ------------------------------------------------------------------ foreign names

def attempts_to_send(pid):
    """The connections and datagrams that anybody in the process's namespace has begun, by the kernel's
    counters. (Not packets: the end of a probe's own connection may still be on its way.)"""
    tables = {}
    for line in pathlib.Path(f"/proc/{pid}/net/snmp").read_text(encoding="ascii").splitlines():
        tables.setdefault(line.split(":")[0], []).append(line.split()[1:])
    counters = {f"{name}{key}": value for name, rows in tables.items() for key, value in zip(*rows)}
    for line in pathlib.Path(f"/proc/{pid}/net/snmp6").read_text(encoding="ascii").splitlines():
        key, value = line.split()
        counters[key] = value
    return {key: counters[key] for key in ("TcpActiveOpens", "UdpOutDatagrams", "Udp6OutDatagrams")}


@pytest.fixture
def lonely_gateway(gateway, base):
    """A gateway in a namespace of its own with a loopback interface that nobody else uses; whatever
    it sends is counted. Its only server is never asked in these tests."""
    ssh = base / "ssh-was-called"
    script = base / "ssh"
    script.write_text(f"#!/bin/sh\ntouch {ssh}\n")
    script.chmod(0o755)
    gw = gateway(["127.0.0.1:1/2"], prefix=["unshare", "-n", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"],
                 env={"DISTCC_SSH": str(script)})
    before = attempts_to_send(gw.pid)
    yield gw
    assert attempts_to_send(gw.pid) == before
    assert not ssh.exists()


FOREIGN = ["127.0.0.1:9", "localhost:9", "[::1]:9", "example.org", "root@127.0.0.1", "unix:/run/other", "127.0.0.1:1@127.0.0.1:9",
           "-oProxyCommand=touch"]


@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_foreign_name_in_a_lease_matches_nothing(lonely_gateway, foreign):
    with lease.Lease(lonely_gateway.path) as connection:
        name, pairs = connection.ask(use=foreign, server=foreign, host=foreign, compiler=foreign, source=foreign, build=foreign)
        assert (name, pairs["reason"]) == ("DENY", "no-server")


@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_foreign_destination_in_socks_is_refused(lonely_gateway, foreign):
    text = foreign.encode()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(str(lonely_gateway.path))
        sock.sendall(b"\x05\x01\x00" + b"\x05\x01\x00\x03" + bytes([len(text)]) + text + b"\x00\x01")
        assert wait.for_bytes(sock, 12)[:4] == b"\x05\x00\x05\x02"
    assert lonely_gateway.status()["foreign_destinations"] == 1


def test_other_socks_commands_are_refused(lonely_gateway):
    for command in (2, 3, 0xf0):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(20)
            sock.connect(str(lonely_gateway.path))
            sock.sendall(b"\x05\x01\x00" + bytes([5, command, 0, 1, 127, 0, 0, 1, 0, 1]))
            assert wait.for_bytes(sock, 12)[:4] == b"\x05\x00\x05\x07"


@pytest.mark.parametrize("dialect", ["raw", "relay"])
def test_foreign_names_in_a_request_stay_words_of_a_command(stock_server, gateway, outside, dialect):
    """The request goes to the configured server, which makes of the words what it can."""
    server = stock_server()
    gw = gateway([server.host])
    foreign = f"127.0.0.1:{outside.port}"
    words = ["gcc", f"-DHOST={foreign}", f"--server={foreign}", f"@{foreign}", "-c", "x.i", "-o", foreign]
    request = b"DIST00000001" + b"ARGC%08x" % len(words) + b"".join(b"ARGV%08x" % len(w) + w.encode() for w in words)
    request += b"DOTI00000007int x;\n"
    if dialect == "raw":
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(20)
        sock.connect(str(gw.path))
    else:
        connection = lease.Lease(gw.path)
        assert connection.ask(modes="relay")[0] == "GRNT"
        sock = connection.sock
    with sock:
        sock.sendall(request)
        while sock.recv(4096):
            pass
    assert outside.reached == []
