# SPDX-License-Identifier: GPL-2.0-or-later
"""",auth": our client proves who it is to a stock server with --auth, with tickets of a Kerberos KDC of the
test's own on the loopback interface."""

import contextlib
import os
import shutil
import socket
import subprocess

import pytest

from lib import compare, peers, wait

COMMAND = ["gcc", "-O2", "-c", "hello.c", "-o", "hello.o"]
REALM = "DISTCC.TEST"


class Realm:
    """A KDC with a user, and a service's keys in a file."""

    def __init__(self, tmp):
        self.tmp = tmp
        self.port = peers.free_port()
        self.env = {**peers.clean_env(), "KRB5_CONFIG": f"{tmp}/krb5.conf", "KRB5_KDC_PROFILE": f"{tmp}/kdc.conf",
                    "KRB5_KTNAME": f"FILE:{tmp}/service.keytab", "KRB5RCACHETYPE": "none",
                    "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}

    def __enter__(self):
        self.tmp.mkdir()
        self.tmp.chmod(0o755)
        (self.tmp / "krb5.conf").write_text(
            f"[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\ndns_lookup_realm = false\nrdns = false\n"
            f"dns_canonicalize_hostname = false\n[realms]\n{REALM} = {{\n kdc = 127.0.0.1:{self.port}\n}}\n"
            f"[domain_realm]\nlocalhost = {REALM}\n")
        (self.tmp / "kdc.conf").write_text(
            f"[kdcdefaults]\nkdc_listen = 127.0.0.1:{self.port}\nkdc_tcp_listen = 127.0.0.1:{self.port}\n[realms]\n{REALM} = {{\n"
            f" database_name = {self.tmp}/principal\n key_stash_file = {self.tmp}/stash\n max_life = 1h\n}}\n"
            f"[logging]\nkdc = FILE:{self.tmp}/kdc.log\n")
        self.run("kdb5_util", "create", "-r", REALM, "-s", "-P", "master")
        self.run("kadmin.local", "-q", "addprinc -pw secret builder")
        self.run("kadmin.local", "-q", "addprinc -randkey distcc/localhost")
        self.run("kadmin.local", "-q", "addprinc -randkey host/localhost")
        self.run("kadmin.local", "-q", f"ktadd -k {self.tmp}/service.keytab distcc/localhost host/localhost")
        (self.tmp / "service.keytab").chmod(0o644)
        self.process = subprocess.Popen(["krb5kdc", "-n"], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait.until(lambda: peers.can_connect(("127.0.0.1", self.port), socket.AF_INET), "the KDC to listen")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)

    def run(self, *words, text=None):
        subprocess.run(words, env=self.env, input=text, text=True, check=True, capture_output=True, timeout=60)

    def login(self, cache):
        self.env["KRB5CCNAME"] = f"FILE:{cache}"
        self.run("kinit", "builder", text="secret\n")

    def for_client(self, **more):
        return {**{name: self.env[name] for name in ("KRB5_CONFIG", "KRB5CCNAME", "KRB5RCACHETYPE") if name in self.env}, **more}


def is_built():
    return "GSS-API" in subprocess.run([str(peers.CLIENT), "--version"], capture_output=True, text=True, check=True).stdout


pytestmark = [pytest.mark.skipif(not is_built(), reason="a build without GSS-API"),
              pytest.mark.skipif(not shutil.which("krb5kdc", path=os.environ["PATH"] + ":/usr/sbin"), reason="no krb5kdc")]


@pytest.fixture
def realm(stack, base):
    return stack.enter_context(Realm(base / "realm"))


class AuthServer(peers.Server):
    """A server that demands it."""

    def __init__(self, tmp, realm, program, extra=()):
        super().__init__(program, tmp, extra=["--auth", *extra])
        self.env = {**realm.env, **self.env, "KRB5_CONFIG": realm.env["KRB5_CONFIG"], "DISTCCD_PRINCIPAL": "distcc@localhost"}


@pytest.fixture(params=[peers.STOCK_SERVER, peers.SERVER], ids=["stock server", "our server"])
def program(request):
    return request.param


@pytest.fixture
def server(stack, base, realm, program):
    return stack.enter_context(AuthServer(base / "server", realm, program))


def test_a_user_with_a_ticket_is_served(workplace, client_env, realm, server, base):
    realm.login(base / "ticket")
    local = workplace.run(COMMAND, peers.clean_env())
    for options in (",auth=localhost", ",lzo,auth=localhost", ",auth"):
        env = client_env(server.host + options, **realm.for_client(DISTCC_PRINCIPAL="distcc"))
        compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], env))
    env = client_env(f"{server.host},auth=localhost", **realm.for_client(DISTCC_PRINCIPAL="distcc"))
    assert workplace.run([peers.STOCK_CLIENT, *COMMAND], env).rc == 0
    server.wait_count(4)


def refused(workplace, env, words):
    done = workplace.run([peers.CLIENT, *COMMAND], env)
    assert done.rc == 116
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1
    assert words in lines[0], lines


