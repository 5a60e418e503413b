# SPDX-License-Identifier: GPL-2.0-or-later
"""Portage's phases with stock FEATURES: what contrib/gentoo's make.conf and bashrc say, and that the client writes
nowhere that Portage's LD_PRELOAD sandbox would fail a phase for."""

import re
import shlex
import shutil

import pytest

from lib import compare, peers, sandbox

GENTOO = peers.TOP / "contrib" / "gentoo"
PHASES = ["portage-root", "portage-install"]
COMPILE = ["gcc", "-O2", "-MD", "-c", "hello.c", "-o", "hello.o"]

# Calls that change something at a path, or ask whether it could be written (which the sandbox refuses in silence).
WRITES = re.compile(r"^\d+ +(?:(?:open|openat|creat)\(.*(?:O_WRONLY|O_RDWR|O_CREAT|O_TRUNC)|(?:mkdir|mknod|unlink|rename|link|symlink|chmod|"
                    r"chown|lchown|fchownat|fchmodat|rmdir|truncate|utime|utimensat|setxattr|bind)\w*\(|f?access(?:at2?)?\(.*W_OK)")
PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')


@pytest.fixture
def phase(base, workplace):
    """make(name, gateway) -> the phase, which sees the gateway's socket in its place, since it sees all of the host's files."""
    def make(name, gw):
        return sandbox.Sandbox(name, gw.path, workplace.path, base / "inside")
    return make


def bashrc(gw):
    """Its text, with the test's socket in the place of the usual one."""
    return (GENTOO / "bashrc").read_text().replace("/run/distcc-gw/socket", str(gw.path))


def variables():
    """{name: value} of make.conf, as Portage reads it."""
    lines = [line for line in (GENTOO / "make.conf").read_text().splitlines() if line and not line.startswith("#")]
    return {name: shlex.split(value)[0] for name, value in (line.split("=", 1) for line in lines)}


def test_make_conf_needs_no_exception_from_the_sandboxes():
    assert variables()["FEATURES"] == "distcc"
    assert variables()["DISTCC_HOSTS"] == "unix:/run/distcc-gw/socket"
    assert all(name in ("FEATURES", "MAKEOPTS") or name.startswith("DISTCC_") for name in variables()), "Portage passes no others"


@pytest.mark.parametrize("name", PHASES)
def test_a_phase_with_portages_own_proxy_and_the_variable_of_make_conf(stock_server, gateway, workplace, phase, name):
    """Portage always exports its proxy: a unix host does not go through it (nobody listens there)."""
    server = stock_server()
    gw = gateway([f"{server.host}/4"])
    inside = phase(name, gw)
    local = workplace.run(COMPILE, peers.clean_env())
    env = inside.env(DISTCC_HOSTS=variables()["DISTCC_HOSTS"].replace("/run/distcc-gw/socket", str(gw.path)), DISTCC_FALLBACK="0",
                     DISTCC_SOCKS_PROXY="/nonexistent/portage.net.sock")
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMPILE], env, prefix=inside.prefix))
    server.wait_count(1)


@pytest.mark.parametrize("name", PHASES)
def test_nothing_is_written_where_the_preloaded_sandbox_forbids_it(stock_server, gateway, base, workplace, phase, name):
    """With compression, dependencies and a gateway; the compiler's own writes count, too."""
    server = stock_server()
    gw = gateway([f"{server.host}/4,lzo"])
    inside = phase(name, gw)
    trace = base / "inside" / "trace"
    # a leak checker cannot look at what is traced already
    env = inside.env(DISTCC_HOSTS=gw.host, DISTCC_FALLBACK="0", ASAN_OPTIONS="detect_leaks=0")
    strace = ["strace", "-f", "-y", "-qq", "-o", trace, "-e", "trace=%file,bind", "-e", "signal=none"]
    done = workplace.run([*strace, peers.CLIENT, *COMPILE], env, prefix=inside.prefix)
    assert done.rc == 0, done
    server.wait_count(1)
    allowed = (str(base / "inside" / "pt"), str(workplace.path), "/dev/null", "/dev/tty", "/dev/shm", "/proc/self/fd/")
    calls = [line for line in trace.read_text().splitlines() if WRITES.match(line)]
    assert any('"hello.o"' in line for line in calls), "the object at least"
    paths = [(path, line) for line in calls for path in PATH.findall(line)]
    wrong = [line for path, line in paths if path.startswith("/") and not path.startswith(allowed)]
    assert wrong == []
    assert not [line for line in calls if "sun_path" in line]


@pytest.mark.parametrize("line,is_write", [
    ('12 openat(AT_FDCWD, "/run/x/lock", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 3', True), ('1 openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3', False),
    ('12 mkdir("/run/x", 0777) = -1 EEXIST', True), ('12 access("/run/x/socket", W_OK) = 0', True), ('12 access("/run/x", R_OK) = 0', False),
    ('12 unlink("/run/a") = 0', True), ('12 stat("/run/a", {...}) = 0', False)])
