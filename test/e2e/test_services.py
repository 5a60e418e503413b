# SPDX-License-Identifier: GPL-2.0-or-later
"""The services as their scripts and units start, reload, restart and stop them: OpenRC's real openrc-run in a
root of the test's own, and the commands of the systemd units with what systemd would give them."""

import pathlib
import shlex
import signal
import subprocess
import time

import pytest

from lib import peers, root, wait

OPENRC = peers.BUILD / "unpacked" / "openrc"
STATES = "starting started stopping stopped inactive wasinactive failed hotplugged daemons options exclusive scheduled tmp"
STOPPED_WITHIN_S = wait.within(1)

# OpenRC as after boot, with its own scripts gone, a network that is there, and the user that packages make.
BOOTED = f"""
set -e
cd /run; mkdir openrc; cd openrc; mkdir {STATES}; touch softlevel
rm -rf /etc/init.d; mkdir -p /etc/init.d /etc/conf.d /etc/runlevels/default /etc/insserv.conf.d; touch /etc/insserv.conf
printf '%s\\n' '#!/sbin/openrc-run' 'depend() {{ provide net; }}' 'start() {{ :; }}' >/etc/init.d/loop; chmod +x /etc/init.d/loop
id distcc >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin distcc
rm -f /var/log/distccd.log /var/log/distcc-gateway.log
mkdir -p /etc/distcc; echo 127.0.0.1/4 >/etc/distcc/gateway.hosts
"""


@pytest.fixture(scope="module")
def openrc():
    """The files of OpenRC, which must not be installed here: it is an init system."""
    subprocess.run([peers.TOP / "contrib/packages", "unpack", OPENRC, "openrc", "librc1", "libeinfo1"], check=True, timeout=300)
    return OPENRC


@pytest.fixture
def machine(stack, base, openrc):
    """A root in which OpenRC has booted and the built programs and scripts are installed."""
    there = stack.enter_context(root.Root(base, peers.BUILD, over=openrc))
    there.run(BOOTED)
    contrib = base / "contrib"
    contrib.mkdir()
    for name in ("distccd", "distcc-gateway"):
        there.run(f"install -m 755 {peers.BUILD}/{name} /usr/bin/{name}")
        for suffix, target, mode in (("initd", "init.d", "755"), ("confd", "conf.d", "644")):
            text = (peers.TOP / "contrib/openrc" / f"{name}.{suffix}").read_text()
            there.run(f"cat >/etc/{target}/{name} <<'END_OF_FILE'\n{text}\nEND_OF_FILE\nchmod {mode} /etc/{target}/{name}")
    yield there
    for name in ("distccd", "distcc-gateway"):
        there.run(f"/etc/init.d/{name} stop", rc=None)


def pid_of(machine, service):
    return machine.run(f"cat /run/{service}.pid").strip()


def has_ended(pid):
    """A command. Whether the first process here buries its foster children in time is not our matter."""
    return f"! grep -qs '^State:.[^ZX]' /proc/{pid}/status"


@pytest.mark.parametrize("service", ["distccd", "distcc-gateway"])
def test_openrc_starts_restarts_and_stops_it(machine, service):
    assert "[ ok ]" in machine.run(f"/etc/init.d/{service} start")
    first = pid_of(machine, service)
    machine.run(f"kill -0 {first} && /etc/init.d/{service} status")
    machine.run(f"/etc/init.d/{service} restart")
    second = pid_of(machine, service)
    assert second != first
    machine.run(f"kill -0 {second} && {has_ended(first)}")
    started = time.monotonic()
    machine.run(f"/etc/init.d/{service} stop")
    # when stop returns, it has ended: no waiting here
    machine.run(has_ended(second))
    assert time.monotonic() - started < STOPPED_WITHIN_S
    machine.run(f"/etc/init.d/{service} status", rc=3)


