# SPDX-License-Identifier: GPL-2.0-or-later
"""Items 1 and 2: from every kind of sandbox without a network, compiles reach stock distccd, our
distccd, an ssh server and a unix server through the gateway; the result is a local compile's."""

import shutil

import pytest

from lib import compare, peers, sandbox, wait

C = ["gcc", "-O2", "-MD", "-c", "hello.c", "-o", "hello.o"]
CXX = ["g++", "-O2", "-c", "sub/shape.cc", "-o", "sub/shape.o"]
PLACES = [(name, False) for name in sandbox.AS_ROOT] + [(name, True) for name in sandbox.AS_ORDINARY_USER]


def run_inside(place, command, workplace, hosts_option=""):
    env = place.env(DISTCC_HOSTS=f"unix:{place.socket}{hosts_option}", DISTCC_FALLBACK="0")
    return workplace.run([peers.CLIENT, *command], env, prefix=place.prefix)


def check_both_languages(place, server, workplace, option=""):
    """A C and a C++ compile equal local ones, and the server has counted both."""
    for count, command in enumerate((C, CXX), start=1):
        local = workplace.run(command, peers.clean_env())
        assert local.rc == 0
        before = server.count()
        compare.assert_same(local, run_inside(place, command, workplace, option))
        server.wait_count(before + 1)


@pytest.fixture
def place(base, workplace):
    """make(name, gateway, as_user) -> a sandbox that sees the gateway's directory."""
    def make(name, gateway, as_user=False):
        if as_user and not sandbox.user_namespaces_work():
            pytest.skip("this system forbids user namespaces to ordinary users")
        return sandbox.Sandbox(name, gateway.path, workplace.path, base / "inside", as_user=as_user)
    return make


@pytest.mark.parametrize("option", ["", ",lzo"], ids=["plain", "lzo"])
@pytest.mark.parametrize("name,as_user", PLACES)
def test_a_sandbox_reaches_stock_distccd_through_the_relay(stock_server, gateway, workplace, place, name, as_user, option):
    server = stock_server()
    gw = gateway([f"{server.host}/4"])
    check_both_languages(place(name, gw, as_user), server, workplace, option)
    status = gw.status()
    assert status["relayed"] == 2 and status["passed"] == 0


@pytest.mark.parametrize("option", ["", ",lzo", ",fd"], ids=["plain", "lzo", "insisting"])
@pytest.mark.parametrize("name,as_user", [("unshare", False), ("portage-root", False), ("nix-like", True), ("bwrap-net", True)])
def test_a_sandbox_reaches_stock_distccd_over_a_passed_descriptor(stock_server, gateway, workplace, place, name, as_user, option):
    server = stock_server()
    gw = gateway([f"{server.host}/4"], pass_fds="always")
    check_both_languages(place(name, gw, as_user), server, workplace, option)
    status = gw.status()
    assert status["passed"] == 2 and status["relayed"] == 0


@pytest.mark.parametrize("option", ["", ",relay"], ids=["gateway decides", "insisting"])
def test_our_server_is_reached_the_same_way(our_server, gateway, workplace, place, option):
    server = our_server()
    gw = gateway([f"{server.host}/4,lzo"])
    check_both_languages(place("unshare", gw), server, workplace, option)


def test_a_unix_server_needs_no_gateway(our_server, base, workplace, stack):
    server = our_server(unix=base / "distccd.sock")
    inside = sandbox.Sandbox("unshare", server.unix, workplace.path, base / "inside")
    check_both_languages(inside, server, workplace, ",raw")


@pytest.mark.parametrize("pass_fds,counter", [("never", "relayed"), ("auto", "passed")])
def test_a_unix_server_behind_the_gateway_is_passed_where_that_is_proved_safe(
        our_server, gateway, base, workplace, place, pass_fds, counter):
    server = our_server(unix=base / "distccd.sock")
    gw = gateway([f"unix:{server.unix}/4,raw"], pass_fds=pass_fds)
    check_both_languages(place("unshare", gw), server, workplace)
    assert gw.status()[counter] == 2


