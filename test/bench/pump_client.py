#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a build through the gateway costs the machine where it runs, in pump mode and in plain mode.

    test/bench/pump_client.py [--units N] [--packages NAME]

The farm is a distccd on this machine whose CPU time is not counted; counted is what `make`, the clients, their preprocessors,
the include server and the gateway use. --packages takes units of a package from Debian (git, coreutils, bullet; fetched and
built once) instead of generated ones.
"""

import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "test" / "e2e"))
from lib import packages, peers  # noqa: E402  pylint: disable=wrong-import-position
from lib.pump import PUMP  # noqa: E402  pylint: disable=wrong-import-position
from test_pump_builds import Build, generate  # noqa: E402  pylint: disable=wrong-import-position


def children_s():
    """CPU seconds of all children that have ended and were waited for, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def process_s(pid):
    """CPU seconds of a running process and of its children that have ended."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def measure(build, front, directory, is_pump):
    """CPU seconds of the client's machine for all units, and of that the gateway's."""
    env = peers.clean_env(DISTCC_HOSTS=f"unix:{front.path}", DISTCC_FALLBACK="0", DISTCC_DIR=directory / "state", HOME="/nonexistent",
                          TMPDIR=directory, DISTCC_LOCATION=peers.BUILD, DISTCC_LOG=directory / f"log{is_pump}", DISTCC_VERBOSE="1")
    # `time` waits for all that it has started, the include server too when that is its descendant: pump waits for its end
    before, gateway_before = children_s(), gateway_s(front)
    build.run([str(peers.CLIENT)], env, prefix=[sys.executable, str(pathlib.Path(__file__).parent / "reaper.py"), *([PUMP] if is_pump else [])])
    in_gateway = gateway_s(front) - gateway_before
    return children_s() - before + in_gateway, in_gateway


def gateway_s(front):
    """Of both its processes."""
    pids = [front.process.pid, *map(int, subprocess.run(["ps", "-o", "pid=", "--ppid", str(front.process.pid)], capture_output=True, text=True,
                                                         check=False).stdout.split())]
    return sum(process_s(pid) for pid in pids)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--packages", metavar="NAME")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        directory.chmod(0o755)      # servers give up root
        if options.packages:
            cache = pathlib.Path(os.environ.get("DISTCC_TEST_PACKAGES", "/var/tmp/distcc-test-packages"))
            cache.mkdir(parents=True, exist_ok=True)
            commands = packages.compile_commands(options.packages, cache)
        else:
            commands = generate(directory / "project")
        build = Build(directory, commands[:options.units])
        (directory / "state").mkdir()
        with peers.our_server(directory / "server", jobs=4) as server, peers.Gateway(directory / "gateway", [f"{server.host}/4,cpp,lzo"]) as front:
            front.wait_ready()
            measure(build, front, directory, False)      # files are in the page cache, compilers are known
            plain, plain_gateway = measure(build, front, directory, False)
            pumped, pump_gateway = measure(build, front, directory, True)
        log = (directory / "logTrue").read_text()
        n = len(build.commands)
        print(f"{n} units; in pump mode {n - log.count('mode=plain')}")
        for what, total, gateway in (("plain", plain, plain_gateway), ("pump", pumped, pump_gateway)):
            print(f"{what:6} {1e3 * total / n:8.2f} ms CPU a unit on the client's machine, {1e3 * gateway / n:.2f} of it the gateway")
        print(f"pump / plain: {pumped / plain:.2f}")


if __name__ == "__main__":
    main()