def test_openrc_reloads_the_gateway_and_a_bad_list_is_said(machine):
    machine.run("/etc/init.d/distcc-gateway start")
    before = pid_of(machine, "distcc-gateway")
    machine.run("printf '%s\\n' 127.0.0.1/4 10.1.1.1/8 >/etc/distcc/gateway.hosts")
    assert "[ ok ]" in machine.run("/etc/init.d/distcc-gateway reload")
    # it has been told when reload returns, and tells when it has done it
    machine.run("for n in $(seq 600); do distcc-gateway --status | grep -q 10.1.1.1 && exit 0; sleep 0.1; done; exit 1")
    assert pid_of(machine, "distcc-gateway") == before
    machine.run("echo 127.0.0.1:none >/etc/distcc/gateway.hosts")
    said = machine.run("/etc/init.d/distcc-gateway reload", rc=None)
    assert "bad port" in said and "[ !! ]" in said
    machine.run("distcc-gateway --status | grep -q 10.1.1.1")


def test_openrc_does_not_start_a_gateway_with_a_bad_list(machine):
    machine.run("echo 127.0.0.1:none >/etc/distcc/gateway.hosts")
    said = machine.run("/etc/init.d/distcc-gateway start", rc=1)
    assert "bad port" in said


def test_the_server_of_openrc_has_its_user_its_log_and_its_list_of_compilers(machine):
    machine.run("echo 'DISTCCD_CMDLIST=/run/commands' >>/etc/conf.d/distccd; cp /etc/distcc/commands.allow.sh /tmp/x 2>/dev/null; "
                f"cat >/etc/distcc/commands.allow.sh <<'END_OF_FILE'\n{(peers.TOP / 'contrib/conf/commands.allow.sh').read_text()}\nEND_OF_FILE")
    machine.run("/etc/init.d/distccd start")
    assert machine.run(f"stat -c %U /proc/{pid_of(machine, 'distccd')} /var/log/distccd.log").split() == ["distcc", "distcc"]
    assert "/usr/bin/gcc" in machine.run("cat /run/commands").split()
    assert "DISTCC_CMDLIST=/run/commands" in machine.run(f"tr '\\0' '\\n' </proc/{pid_of(machine, 'distccd')}/environ")


# ------------------------------------------------------------------------- systemd

def unit(name):
    """{key: value} of [Service], with lines joined and the words of commands taken as systemd takes them."""
    text = (peers.TOP / "contrib" / name).read_text().replace("\\\n", " ")
    pairs = [line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#")]
    return {key: value.replace("/usr/bin/distcc", f"{peers.BUILD}/distcc") for key, value in pairs}


class Started(peers.Server):
    """What the unit's ExecStart starts, in a network of its own, for it takes the usual port; a service manager's
    variables are those given."""

    def __init__(self, base, name, **env):
        super().__init__(peers.SERVER, base / "server")
        self.command = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *shlex.split(unit(name)["ExecStart"])]
        self.env = peers.clean_env(TMPDIR=base / "server", **env)

    def wait_ready(self):
        table = pathlib.Path(f"/proc/{self.pid}/net/tcp")
        wait.until(lambda: f":{3632:04X} " in table.read_text(), "the server to listen on its port")


@pytest.mark.parametrize("settings,words", [
    ({"ALLOWEDNETS": "127.0.0.1 10.0.0.0/8", "LISTENER": "127.0.0.1", "JOBS": "3", "NICE": "5"},
     ["--listen", "127.0.0.1", "--jobs", "3", "--nice", "5", "--allow", "127.0.0.1", "--allow", "10.0.0.0/8"]),
    ({"ALLOWEDNETS": "127.0.0.1", "ZEROCONF": "true", "JOBS": ""}, ["--allow", "127.0.0.1", "--zeroconf"]),
])
def test_the_unit_of_the_server_turns_the_settings_of_3_4_into_options(base, settings, words):
    command = shlex.split(unit("systemd/distccd.service")["ExecStart"].replace(str(peers.SERVER), "echo"))
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=peers.clean_env(**settings))
    assert done.stdout.split() == ["--daemon", "--no-detach", "--log-stderr", *words]


def test_the_unit_starts_a_server_that_stops_at_once(base):
    with Started(base, "systemd/distccd.service", ALLOWEDNETS="127.0.0.1", LISTENER="127.0.0.1") as server:
        started = time.monotonic()
        assert server.stop(signal.SIGTERM) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        assert time.monotonic() - started < STOPPED_WITHIN_S
