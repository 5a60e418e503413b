# SPDX-License-Identifier: GPL-2.0-or-later
"""contrib/distcc-config manages what Gentoo's script of that name manages, in the same files."""

import subprocess

import pytest

from lib import peers

SCRIPT = peers.TOP / "contrib" / "distcc-config"


@pytest.fixture(params=[["sh"], ["busybox", "ash"]], ids=["sh", "ash"])
def config(request, tmp_path):
    """run(words...) -> what it says, on a root of its own."""
    bin_dir = tmp_path / "usr/bin"
    bin_dir.mkdir(parents=True)
    triplet = subprocess.run(["gcc", "-dumpmachine"], capture_output=True, text=True, check=True).stdout.strip()
    for name in ("gcc", "g++", "cc", "distcc", f"{triplet}-gcc", f"{triplet}-gcc-12"):
        (bin_dir / name).touch()

    def run(*words, rc=0, **env):
        done = subprocess.run([*request.param, SCRIPT, *words], capture_output=True, text=True, check=False,
                              env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "ROOT": str(tmp_path), **env})
        assert done.returncode == rc, done.stderr
        return done.stdout
    run.root = tmp_path
    run.triplet = triplet
    return run


def test_hosts_are_set_and_told(config):
    config("--set-hosts", "unix:/run/distcc-gw/socket build7/8,lzo")
    assert (config.root / "etc/distcc/hosts").read_text() == "unix:/run/distcc-gw/socket build7/8,lzo\n"
    assert config("--get-hosts") == "unix:/run/distcc-gw/socket build7/8,lzo\n"
    assert config("--get-hosts", DISTCC_HOSTS="other") == "other\n"


def test_variables_are_kept_in_env_d(config):
    config("--set-env", "DISTCC_FALLBACK", "0")
    config("--set-verbose", "1")
    config("--set-verbose", "0")
    config("--set-log", "/var/log/distcc.log")
    assert (config.root / "etc/env.d/02distcc").read_text().splitlines() == [
        'DISTCC_FALLBACK="0"', 'DISTCC_VERBOSE="0"', 'DISTCC_LOG="/var/log/distcc.log"']
    assert config("--get-env", "DISTCC_FALLBACK") == "0\n"
    assert config("--get-verbose") == "0\n"
    assert config("--get-log") == "/var/log/distcc.log\n"


@pytest.mark.parametrize("words", [["--set-env", "PATH", "x"], ["--set-env", "DISTCC_LOG", "a\"b"], ["--set-hosts"], [], ["--what"]])
def test_nonsense_changes_nothing(config, words):
    config(*words, rc=1)
    assert not (config.root / "etc").exists()


def test_links_are_made_for_compilers_that_exist_and_old_ones_go(config):
    links = config.root / "usr/lib/distcc"
    links.mkdir(parents=True)
    (links / "old-gcc").symlink_to("/usr/bin/distcc")
    config("--update-masquerade")
    assert {path.name for path in links.iterdir()} == {"gcc", "g++", "cc", f"{config.triplet}-gcc", f"{config.triplet}-gcc-12"}
    assert all(str(path.readlink()) == "/usr/bin/distcc" for path in links.iterdir())
    config("--update-masquerade-with-crossdev")
    assert {path.name for path in links.iterdir()} == {f"{config.triplet}-gcc", f"{config.triplet}-gcc-12"}
