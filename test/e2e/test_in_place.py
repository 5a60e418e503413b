# SPDX-License-Identifier: GPL-2.0-or-later
"""Replacing Debian's distcc 3.4 where it is, and going back: in a root of the test's own, with the settings, the
start script and the flags of 3.4, of which not a byte is edited."""

import subprocess

import pytest

from lib import peers, root

SETTINGS = {
    "/etc/default/distcc": 'STARTDISTCC="true"\nALLOWEDNETS="127.0.0.1 10.0.0.0/8"\nLISTENER="127.0.0.1"\nNICE="10"\nJOBS="3"\nZEROCONF="false"\n',
    "/etc/distcc/hosts": "# our farm\n127.0.0.1/3,lzo\n",
    "/etc/distcc/clients.allow": "127.0.0.1\n",
}
SOURCE = "#include <stdio.h>\\nint main(void) { return puts(\"hello\") < 0; }\\n"
COMPILE = "cd /tmp/place && rm -f *.o && DISTCC_FALLBACK=0 {client} gcc -O2 -c hello.c && cmp hello.o local/hello.o"


@pytest.fixture
def machine(stack, base):
    """A root with a machine that has been a user of Debian's packages for long, its files kept aside."""
    there = stack.enter_context(root.Root(base, peers.TOP, peers.BUILD, HOME="/tmp/home", LSAN_OPTIONS="detect_leaks=0"))
    for path, text in SETTINGS.items():
        there.run(f"mkdir -p {path.rsplit('/', 1)[0]}; cat >{path} <<'END'\n{text}END")
    there.run(f"mkdir -p /tmp/home /tmp/place/local /tmp/old; cd /tmp/place; printf '{SOURCE}' >hello.c; gcc -O2 -c hello.c -o local/hello.o")
    there.run("dpkg -L distcc | while read -r f; do [ -d \"$f\" ] && [ ! -L \"$f\" ] || echo \"$f\"; done | grep -v /share/doc/ | grep -v ^/usr/share/man "
              "| tar cf /tmp/old.tar -T - 2>/dev/null; tar xf /tmp/old.tar -C /tmp/old usr")
    there.run("rm -f /var/log/distccd.log; touch /var/log/distccd.log; chown distccd /var/log/distccd.log")
    yield there
    there.run("/etc/init.d/distcc stop", rc=None)


def files(machine):
    return machine.run("sha256sum /etc/default/distcc /etc/distcc/* /etc/init.d/distcc /etc/logrotate.d/distcc")


def compiled(machine):
    """How many jobs the server's log counts, when the last one is written."""
    return int(machine.run("grep -c COMPILE_OK /var/log/distccd.log || :"))


def compile_with(machine, client):
    before = compiled(machine)
    machine.run(COMPILE.format(client=client))
    machine.run(f"for n in $(seq 300); do [ $(grep -c COMPILE_OK /var/log/distccd.log) -le {before} ] || exit 0; sleep 0.1; done; exit 1")


def install(machine):
    machine.run(f"make -s -C {peers.BUILD} install prefix=/usr sysconfdir=/etc libdir=/usr/lib PYTHON= MAKEFLAGS= >/tmp/log 2>&1 || {{ cat /tmp/log; exit 1; }}")


def test_a_machine_of_3_4_is_upgraded_and_goes_back_with_nothing_to_edit(machine):
    machine.run("/etc/init.d/distcc start")
    compile_with(machine, "distcc")
    before = files(machine)
    assert "distcc 3.4 " in machine.run("distcc --version")

    install(machine)
    assert files(machine) == before
    ours = subprocess.run([peers.CLIENT, "--version"], capture_output=True, text=True, check=True).stdout
    assert machine.run("distcc --version") == ours and "distcc 3.4 " not in ours
    # the server of 3.4 still runs; then the old script starts the new one
    compile_with(machine, "distcc")
    machine.run("/etc/init.d/distcc restart")
    machine.run("cmp /proc/$(cat /var/run/distccd.pid)/exe /usr/bin/distccd")
    assert machine.run("stat -c %U /proc/$(cat /var/run/distccd.pid)").strip() == "distccd"
    for client in ("distcc", "/tmp/old/usr/bin/distcc"):
        compile_with(machine, client)

    # what 3.4 looks at is there, in the state that both clients have left
    assert machine.run("/tmp/old/usr/bin/distccmon-text") == machine.run("distccmon-text")
    assert machine.run("lsdistcc 127.0.0.1") == machine.run("/tmp/old/usr/bin/lsdistcc 127.0.0.1")
    names = set(machine.run("update-distcc-symlinks").split())
    assert {"gcc", "g++", "cc"} <= names and set(machine.run("ls /usr/lib/distcc").split()) >= names
    machine.run("cd /tmp/place && rm -f hello.o && PATH=/usr/lib/distcc:$PATH DISTCC_FALLBACK=0 gcc -O2 -c hello.c && cmp hello.o local/hello.o")
    machine.run("[ ! -x /usr/sbin/logrotate ] || /usr/sbin/logrotate -d /etc/logrotate.d/distcc")

    # and back: the old package's files over it
    machine.run("tar xf /tmp/old.tar -C / && cmp /usr/bin/distccd /tmp/old/usr/bin/distccd")
    assert files(machine) == before
    compile_with(machine, "distcc")
    machine.run("/etc/init.d/distcc restart")
    machine.run("cmp /proc/$(cat /var/run/distccd.pid)/exe /tmp/old/usr/bin/distccd")
    compile_with(machine, "distcc")
    machine.run("distccmon-text && lsdistcc 127.0.0.1 >/dev/null")


def test_the_start_script_of_this_tree_reads_the_same_settings(machine):
    install(machine)
    machine.run("cp /usr/share/doc/distcc/example/init /etc/init.d/distcc 2>/dev/null || cp /usr/local/share/doc/distcc/example/init /etc/init.d/distcc")
    machine.run("/etc/init.d/distcc start")
    command = machine.run("tr '\\0' ' ' </proc/$(cat /run/distccd.pid)/cmdline")
    assert "--allow 127.0.0.1 --allow 10.0.0.0/8" in command and "--jobs 3" in command and "--nice 10" in command
    compile_with(machine, "distcc")
