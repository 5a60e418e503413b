# SPDX-License-Identifier: GPL-2.0-or-later
"""A network namespace with two networks, a D-Bus and an avahi-daemon of its own."""

import shlex
import subprocess

from lib import peers, wait

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/>
</policy></busconfig>
"""

AVAHI = """[server]
host-name=testhost
allow-interfaces=net0,net1
enable-dbus=yes
ratelimit-interval-usec=0
ratelimit-burst=0
"""

NETWORKS = """
set -e
mount -t tmpfs none /run/avahi-daemon
ip link set lo up
for n in 0 1; do
    ip link add net$n type veth peer name far$n
    ip link set far$n up
    ip link set net$n multicast on up
    ip addr add 10.77.$n.1/24 dev net$n
    ip -6 addr add fd00:77:$n::1/64 dev net$n nodad || true
done
echo up >&2
exec sleep 100000
"""


class Place(peers.Daemon):
    """The namespace; `prefix` runs a command in it, `env` names its bus."""

    def __init__(self, base):
        super().__init__(["unshare", "-n", "-m", "--propagation", "private", "sh", "-c", NETWORKS], env=peers.clean_env())
        self.base = base
        self.bus = base / "bus"
        self.env_bus = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.bus}"}

    def wait_ready(self):
        self.wait_log("up")

    @property
    def prefix(self):
        return ["nsenter", "-t", str(self.pid), "-n", "-m", "--wd=.", "--"]

    def daemon(self, command, ready):
        """A program in here whose log says `ready`."""
        started = peers.Daemon([*self.prefix, *command], env=peers.clean_env(**self.env_bus))
        started.wait_ready = lambda: started.wait_log(ready)
        return started

    def dbus(self):
        (self.base / "bus.conf").write_text(BUS.format(path=self.bus))
        started = peers.Daemon([*self.prefix, "dbus-daemon", f"--config-file={self.base}/bus.conf", "--nofork"], env=peers.clean_env())
        started.wait_ready = lambda: wait.until(self.bus.exists, "the bus")
        return started

    def avahi(self):
        (self.base / "avahi.conf").write_text(AVAHI)
        return self.daemon(["avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "-f", self.base / "avahi.conf"],
                           "Server startup complete")

    def publish(self, name, port, *txt):
        return self.daemon(["avahi-publish", "-s", f"distcc@{name}", "_distcc._tcp", str(port), *txt], "Established under name")


    def server(self, program, tmp, extra=()):
        """A distccd that listens on all addresses in here."""
        started = peers.Server(program, tmp, jobs=3, extra=extra, env=self.env_bus)
        started.command = [str(word) for word in (*self.prefix, *started.command)]
        started.command[started.command.index("--listen") + 1] = "0.0.0.0"
        started.command[started.command.index("--allow") + 1] = "10.77.0.0/16"
        started.wait_ready = lambda: started.wait_log("allowing up to")
        return started

    def browse(self, kind="_distcc._tcp"):
        """What avahi-browse sees: the records of each sighting, by port."""
        done = subprocess.run([*self.prefix, "avahi-browse", "--resolve", "--terminate", "--parsable", kind], capture_output=True, text=True,
                              env=peers.clean_env(**self.env_bus), check=True)
        sightings = [line.split(";") for line in done.stdout.splitlines() if line.startswith("=")]
        return {int(fields[8]): set(shlex.split(fields[9])) for fields in sightings}