def test_the_look_at_the_trace_can_fail(line, is_write):
    assert bool(WRITES.match(line)) is is_write


@pytest.mark.parametrize("hosts,socket_there,expected", [("SERVER", True, "GATEWAY"), ("SERVER", False, "PORTAGE"), ("unix:GATEWAY", True, "PORTAGE")])
def test_bashrc_puts_the_gateway_in_the_place_of_portages_proxy(gateway, workplace, hosts, socket_there, expected):
    gw = gateway(["127.0.0.1:1"])
    text = bashrc(gw) if socket_there else bashrc(gw).replace(str(gw.path), "/nonexistent/socket")
    values = {"SERVER": "127.0.0.1:1", "GATEWAY": str(gw.path), "PORTAGE": "/var/tmp/portage.net.sock"}
    for name, value in values.items():
        hosts = hosts.replace(name, value)
    env = peers.clean_env(DISTCC_HOSTS=hosts, DISTCC_SOCKS_PROXY=values["PORTAGE"])
    done = workplace.run(["bash", "-euc", f'{text}\necho "$DISTCC_SOCKS_PROXY"'], env)
    assert (done.rc, done.stdout.decode(), done.stderr) == (0, values[expected] + "\n", b"")


@pytest.mark.parametrize("name", PHASES)
def test_bashrcs_proxy_compiles(stock_server, gateway, workplace, phase, name):
    """The list of hosts names the server, which the phase itself cannot reach; Gentoo's patched client says it the same way."""
    server = stock_server()
    gw = gateway([f"{server.host}/4"])
    inside = phase(name, gw)
    local = workplace.run(COMPILE, peers.clean_env())
    script = f"export DISTCC_SOCKS_PROXY=/var/tmp/portage.net.sock\n{bashrc(gw)}\nexec \"$@\""
    env = inside.env(DISTCC_HOSTS=server.host, DISTCC_FALLBACK="0")
    compare.assert_same(local, workplace.run(["bash", "-euc", script, "bash", peers.CLIENT, *COMPILE], env, prefix=inside.prefix))
    server.wait_count(1)
    assert gw.status()["relayed"] == 1


@pytest.mark.parametrize("name", PHASES)
def test_bashrc_gives_a_compile_phase_an_include_server_and_takes_it_away(stock_server, gateway, base, workplace, phase, name):
    server = stock_server()
    gw = gateway([f"{server.host}/4,lzo,cpp"])
    inside = phase(name, gw)
    local = workplace.run(COMPILE, peers.clean_env())
    # the interpreter that configure found may be root's own
    shutil.copytree(peers.BUILD / "pump", base / "pump")
    text = (base / "pump/pump").read_text()
    (base / "pump/pump").write_text(re.sub(r"^python=.*", "python='/usr/bin/python3'", text, flags=re.M))
    script = f"""{bashrc(gw)}
    PATH={base}/pump:$PATH
    export DISTCC_LOCATION={peers.BUILD} PORTAGE_DISTCC_PUMP=1 DISTCC_TESTING_INCLUDE_SERVER=1 LSAN_OPTIONS=detect_leaks=0
    before=$PATH
    pre_src_compile
    [ "$PATH" = "$before" ] && [ -S "$INCLUDE_SERVER_PORT" ] || exit 90
    pid=$INCLUDE_SERVER_PID dir=$INCLUDE_SERVER_DIR
    # a name below $T is too long for a socket here
    case $dir in "$T"/*|/tmp/distcc-pump.??????) ;; *) exit 91 ;; esac
    "$@" || exit
    post_src_compile
    [ -z "${{INCLUDE_SERVER_PORT-}}" ] && [ ! -e "$dir" ] || exit 92
    exec 2>/dev/null; ! grep -q '^State:.[^ZX]' /proc/$pid/status"""
    env = inside.env(DISTCC_HOSTS=gw.host, DISTCC_FALLBACK="0")
    compare.assert_same(local, workplace.run(["bash", "-c", script, "bash", peers.CLIENT, *COMPILE], env, prefix=inside.prefix))
    server.wait_count(1)
    assert "cpp" in server.jobs()[0]["rest"] or any("compile from" in line for line in server.lines)


def test_without_the_wish_for_it_bashrc_starts_no_include_server(gateway, workplace):
    gw = gateway(["127.0.0.1:1"])
    done = workplace.run(["bash", "-ec", f'{bashrc(gw)}\npre_src_compile\npost_src_compile\necho "${{INCLUDE_SERVER_PORT-none}}"'], peers.clean_env())
    assert (done.rc, done.stdout, done.stderr) == (0, b"none\n", b"")
