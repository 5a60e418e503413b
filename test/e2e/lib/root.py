# SPDX-License-Identifier: GPL-2.0-or-later
"""A root of a test's own: the machine's files below, changes in memory, a loopback network; gone at the end."""

import subprocess

from lib import peers

SETUP = """
set -eu
mount --make-rprivate /
ip link set lo up
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
if [ -n "$2" ]; then cp -a "$2/." "$1/upper"; fi
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
for name in proc dev sys; do mount --rbind /$name $name; done
mount -t tmpfs none run
mount -t tmpfs none tmp
base=$1
shift 2
for shared; do
	mkdir -p "$base/root/$shared"
	mount --rbind "$shared" "$base/root/$shared"
done
echo ready
exec chroot . /bin/sh
"""


class Root:
    """run() gives commands to one shell in the root. The directories `shared` are the machine's own there, /tmp and
    /run are empty, the rest is a copy. `over`: a directory of files laid over the machine's."""

    def __init__(self, tmp, *shared, over=None, **env):
        self.tmp = tmp / "mount"
        self.tmp.mkdir()
        self.command = ["unshare", "--mount", "--net", "sh", "-c", SETUP, "sh", self.tmp, over or "", *shared]
        self.env = peers.clean_env(**{"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **env})

    def __enter__(self):
        self.process = subprocess.Popen([str(word) for word in self.command], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        first = self.process.stdout.readline()
        assert first == "ready\n", first + self.process.stdout.read()
        return self

    def run(self, command, rc=0):
        """What it printed, on stdout and stderr; rc=None takes any exit status."""
        self.process.stdin.write(f"( {command}\n) </dev/null; printf '\\n=== %d\\n' $?\n")
        self.process.stdin.flush()
        printed = []
        for line in self.process.stdout:
            if line.startswith("=== "):
                said = "".join(printed)[:-1]
                assert rc is None or int(line[4:]) == rc, f"{command}: {line}{said}"
                return said
            printed.append(line)
        raise AssertionError(f"the shell ended at {command}:\n{''.join(printed)}")

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()
