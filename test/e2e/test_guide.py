# SPDX-License-Identifier: GPL-2.0-or-later
"""Types the guide: every command of doc/guide.txt, in order, in a machine of its own (mount and network
namespaces with an empty /run and /etc/distcc), and compares what is printed."""

import os
import re
import subprocess

import pytest

from lib import peers, wait

GUIDE = peers.TOP / "doc" / "guide.txt"
SETUP = """
mount --make-rprivate / && mount -t tmpfs none /run && mkdir -p /etc/distcc && mount -t tmpfs none /etc/distcc
ip link set lo up
"""


def steps(text):
    """[(command, [expected lines])] of an indented session."""
    found = []
    for line in text.splitlines():
        if line.startswith("   $ "):
            found.append((line[5:], []))
        elif line.startswith("   ") and found and found[-1] is not None:
            found[-1][1].append(line.strip())
        elif found:
            found.append(None)
    return [step for step in found if step]


def matches(printed, expected):
    """"..." stands for anything, also for lines; how many blanks there are does not matter."""
    def tidy(text):
        return "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
    wanted = ".*".join(re.escape(part) for part in tidy("\n".join(expected)).split("..."))
    # a line of its own that stands for lines may stand for none
    return re.fullmatch(wanted.replace("\\\n.*", "(\n.*)?").replace(".*\\\n", "(.*\n)?"), tidy(printed), re.DOTALL) is not None


class Shell:
    """One bash that is told command after command."""

    def __init__(self, place):
        self.process = subprocess.Popen(
            ["unshare", "-m", "-n", "bash", "--norc"], cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env={**peers.clean_env(), "HOME": str(place), "TMPDIR": str(place), "PATH": f"{peers.BUILD}:{os.environ['PATH']}"})

    def run(self, command):
        """(what it printed, its exit status)"""
        self.process.stdin.write(f"{command}\nprintf '\\n=== %d\\n' $?\n")
        self.process.stdin.flush()
        printed = []
        for line in self.process.stdout:
            if line.startswith("=== "):
                return "".join(printed), int(line[4:])
            printed.append(line)
        raise AssertionError(f"the shell ended at {command}:\n{''.join(printed)}")

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()


@pytest.fixture
def shell(base):
    place = base / "guide"
    place.mkdir()
    place.chmod(0o777)
    started = Shell(place)
    for line in SETUP.strip().splitlines():
        printed, status = started.run(line)
        assert status == 0, printed
    yield started
    # also where a step failed before the page's own end
    started.run("kill $(cat /run/distcc-gateway.pid distccd.pid) 2>/dev/null")
    started.end()


def test_the_guide_does_what_it_says(shell):
    done = steps(GUIDE.read_text(encoding="utf-8"))
    assert len(done) >= 20
    for command, expected in done:
        if command.startswith("grep "):     # a log has a line a moment after what it tells of; who types sees no moment
            wait.until(lambda: matches(shell.run(command)[0], expected), f"what the guide says of: {command}")
            continue
        printed, status = shell.run(command)
        assert matches(printed, expected), f"$ {command}\n{printed}\ninstead of\n" + "\n".join(expected)
        assert status == 0 or expected, f"$ {command}: exit status {status}"


@pytest.mark.parametrize("printed,expected,same", [
    ("a\nb\n", ["a", "b"], True), ("a\nb\n", ["a"], False), ("", [], True), ("x\n", [], False), ("a  1   b\n", ["a ... b"], True),
    ("1\n2\nend\n", ["...", "end"], True), ("end of all\n", ["end..."], True), ("an end\n", ["end"], False), ("[x]\n", ["[x]"], True),
])
def test_the_comparison_can_fail(printed, expected, same):
    assert matches(printed, expected) is same
