# SPDX-License-Identifier: GPL-2.0-or-later
"""Host lists as users have them: what --show-hosts and -j say beside stock 3.4, the order of hosts, local
slots, ssh in DISTCC_SSH's words, IPv6, and what a gateway reports."""

import os
import re
import socket
import subprocess
import time

import pytest

from lib import compare, peers

COMMAND = ["gcc", "-O2", "-c", "hello.c", "-o", "hello.o"]


def ask(program, env, word):
    done = subprocess.run([str(program), word], env=env, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0         # wrappers look at the output only
    return done.stdout


# Both clients say the same of these.
SAME = [
    "h", "h:99", "h/3", "h:99/3", "h/2:99/3", "h,lzo", "h,lzo,lzo", "h,lzo,cpp", "h,cpp,lzo/3", "h,down a", "<none>,cpp,lzo", "@h", "u@h",
    "u@h:3632", "u@h/3:/x/y,lzo", "localhost", "localhost/5", "localhost:3632", "localhost,lzo", "localhostx", "[::1]", "[::1]/2:99/3,lzo",
    "[fe80::1%eth0]:99", "h%eth0", "h=3", "--localslots=3 h", "--localslots_cpp/3 h", "--localslots h", "# all\nh # one\r\n\ti,lzo#two\n",
    "h/2#x i", "localhost#x", "a b c", "", "# nothing", "--localslots=2", "@", "u@", ":", ":99", "h:1:2", "h::", "h,cpp", "h,fast", "h/0",
    "[::1", "h:http",
]

# Stock takes them for something that nobody meant; here they are errors, or what was meant.
DIFFERENT = {"--localslots=0 h": "", "h: 99": "", "h:": "", "h#x": "", "h/-1": "", "--wat h": "", "h:70000": "", "h,lzo/3": "3\n"}


@pytest.mark.parametrize("hosts", SAME, ids=repr)
def test_both_clients_read_a_list_alike(client_env, hosts):
    env = client_env(hosts)
    assert ask(peers.CLIENT, env, "--show-hosts") == ask(peers.STOCK_CLIENT, env, "--show-hosts")
    # Of a list without hosts stock says nothing; 0 is as true and less surprising in "make -j$(distcc -j)".
    counted = ask(peers.STOCK_CLIENT, env, "-j")
    if counted and "/3" not in hosts.rsplit(",", 1)[-1]:
        assert ask(peers.CLIENT, env, "-j") == counted


@pytest.mark.parametrize("hosts", DIFFERENT, ids=repr)
def test_what_nobody_means_is_refused(client_env, hosts):
    assert ask(peers.CLIENT, client_env(hosts), "-j") == DIFFERENT[hosts]


def test_randomize_changes_the_order_and_nothing_else(client_env):
    env = client_env("--randomize a b c d")
    orders = {ask(peers.CLIENT, env, "--show-hosts") for _ in range(20)}
    assert len(orders) > 1
    assert {"".join(sorted(order.split())) for order in orders} == {"abcd"}


def test_hosts_are_filled_in_their_order(workplace, client_env, stock_server):
    first, second = stock_server(), stock_server()
    for _ in range(3):
        assert workplace.run([peers.CLIENT, *COMMAND], client_env(f"{first.host} {second.host}")).rc == 0
    first.wait_count(3)
    assert second.count() == 0


@pytest.mark.parametrize("hosts, word", [("--localslots=1 none", "-c"), ("--localslots_cpp=1 none", "-E"), ("localhost/1", "-c")])
def test_local_slots_limit_what_runs_here_at_once(workplace, client_env, base, hosts, word):
    """The compiler is a script that fails if another one runs."""
    tools = base / "tools"
    tools.mkdir()
    (tools / "cc").write_text("#!/bin/sh\nmkdir $BUSY || exit 9\nhead -c 20000000 /dev/zero | cksum >/dev/null\nrmdir $BUSY\n")
    (tools / "cc").chmod(0o755)
    env = client_env(hosts, DISTCC_FALLBACK=1, DISTCC_NO_REWRITE_CROSS=1, BUSY=base / "busy", PATH=f"{tools}:/usr/bin:/bin")
    source = "hello.c" if hosts == "localhost/1" else "x.s"
    workplace.reset()
    running = [subprocess.Popen([str(peers.CLIENT), "cc", word, source, "-o", f"{i}.o"], cwd=workplace.path, env=env) for i in range(4)]
    assert [client.wait(timeout=60) for client in running] == [0] * 4


# --------------------------------------------------------------- ssh

@pytest.fixture
def fake_ssh(base):
    """Writes its words to a file and is a stock distccd --inetd."""
    program = base / "fake-ssh"
    program.write_text(f"#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done >>{base}/words\necho >>{base}/words\n"
                       f"TMPDIR={base}/state exec {peers.STOCK_SERVER} --inetd --enable-tcp-insecure\n")
    program.chmod(0o755)
    return program


def test_ssh_gets_its_words(workplace, client_env, fake_ssh, base):
    local = workplace.run(COMMAND, peers.clean_env())
    for hosts in ("@farm", "me@farm,lzo", "me@farm/2:/opt/distccd"):
        env = client_env(hosts, DISTCC_SSH=f"{fake_ssh} -p  22 -q")
        compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], env))
    assert (base / "words").read_text().splitlines() == [
        "<-p><22><-q><farm><distccd><--inetd><--enable-tcp-insecure>",
        "<-p><22><-q><-l><me><farm><distccd><--inetd><--enable-tcp-insecure>",
        "<-p><22><-q><-l><me><farm></opt/distccd><--inetd><--enable-tcp-insecure>",
    ]


