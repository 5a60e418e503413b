# SPDX-License-Identifier: GPL-2.0-or-later
"""What packagers of distcc 3.4 rely on: the files of `make install`, its variables, and scripts that
work where they are put."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess

import pytest

from lib import peers, wait

CONF = ["hosts", "clients.allow", "commands.allow.sh"]
DOCS = ["AUTHORS", "COPYING", "INSTALL", "NEWS", "README", "README.pump", "TODO", "protocol-1.txt", "protocol-2.txt",
        "protocol-3.txt", "protocol-3-impl.txt", "protocol-gssapi.txt", "reporting-bugs.txt", "status-1.txt"]
EXAMPLES = ["README", "default", "hosts.allow", "init", "logrotate", "services", "xinetd"]


def make(*words, check=True):
    # not the sanitizers' leak checker on the compilers' account: nothing is built here
    return subprocess.run(["make", "-C", peers.BUILD, "--no-print-directory", *words], capture_output=True, text=True,
                          timeout=120, check=check, env=peers.clean_env())


def files_below(directory):
    return {str(path.relative_to(directory)) for path in pathlib.Path(directory).rglob("*") if not path.is_dir()}


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The tree that `make install DESTDIR=` makes with prefix /usr."""
    root = tmp_path_factory.mktemp("image")
    make("install", f"DESTDIR={root}", "prefix=/usr", "sysconfdir=/etc")
    return root


@pytest.mark.parametrize("path", [
    "usr/bin/distcc", "usr/bin/distccd", "usr/bin/lsdistcc", "usr/bin/distccmon-text", "usr/bin/distcc-gateway",
    "usr/sbin/update-distcc-symlinks", "etc/default/distcc",
    *(f"etc/distcc/{name}" for name in CONF), *(f"usr/share/doc/distcc/{name}" for name in DOCS),
    *(f"usr/share/doc/distcc/example/{name}" for name in EXAMPLES),
    "usr/share/doc/distcc/guide.txt", "usr/share/doc/distcc/page.png",
    "usr/share/man/man1/distcc.1.gz", "usr/share/man/man1/distccd.1.gz", "usr/share/man/man1/distcc-gateway.1.gz",
])
def test_a_file_is_where_3_4_had_it(image, path):
    assert (image / path).stat().st_size > 0