@pytest.mark.parametrize("program", [peers.STOCK_SERVER, peers.SERVER], ids=["stock server", "our server"])
@pytest.mark.parametrize("pass_fds,counter", [("never", "relayed"), ("auto", "passed")])
def test_a_server_behind_a_real_sshd_is_reached(stack, gateway, base, workplace, place, program, pass_fds, counter):
    sshd = stack.enter_context(peers.Sshd(base / "ssh"))
    log = base / "inetd.log"
    log.touch()
    log.chmod(0o666)
    wrapper = base / "serve"
    wrapper.write_text(f"#!/bin/sh\nexec {program} --log-file={log} --log-level=info --user=distccd \"$@\"\n")
    wrapper.chmod(0o755)
    gw = gateway([f"root@127.0.0.1/4:{wrapper},lzo"], pass_fds=pass_fds, env={"DISTCC_SSH": sshd.command})
    inside = place("unshare", gw)
    for command in (C, CXX):
        local = workplace.run(command, peers.clean_env())
        compare.assert_same(local, run_inside(inside, command, workplace))
    wait.until(lambda: log.read_text().count("COMPILE_OK") == 2, "two jobs in the log of the server")
    assert gw.status()[counter] == 2


def test_our_client_reaches_an_ssh_server_without_a_gateway(stack, base, workplace, client_env):
    sshd = stack.enter_context(peers.Sshd(base / "ssh"))
    local = workplace.run(C, peers.clean_env())
    env = client_env(f"root@127.0.0.1:{peers.SERVER}", DISTCC_SSH=sshd.command)
    compare.assert_same(local, workplace.run([peers.CLIENT, *C], env))


def test_stock_clients_reach_our_server_over_ssh(stack, base, workplace, client_env):
    sshd = stack.enter_context(peers.Sshd(base / "ssh"))
    command = ["gcc", "-O2", "-c", "hello.c", "-o", "hello.o"]
    local = workplace.run(command, peers.clean_env())
    env = client_env(f"root@127.0.0.1:{peers.SERVER}", DISTCC_SSH=sshd.command)
    compare.assert_same(local, workplace.run([peers.STOCK_CLIENT, *command], env))


def test_show_hosts_and_j_tell_what_the_gateway_offers(stock_server, gateway, workplace):
    server = stock_server()
    gw = gateway([f"{server.host}/24,lzo"])
    hosts = workplace.run([peers.CLIENT, "--show-hosts"], peers.clean_env(DISTCC_HOSTS=f"{gw.host} other/3"))
    assert hosts.stdout.decode() == f"{gw.host}/24,lzo\nother/3\n"
    jobs = workplace.run([peers.CLIENT, "-j"], peers.clean_env(DISTCC_HOSTS=f"{gw.host} other/3"))
    assert jobs.stdout == b"27\n"


@pytest.mark.parametrize("joiner", ["socat", "python3"])
@pytest.mark.parametrize("option", ["", ",lzo"], ids=["plain", "lzo"])
def test_a_stock_client_reaches_the_gateway_through_the_ssh_shim(stock_server, gateway, base, workplace, joiner, option):
    """With nothing on PATH but the joiner that is to be tested, and what the client and the compiler need."""
    server = stock_server()
    gw = gateway([f"{server.host}/4"])
    tools = base / "tools"
    tools.mkdir()
    for program in (joiner, "gcc", "as", "sh", "x86_64-linux-gnu-gcc"):
        if shutil.which(program, path="/usr/bin"):
            (tools / program).symlink_to(f"/usr/bin/{program}")
    inside = sandbox.Sandbox("unshare", gw.path, workplace.path, base / "inside")
    command = ["gcc", "-O2", "-c", "hello.c", "-o", "hello.o"]
    local = workplace.run(command, peers.clean_env())
    env = inside.env(PATH=tools, HOME=base, DISTCC_HOSTS=f"gateway@farm/4{option}", DISTCC_FALLBACK="0",
                     DISTCC_SSH=peers.TOP / "contrib" / "distcc-gw-ssh", DISTCC_GW_SOCKET=gw.path)
    unshare = [shutil.which(inside.prefix[0]), *inside.prefix[1:]]
    compare.assert_same(local, workplace.run([peers.STOCK_CLIENT, *command], env, prefix=unshare))
    server.wait_count(1)