def test_a_second_ssh_host_gets_all_the_words_too(workplace, client_env, fake_ssh, base):
    """Stock splits the variable in place, so that they are lost for it."""
    env = client_env("@one @two", DISTCC_SSH=f"{base}/ssh -a -b", DISTCC_FALLBACK=0)
    (base / "ssh").write_text(f"#!/bin/sh\n[ $3 = two ] || exit 1\nexec {fake_ssh} \"$@\"\n")
    (base / "ssh").chmod(0o755)
    done = workplace.run([peers.CLIENT, *COMMAND], env)
    assert (done.rc, done.stderr) == (0, b"")
    assert (base / "words").read_text() == "<-a><-b><two><distccd><--inetd><--enable-tcp-insecure>\n"


@pytest.mark.parametrize("ssh", ["/nonexistent/ssh", "false", ""], ids=repr)
def test_an_ssh_that_cannot_be_had_is_one_failed_host(workplace, client_env, ssh):
    """Stock goes on as a second client there."""
    local = workplace.run(COMMAND, peers.clean_env())
    done = workplace.run([peers.CLIENT, *COMMAND], client_env("nobody@nobody.invalid", DISTCC_SSH=ssh, DISTCC_FALLBACK=1))
    lines = [line for line in done.stderr.decode().splitlines() if line.startswith("distcc[")]
    assert len(lines) == 1 and "failed to distribute hello.c to nobody@nobody.invalid, running locally instead" in lines[0]
    assert done.files == local.files
    refused = workplace.run([peers.CLIENT, *COMMAND], client_env("nobody@nobody.invalid", DISTCC_SSH=ssh))
    assert refused.rc == 116


def test_a_real_sshd(workplace, client_env, stack, base):
    sshd = stack.enter_context(peers.Sshd(base / "sshd"))
    local = workplace.run(COMMAND, peers.clean_env())
    for hosts in ("root@127.0.0.1", "root@127.0.0.1,lzo"):
        done = workplace.run([peers.CLIENT, *COMMAND], client_env(hosts, DISTCC_SSH=sshd.command))
        done.stderr = b"".join(line for line in done.stderr.splitlines(True) if b"distccd" not in line)
        compare.assert_same(local, done)


# --------------------------------------------------------------- addresses

def have_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not have_ipv6(), reason="no IPv6 on the loopback interface")
def test_ipv6(workplace, client_env, base, stack):
    port = peers.free_port()
    (base / "tmp").mkdir()
    (base / "tmp").chmod(0o777)
    command = [peers.STOCK_SERVER, "--daemon", "--no-detach", "--log-stderr", "--log-level", "info", "--user", "distccd", "--listen", "::1",
               "--port", port, "--allow", "::1"]

    class SixServer(peers.Daemon):
        def wait_ready(self):
            self._wait_listening(("::1", port), socket.AF_INET6)
    server = stack.enter_context(SixServer(command, env={**peers.clean_env(), "TMPDIR": str(base / "tmp")}))
    local = workplace.run(COMMAND, peers.clean_env())
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], client_env(f"[::1]:{port}")))
    server.wait_log("COMPILE_OK")


def test_a_name_with_several_addresses_is_tried_until_one_connects(workplace, client_env, stock_server):
    """localhost is ::1 and 127.0.0.1 on most machines, and the server listens on one of them."""
    server = stock_server()
    local = workplace.run(COMMAND, peers.clean_env())
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], client_env(f"localhost:{server.port}")))
    server.wait_count(1)


# --------------------------------------------------------------- what a gateway reports

def test_a_gateway_speaks_for_its_line(client_env, gateway, stock_server):
    server = stock_server()
    farm = gateway([f"{server.host}/3", f"localhost:{server.port}/6"])
    env = client_env(f"h/2 {farm.host}")
    assert re.fullmatch(rf"h/2\n{re.escape(farm.host)}/9(,\S+)?\n", ask(peers.CLIENT, env, "--show-hosts"))
    assert ask(peers.CLIENT, env, "-j") == "11\n"
    assert ask(peers.CLIENT, client_env(f"{farm.host}/4"), "-j") == "4\n"


@pytest.mark.parametrize("state", ["silent", "gone"])
def test_without_an_answer_the_line_stands_as_written_after_a_second(client_env, base, state):
    line = f"unix:{base}/gw/7,lzo"
    with socket.socket(socket.AF_UNIX) as sock:
        if state == "silent":
            sock.bind(f"{base}/gw")
            sock.listen(5)
        start = time.monotonic()
        assert ask(peers.CLIENT, client_env(line), "--show-hosts") == f"{line}\n"
        assert time.monotonic() - start < 10
        assert ask(peers.CLIENT, client_env(line), "-j") == "7\n"


def test_a_machine_wide_list_is_read_when_there_is_no_other(client_env):
    """Whatever is in it on this machine."""
    env = client_env(None, DISTCC_DIR="/nonexistent")
    if os.access("/etc/distcc/hosts", os.R_OK):
        assert ask(peers.CLIENT, env, "--show-hosts") == ask(peers.STOCK_CLIENT, env, "--show-hosts")
    else:
        assert ask(peers.CLIENT, env, "--show-hosts") == ""