def test_nothing_names_the_place_it_was_staged_in(image):
    found = subprocess.run(["grep", "-rl", str(image), image], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_the_default_host_list_is_this_machine(image):
    lines = (image / "etc/distcc/hosts").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == ["127.0.0.1"]


def test_what_an_administrator_has_changed_stays(tmp_path):
    for name in [*(f"distcc/{conf}" for conf in CONF), "default/distcc"]:
        path = tmp_path / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine\n")
    make("install-conf", f"DESTDIR={tmp_path}", "sysconfdir=/etc")
    assert {path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == {"mine\n"}


@pytest.mark.parametrize("gzip,suffix", [("gzip -n", ".gz"), ("false", "")])
def test_manual_pages_are_stored_as_asked(tmp_path, gzip, suffix):
    make("install-man", f"DESTDIR={tmp_path}", "mandir=/man", f"GZIP_BIN={gzip}")
    names = files_below(tmp_path)
    assert {f"man/man1/distcc.1{suffix}", f"man/man8/update-distcc-symlinks.8{suffix}"} <= names
    assert all(name.endswith((f".1{suffix}", f".8{suffix}")) for name in names)


def test_uninstall_takes_everything_but_the_configuration(tmp_path):
    place = [f"DESTDIR={tmp_path}", "prefix=/usr", "sysconfdir=/etc"]
    make("install", *place)
    make("uninstall", *place)
    assert files_below(tmp_path) == {"etc/default/distcc", *(f"etc/distcc/{name}" for name in CONF)}


@pytest.mark.parametrize("target", ["showpaths", "install-gnome-data", "install-example", "lzo-check", "single-test",
                                    "daemon-installcheck"])
def test_a_target_that_recipes_call_exists(tmp_path, target):
    make(target, f"DESTDIR={tmp_path}")


SWITCHES = ["--disable-Werror", "--enable-rfc2553", "--with-gtk", "--without-gnome", "--without-libiberty", "--with-included-popt",
            "--with-docdir=/x", "--disable-dependency-tracking", "INCLUDESERVER_PYTHON=/usr/bin/python3"]


def test_configure_takes_what_all_packagers_pass_and_says_what_has_become_of_the_gtk_monitor(tmp_path):
    said = subprocess.run([peers.TOP / "configure", *SWITCHES], cwd=tmp_path, env=peers.clean_env(), capture_output=True, text=True,
                          timeout=120, check=True).stderr
    assert "distccmon-gnome" in said
    assert "unrecognized options: --disable-dependency-tracking\n" in said


def test_the_command_list_of_a_start_script_names_real_compilers(image, tmp_path):
    cmdlist = tmp_path / "commands.allow"
    script = 'CMDLIST=$1; . "$2"; echo "$DISTCC_CMDLIST $DISTCC_CMDLIST_NUMWORDS"'
    done = subprocess.run(["sh", "-c", script, "sh", cmdlist, image / "etc/distcc/commands.allow.sh"], capture_output=True,
                          text=True, check=True)
    assert done.stdout == f"{cmdlist} 1\n"
    assert "/usr/bin/gcc" in cmdlist.read_text().splitlines()


def test_the_command_list_is_not_run_by_itself(image):
    done = subprocess.run(["sh", image / "etc/distcc/commands.allow.sh"], capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 1 and "CMDLIST" in done.stderr


def scripts():
    """Every shell script of the tree, by its first line."""
    found = []
    for path in sorted((peers.TOP).rglob("*")):
        relative = path.relative_to(peers.TOP)
        if path.is_file() and not path.is_symlink() and relative.parts[0] in ("contrib", "test", "pump", ".ci", "autogen.sh"):
            with open(path, "rb") as file:
                first = file.readline()
            if first.startswith(b"#!") and first.split(b"/")[-1].split()[0] in (b"sh", b"bash", b"openrc-run"):
                found.append(path)
    return found


@pytest.mark.parametrize("path", scripts(), ids=lambda path: str(path.relative_to(peers.TOP)))
def test_a_script_is_clean(path):
    shell = "bash" if path.read_bytes().startswith((b"#!/bin/bash", b"#!/usr/bin/env bash")) else "sh"
    done = subprocess.run(["shellcheck", "-s", shell, "-S", "warning", "-e", "SC2034,SC1090,SC1091", path],
                          capture_output=True, text=True, check=False)
    assert done.stdout == ""
    if shell == "sh":
        subprocess.run(["busybox", "ash", "-n", path], check=True)


@pytest.fixture(params=[["sh"], ["busybox", "ash"]], ids=["sh", "ash"])
def update_links(request, tmp_path):
    """run() -> what update-distcc-symlinks prints, on a root with compilers of the test's own."""
    for name in ("cc", "gcc", "g++", "clang", "distcc", "gcc-12", "riscv64-linux-gnu-gcc", "riscv64-linux-gnu-gcc-12", "c99-not-one"):
        path = tmp_path / "usr/bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    (tmp_path / "usr/bin/clang").chmod(0o644)
    (tmp_path / "usr/lib/gcc-cross/riscv64-linux-gnu/12").mkdir(parents=True)

    def run():
        return subprocess.run([*request.param, peers.TOP / "contrib/update-distcc-symlinks"], capture_output=True, text=True, check=True,
                              env={"PATH": "/usr/bin:/bin", "DESTDIR": str(tmp_path)}).stdout.split()
    run.links = tmp_path / "usr/lib/distcc"
    return run


def test_the_allowed_compilers_are_those_that_are_installed(update_links):
    names = ["cc", "g++", "gcc", "gcc-12", "riscv64-linux-gnu-gcc", "riscv64-linux-gnu-gcc-12"]
    assert sorted(update_links()) == names
    assert sorted(path.name for path in update_links.links.iterdir()) == names
    assert {str(path.readlink()) for path in update_links.links.iterdir()} == {"../../bin/distcc"}
    assert sorted(update_links()) == names, "a second run changes nothing"


def test_links_of_compilers_that_are_gone_are_removed_and_files_stay(update_links):
    update_links.links.mkdir(parents=True)
    (update_links.links / "gcc-3").symlink_to("../../bin/distcc")
    (update_links.links / "dangling").symlink_to("nowhere")
    (update_links.links / "notes").write_text("mine")
    (update_links.links / "bin").symlink_to(".")
    update_links()
    left = {path.name for path in update_links.links.iterdir()}
    assert "gcc-3" not in left and "dangling" not in left and {"notes", "gcc", "bin"} <= left


@pytest.fixture
def init(base, image):
    """run(action) -> what the SysV script says, in a mount namespace where the built server is installed
    and /run, /var/log and the settings are the test's own."""
    for name in ("run", "log"):
        (base / name).mkdir()
    script = image / "usr/share/doc/distcc/example/init"
    port = peers.free_port()
    settings = (image / "etc/default/distcc").read_text().replace('STARTDISTCC="false"', 'STARTDISTCC="true"')
    wrapper = base / "distccd"
    wrapper.write_text(f'#!/bin/sh\nexec {peers.SERVER} --port={port} "$@"\n')
    wrapper.chmod(0o755)
    (base / "default").write_text(settings)
    mounts = (f"mount --bind {base}/run /run && mount --bind {base}/log /var/log && mount --bind {base}/default /etc/default/distcc"
              f" && mount --bind {wrapper} /usr/bin/distccd && exec sh {script} \"$@\"")

    def run(action):
        return subprocess.run(["unshare", "-m", "sh", "-c", mounts, "sh", action], capture_output=True, text=True, timeout=60,
                              check=False, env={**peers.clean_env(), "DISTCC_TEST_ID": os.environ["DISTCC_TEST_ID"]})
    run.pidfile = base / "run" / "distccd.pid"
    run.port = port
    return run


def test_the_start_script_starts_and_its_stop_returns_when_the_server_has_ended(init):
    started = init("start")
    assert started.returncode == 0, started.stderr
    wait.until(lambda: init.pidfile.exists() and init.pidfile.read_text().strip(), "the pid file")
    pid = int(init.pidfile.read_text())
    wait.until(lambda: peers.can_connect(("127.0.0.1", init.port), socket.AF_INET), "the server to listen")
    try:
        assert init("status").returncode == 0
        stopped = init("stop")
        assert (stopped.returncode, stopped.stderr) == (0, "")
        assert not os.path.exists(f"/proc/{pid}")
        assert init("status").returncode == 3
    finally:
        if os.path.exists(f"/proc/{pid}"):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is missing")
@pytest.mark.parametrize("unit", ["distcc-gateway.service", "distcc-gateway.socket", "distccd.service", "distccd.socket"])
def test_a_unit_is_understood_by_systemd(image, tmp_path, unit):
    """With the programs that the unit names in their places."""
    place = tmp_path / "etc/systemd/system"
    place.mkdir(parents=True)
    for path in (peers.TOP / "contrib/systemd").glob("distcc*.*"):
        text = path.read_text().replace("/usr/bin/distcc", f"{image}/usr/bin/distcc")
        (place / path.name).write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", place / unit], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if unit in line or "distcc" in line]
    assert (complaints, done.returncode) == ([], 0), done.stderr