def test_without_a_ticket_or_with_the_wrong_server_the_host_is_refused(workplace, client_env, realm, server, base):
    env = client_env(f"{server.host},auth=localhost", DISTCC_BACKOFF_PERIOD=60, **realm.for_client(DISTCC_PRINCIPAL="distcc"))
    refused(workplace, {**env, "KRB5CCNAME": f"FILE:{base}/none"}, "cannot authenticate: ")
    realm.login(base / "ticket")
    env = client_env(f"{server.host},auth=elsewhere", DISTCC_DIR=base, **realm.for_client(DISTCC_PRINCIPAL="distcc"))
    refused(workplace, env, "cannot authenticate: ")
    assert server.count() == 0


@pytest.mark.parametrize("option, names, denied", [
    ("--blacklist", "builder\n", True), ("--blacklist", "build\nbuilders\n", False),
    ("--whitelist", "builder\n", False), ("--whitelist", "root\n", True), ("--whitelist", "", True)])
def test_a_list_says_who_is_served(workplace, client_env, realm, stack, base, program, option, names, denied):
    (base / "list").write_text(names)
    server = stack.enter_context(AuthServer(base / "strict", realm, program, [option, base / "list"]))
    realm.login(base / "ticket")
    env = client_env(f"{server.host},auth=localhost", **realm.for_client(DISTCC_PRINCIPAL="distcc"))
    if denied:
        refused(workplace, env, "access denied by the server")
        assert server.count() == 0
    else:
        assert workplace.run([peers.CLIENT, *COMMAND], env).rc == 0
        server.wait_count(1)


def test_clients_without_a_proof_are_closed_and_others_served(workplace, client_env, realm, stack, base):
    server = stack.enter_context(AuthServer(base / "server", realm, peers.SERVER))
    for said, words in ((b"DIST00000001", "No client handshake"), (b"*TLEN00000000", "token of 0 bytes"),
                        (b"*TLENffffffff", "token of 4294967295 bytes"), (b"*TLEN00000004abcd", "cannot be authenticated"),
                        (b"*DIST00000001", "expected token TLEN")):
        with socket.create_connection(("127.0.0.1", server.port)) as stranger:
            stranger.settimeout(20)
            stranger.sendall(said)
            heard = b""
            with contextlib.suppress(ConnectionResetError):
                while part := stranger.recv(100):
                    heard += part
        assert heard in (b"*", b"")
        server.wait_log(words)
    realm.login(base / "ticket")
    env = client_env(f"{server.host},auth=localhost", **realm.for_client(DISTCC_PRINCIPAL="distcc"))
    assert workplace.run([peers.CLIENT, *COMMAND], env).rc == 0
    server.wait_count(1)


def test_busy_workers_do_not_keep_a_client_from_its_greeting(realm, stack, base):
    """A client waits for a second only; a worker may be busy for longer."""
    server = AuthServer(base / "server", realm, peers.SERVER)
    server.command[server.command.index("--jobs") + 1] = "1"
    stack.enter_context(server)
    with socket.create_connection(("127.0.0.1", server.port)) as first, socket.create_connection(("127.0.0.1", server.port)) as second:
        first.sendall(b"*TLEN00001000")  # its worker waits for the rest
        for one in (first, second):
            one.settimeout(20)
        assert first.recv(1) == b"*"
        second.sendall(b"*")
        assert second.recv(1) == b"*"


@pytest.mark.parametrize("extra, env, words", [
    ([], {"DISTCCD_PRINCIPAL": ""}, "DISTCCD_PRINCIPAL does not say"),
    # libkrb5 loses a principal when it finds no key
    ([], {"DISTCCD_PRINCIPAL": "nobody@localhost", "ASAN_OPTIONS": "detect_leaks=0"}, "nobody@localhost: "),
    (["--whitelist", "/nonexistent"], {}, "/nonexistent")])
def test_a_server_that_cannot_prove_itself_does_not_start(realm, base, extra, env, words):
    for program in (peers.SERVER, peers.STOCK_SERVER):
        server = AuthServer(base / "server", realm, program, extra)
        done = subprocess.run(server.command, env={**server.env, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
                              check=False)
        assert done.returncode == 119
        if program == peers.SERVER:
            assert words in done.stderr


def test_a_server_that_does_not_ask_for_it_is_named(workplace, client_env, realm, stock_server, base):
    realm.login(base / "ticket")
    env = client_env(f"{stock_server().host},auth=localhost", **realm.for_client(DISTCC_PRINCIPAL="distcc"))
    done = workplace.run([peers.CLIENT, *COMMAND], env)
    assert done.rc == 116
    assert done.stderr.count(b"\n") == 1


def test_the_principal_is_shown(client_env):
    for principal in (None, "distcc"):
        env = client_env("", DISTCC_PRINCIPAL=principal)
        env.update({"DISTCCD_PRINCIPAL": principal} if principal else {})
        for pair in ((peers.CLIENT, peers.STOCK_CLIENT), (peers.SERVER, peers.STOCK_SERVER)):
            ours, stock = (subprocess.run([str(one), "--show-principal"], env=env, capture_output=True, text=True, check=True)
                           for one in pair)
            assert ours.stdout == stock.stdout
