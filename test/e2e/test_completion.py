# SPDX-License-Identifier: GPL-2.0-or-later
"""Shells complete the options that the programs have."""

import shutil
import subprocess

import pytest

from lib import peers

COMPLETION = peers.TOP / "contrib" / "completion"
GATEWAY_OPTIONS = ["--pass-fds", "--pid-file"]


def environment():
    return {**peers.clean_env(), "PATH": f"{peers.BUILD}:/usr/bin:/bin", "HOME": "/dev/null"}


def complete_in_bash(line):
    script = f"""source {COMPLETION}/distcc.bash
        COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        compopt() {{ :; }}
        $(complete -p "${{COMP_WORDS[0]}}" | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, env=environment())
    assert done.stderr == ""
    return [word.rstrip("=") for word in done.stdout.split()]


def test_bash_completes_options_by_their_beginning():
    assert complete_in_bash("distcc-gateway --p") == GATEWAY_OPTIONS
    assert "--version" in complete_in_bash("distcc --v")


def test_bash_completes_compilers_for_distcc():
    assert "gcc" in complete_in_bash("distcc gc")


def test_fish_completes_options_by_their_beginning():
    done = subprocess.run(["fish", "--no-config", "-c", f"source {COMPLETION}/distcc.fish; complete -C 'distcc-gateway --p'"],
                          capture_output=True, text=True, check=True, env=environment())
    assert [line.split()[0] for line in done.stdout.splitlines()] == GATEWAY_OPTIONS


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is missing")
def test_zsh_can_read_its_completion():
    subprocess.run(["zsh", "-f", "-n", COMPLETION / "_distcc"], check=True, env=environment())
